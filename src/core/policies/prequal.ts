/**
 * Prequal: of the endpoints that were asked lately, the one with the least latency that is not hot; hot is one with more
 * requests under way than most. When all are hot, the one with the fewest under way.
 *
 * Nobody is asked over the network. An outcome with a report is an answer of its endpoint, and each pick asks `probes`
 * endpoints drawn uniformly. The answer is what the endpoint reported within the last second (requests under way from all its clients,
 * latency), corrected by what was sent since; where it reports nothing, what is known here. Up to 8 eligible
 * endpoints are all asked for each pick: the pool of answers must be smaller than the pool of endpoints to make sense.
 *
 * Source  Wydrowski, Kleinberg, Rumble and Archer, "Load is not what you should balance: Introducing Prequal", NSDI 2024,
 *         arXiv 2312.10172: pool of 16, 3 probes a query, age limit 1 s, hot above the 2^-0.25 quantile, reuse limit,
 *         removal of the oldest and the worst in turn. Asking without a network, weights and the penalty of failures are ours.
 * Cost    pick O(poolSize + probes); allocates nothing.
 * Order   equals are drawn: of cold ones with equal latency, those with fewer under way first.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Avoid, PolicyDefinition } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';
import { grownFloat64 } from '../load/grow.ts';
import { LatencyAtLoad } from '../load/latency-at-load.ts';
import { ProbePool } from '../load/probe-pool.ts';
import { RecentQuantile } from '../load/recent-quantile.ts';
import { ReportedLoad } from '../load/reported-load.ts';

const DEFAULT_POOL_SIZE = 16;
const DEFAULT_PROBES = 3;
const DEFAULT_HOT_ABOVE = 2 ** -0.25;
const MOST_PROBES = 16;

export const PrequalOptions = /* @__PURE__ */ (() =>
  z.strictObject({
    type: z.literal('prequal'),
    poolSize: z
      .int()
      .min(2)
      .max(64)
      .default(DEFAULT_POOL_SIZE)
      .describe('Answers kept, 2 to 64; never more than half of the endpoints.'),
    probes: z.int().min(1).max(MOST_PROBES).default(DEFAULT_PROBES).describe('Endpoints asked for each pick, 1 to 16.'),
    hotAbove: z
      .number()
      .min(0)
      .max(1)
      .default(DEFAULT_HOT_ABOVE)
      .describe('The quantile of requests under way above which an endpoint is hot; 0 goes by those alone.'),
  }))();
export type PrequalOptions = z.input<typeof PrequalOptions>;

/** Up to so many eligible endpoints are all asked for each pick, which costs no more than keeping answers. */
const ASK_ALL = 8;

/** An answer, and a report, that is older says nothing of now. */
const AGE_LIMIT_MS = 1000;

/** The quantile is over so many answers. */
const RECENT_ANSWERS = 128;

/** Of the reuse limit: how much faster answers may be used up than they come in. */
const DELTA = 1;

const REMOVED_PER_PICK = 1;

export const prequal: PolicyDefinition<'prequal', PrequalOptions> = {
  type: 'prequal',
  readsReports: true,
  create: (options, { rng, clock, inFlight }) => {
    const { poolSize = DEFAULT_POOL_SIZE, probes = DEFAULT_PROBES, hotAbove = DEFAULT_HOT_ABOVE } = options;
    const eligible = new EligibleSet();
    /** The time of this call; a clock read for each question would cost more than the answer. */
    const now = new Float64Array(1);
    const stopped = { now: () => now[0]! };
    const latency = new LatencyAtLoad(stopped);
    const reported = new ReportedLoad(stopped, AGE_LIMIT_MS);
    const pool = new ProbePool(Math.max(poolSize, ASK_ALL));
    const loads = new RecentQuantile(hotAbove, RECENT_ANSWERS);
    const drawn = new Int32Array(MOST_PROBES);
    let ofOthers = new Float64Array(16);

    /** The reuse limit of the paper; where answers leave faster than they come in, the pool is used up in one round. */
    function usesPerAnswer(limit: number): number {
      const gained = (1 - limit / eligible.count) * probes - REMOVED_PER_PICK;
      const uses = gained > 0 ? Math.min(limit, Math.max(1, (1 + DELTA) / gained)) : limit;
      const whole = Math.floor(uses);
      return whole < uses && rng.next() < uses - whole ? whole + 1 : whole;
    }

    function limitOf(): number {
      return eligible.count <= ASK_ALL ? ASK_ALL : Math.min(poolSize, eligible.count >> 1);
    }

    /** At the endpoint as a whole: ours, and of its other clients those that it reported. */
    function underWayAt(slot: number): number {
      return inFlight.of(slot) + (reported.inFlightOf(slot) >= 0 ? ofOthers[slot]! : 0);
    }

    function ask(slot: number, limit: number): void {
      const underWay = underWayAt(slot);
      const load = underWay / eligible.weightOf(slot);
      loads.add(load);
      const latencyMs = latency.of(slot, underWay, reported.latencyMsOf(slot));
      pool.add(slot, load, latencyMs, now[0]!, usesPerAnswer(limit), limit);
    }

    /** Floyd's draw of `probes` different ones. */
    function askSome(limit: number): void {
      const { slots, count } = eligible;
      for (let i = 0; i < probes && i < count; i++) {
        const highest = count - Math.min(probes, count) + i;
        let index = rng.below(highest + 1);
        for (let j = 0; j < i; j++) if (drawn[j] === index) index = highest;
        drawn[i] = index;
        ask(slots[index]!, limit);
      }
    }

    function askAll(limit: number): void {
      pool.clear();
      for (let i = 0; i < eligible.count; i++) ask(eligible.slots[i]!, limit);
    }

    /** Below 0: `a` is the better of two answers. */
    function compare(a: number, b: number, limitOfCold: number): number {
      const loadA = pool.loads[a]!;
      const loadB = pool.loads[b]!;
      const hot = loadA > limitOfCold;
      if (hot !== loadB > limitOfCold) return hot ? 1 : -1;
      const byLatency = pool.latencies[a]! - pool.latencies[b]!;
      if (hot) return loadA - loadB || byLatency;
      const after = loadA + 1 / eligible.weightOf(pool.slots[a]!) - (loadB + 1 / eligible.weightOf(pool.slots[b]!));
      return byLatency || after;
    }

    function best(avoid: Avoid | null, limitOfCold: number): number {
      let found = -1;
      let ties = 0;
      for (let at = 0; at < pool.count; at++) {
        if (avoid?.has(pool.slots[at]!)) continue;
        const order = found < 0 ? -1 : compare(at, found, limitOfCold);
        if (order > 0) continue;
        ties = order < 0 ? 1 : ties + 1;
        if (ties === 1 || rng.below(ties) === 0) found = at;
      }
      return found;
    }

    /** The less loaded of two that are drawn: of those asked, all are to be avoided. */
    function drawAnother(avoid: Avoid | null): number {
      const a = eligible.draw(rng, avoid);
      const b = eligible.draw(rng, avoid);
      if (a < 0) return a;
      return underWayAt(b) / eligible.weightOf(b) < underWayAt(a) / eligible.weightOf(a) ? b : a;
    }

    function pick(avoid: Avoid | null): number {
      if (eligible.count === 0) return -1;
      const limit = limitOf();
      const all = limit >= eligible.count;
      now[0] = clock.now();
      pool.removeOlder(now[0] - AGE_LIMIT_MS);
      if (all) askAll(limit);
      else askSome(limit);
      const limitOfCold = loads.value();
      const at = best(avoid, limitOfCold);
      if (at < 0) return drawAnother(avoid);
      const slot = pool.slots[at]!;
      pool.use(at, 1 / eligible.weightOf(slot));
      if (!all) pool.removeOne(limitOfCold);
      return slot;
    }

    function forget(slot: number): void {
      ofOthers = grownFloat64(ofOthers, slot);
      latency.forget(slot);
      reported.forget(slot);
    }

    return {
      update: (members) => {
        now[0] = clock.now();
        eligible.update(members, forget);
        pool.clear();
      },
      setEligible: (slot, value) => {
        if (eligible.set(slot, value) && !value) pool.remove(slot);
      },
      pick: (_request, avoid) => pick(avoid),
      save: () => {
        const [restorePool, restoreLoads] = [pool.save(), loads.save()];
        return () => {
          restorePool();
          restoreLoads();
        };
      },
      done: (slot, outcome) => {
        const { report } = outcome;
        now[0] = clock.now();
        reported.record(slot, report);
        // The request that carried the report was still under way.
        if (report !== undefined) ofOthers[slot] = Math.max(0, report.inFlight - 1 - inFlight.of(slot));
        latency.record(slot, underWayAt(slot), outcome);
        // Without a report it tells no more than asking would, and asking does not favour those that were picked.
        if (report !== undefined && eligible.has(slot)) ask(slot, limitOf());
      },
      explain: (slot) => {
        now[0] = clock.now();
        const underWay = underWayAt(slot);
        const hotFrom = loads.value();
        const latencyMs = latency.of(slot, underWay, reported.latencyMsOf(slot));
        const temperature = underWay / eligible.weightOf(slot) > hotFrom ? 'hot' : 'cold';
        // Before the first answers nobody is hot: there is no such number.
        return { underWay, latencyMs, ...(hotFrom < Number.POSITIVE_INFINITY && { hotAbove: hotFrom }), temperature };
      },
    };
  },
};

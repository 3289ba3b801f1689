/**
 * Weighted response time: an endpoint is drawn with a weight of the sum of all means − its own mean.
 *
 * The mean is that of the last 100 latencies; after 60 s without one it is multiplied by 1 + age / 60 s. An endpoint
 * without data has a mean of 1 s. Configured weights multiply; when every weight is 0, they alone decide. The rule is weak
 * on purpose of parity: of n endpoints, one that is k times slower than the rest still gets 1/(n − 1 + k) of the picks.
 *
 * Up to 64 members the weights are computed at each pick. Above, the sum of means is kept by events, ages are looked at a
 * few endpoints each pick, and a draw by configured weight is accepted with 1 − own mean / sum, which is the same
 * distribution.
 *
 * Source  Netflix Ribbon, WeightedResponseTimeRule; window, ages and the computation at the pick as in our design.
 * Cost    pick O(members) up to 64, then O(log n), O(n) when most are to be avoided; 800 bytes an endpoint; allocates
 *         nothing.
 * Order   none; every pick is drawn.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Endpoint } from '../kernel/endpoint.ts';
import type { Avoid, Policy, PolicyDefinition, PolicyDeps } from '../kernel/policy.ts';
import { Candidates, SCAN_LIMIT } from '../load/candidates.ts';
import { grownFloat64 } from '../load/grow.ts';
import { MeanLatency, NO_MEAN } from '../load/mean-latency.ts';
import { savedArrays } from '../load/saved.ts';
import { WeightTree } from '../load/weight-tree.ts';

export const WeightedResponseTimeOptions = /* @__PURE__ */ (() =>
  z.strictObject({ type: z.literal('weighted-response-time') }))();
export type WeightedResponseTimeOptions = z.input<typeof WeightedResponseTimeOptions>;

const WINDOW = 100;
const UNKNOWN_MS = 1000;
const AGED_AFTER_MS = 60_000;

/** Endpoints whose age is looked at again per pick: everyone is, at least every n/4 picks. */
const REREAD = 4;

/** In a pool of more than 64 of equal weights a draw is refused once in 65 at most. */
const DRAWS = 16;

export const weightedResponseTime: PolicyDefinition<'weighted-response-time', WeightedResponseTimeOptions> = {
  type: 'weighted-response-time',
  create: (_options, deps) => new WeightedResponseTime(deps),
};

class WeightedResponseTime implements Policy {
  readonly #deps: PolicyDeps;
  readonly #latency = new MeanLatency(WINDOW);
  /** Draws one by configured weight where there are many. */
  readonly #candidates: Candidates;
  #recordedAt = new Float64Array(0);
  /** Scratch: the mean of the candidate in the same place. */
  #means = new Float64Array(0);
  /** The means of the eligible, for their sum; kept above 64 members. */
  readonly #sums = new WeightTree();
  /** What the sum knows of each slot. */
  #counted = new Float64Array(0);
  #large = false;
  #reread = 0;

  constructor(deps: PolicyDeps) {
    this.#deps = deps;
    this.#candidates = new Candidates(1, deps.rng);
  }

  update(members: readonly Endpoint[]): void {
    this.#candidates.update(members, (slot) => this.#latency.forget(slot));
    this.#means = new Float64Array(members.length);
    const highest = members.reduce((max, { slot }) => Math.max(max, slot), 0);
    this.#recordedAt = grownFloat64(this.#recordedAt, highest);
    this.#large = members.length > SCAN_LIMIT;
    if (this.#large) {
      const nowMs = this.#deps.clock.now();
      this.#counted = new Float64Array(highest + 1);
      this.#sums.reset(highest + 1, (slot) => {
        this.#counted[slot] = this.#meanIfEligible(slot, nowMs);
        return this.#counted[slot]!;
      });
    }
  }

  setEligible(slot: number, eligible: boolean): void {
    if (this.#candidates.setEligible(slot, eligible) && this.#large) this.#count(slot, this.#deps.clock.now());
  }

  pick(_request: unknown, avoid: Avoid | null): number {
    const nowMs = this.#deps.clock.now();
    return this.#candidates.eligible.count <= SCAN_LIMIT
      ? this.#pickByScan(nowMs, avoid)
      : this.#pickByDraws(nowMs, avoid);
  }

  save(): () => void {
    const restore = [savedArrays(this.#counted), this.#sums.save()];
    const reread = this.#reread;
    return () => {
      for (const each of restore) each();
      this.#reread = reread;
    };
  }

  done(slot: number, outcome: { readonly ok: boolean; readonly latencyMs: number }): void {
    if (outcome.latencyMs < 0) return;
    this.#latency.record(slot, outcome);
    this.#recordedAt = grownFloat64(this.#recordedAt, slot);
    const nowMs = this.#deps.clock.now();
    this.#recordedAt[slot] = nowMs;
    if (this.#large && this.#candidates.eligible.isMember(slot)) this.#count(slot, nowMs);
  }

  explain(slot: number): Record<string, number | string> {
    const nowMs = this.#deps.clock.now();
    const { slots, count } = this.#candidates.eligible;
    const sum = slots.subarray(0, count).reduce((total, each) => total + this.#meanOf(each, nowMs), 0);
    const own = this.#meanOf(slot, nowMs);
    const configured = this.#candidates.eligible.weightOf(slot);
    return { meanMs: own, sumOfMeansMs: sum, configuredWeight: configured, weight: configured * (sum - own) };
  }

  /** Milliseconds, aged. */
  #meanOf(slot: number, nowMs: number): number {
    const mean = this.#latency.of(slot);
    if (mean === NO_MEAN) return UNKNOWN_MS;
    const ageMs = nowMs - this.#recordedAt[slot]!;
    return ageMs > AGED_AFTER_MS ? mean * (1 + ageMs / AGED_AFTER_MS) : mean;
  }

  #pickByScan(nowMs: number, avoid: Avoid | null): number {
    const { eligible } = this.#candidates;
    const means = this.#means;
    let sum = 0;
    for (let i = 0; i < eligible.count; i++) {
      means[i] = this.#meanOf(eligible.slots[i]!, nowMs);
      sum += means[i]!;
    }
    const total = this.#totalWeight(sum, avoid);
    return total > 0 ? this.#find(this.#deps.rng.next() * total, sum, avoid) : this.#drawByConfigured(avoid);
  }

  /** Of those that are not avoided: what a request has tried changes nobody's weight. */
  #totalWeight(sum: number, avoid: Avoid | null): number {
    const { slots, count } = this.#candidates.eligible;
    let total = 0;
    for (let i = 0; i < count; i++) if (!avoid?.has(slots[i]!)) total += this.#weightAt(i, sum);
    return total;
  }

  #find(point: number, sum: number, avoid: Avoid | null): number {
    const { slots, count } = this.#candidates.eligible;
    let rest = point;
    let last = -1;
    for (let i = 0; i < count; i++) {
      const weight = avoid?.has(slots[i]!) ? 0 : this.#weightAt(i, sum);
      if (weight === 0) continue;
      last = slots[i]!;
      if (rest < weight) return last;
      rest -= weight;
    }
    // Rounding may push a point past the end.
    return last;
  }

  #weightAt(place: number, sum: number): number {
    const { slots } = this.#candidates.eligible;
    // The sum was rounded: the difference may be a trifle below 0.
    return this.#candidates.eligible.weightOf(slots[place]!) * Math.max(0, sum - this.#means[place]!);
  }

  /** Among equal scores, one is drawn by weight. */
  #drawByConfigured(avoid: Avoid | null): number {
    return this.#candidates.least(avoid, noScore);
  }

  #pickByDraws(nowMs: number, avoid: Avoid | null): number {
    this.#countSomeAgain(nowMs);
    const sum = this.#sums.total;
    for (let draws = 0; draws < DRAWS; draws++) {
      this.#candidates.gather(avoid);
      if (this.#candidates.count !== 1) break;
      const slot = this.#candidates.slots[0]!;
      if (sum === 0 || this.#deps.rng.next() * sum >= this.#meanOf(slot, nowMs)) return slot;
    }
    return this.#pickByScan(nowMs, avoid);
  }

  #countSomeAgain(nowMs: number): void {
    const { slots, count } = this.#candidates.eligible;
    for (let i = 0; i < REREAD; i++) {
      this.#reread = this.#reread + 1 < count ? this.#reread + 1 : 0;
      this.#count(slots[this.#reread]!, nowMs);
    }
  }

  #count(slot: number, nowMs: number): void {
    const mean = this.#meanIfEligible(slot, nowMs);
    if (mean === this.#counted[slot]) return;
    this.#counted[slot] = mean;
    this.#sums.set(slot, mean);
  }

  #meanIfEligible(slot: number, nowMs: number): number {
    return this.#candidates.eligible.has(slot) ? this.#meanOf(slot, nowMs) : 0;
  }
}

function noScore(): number {
  return 0;
}

/** Rules that were tried on the way to `adaptive`, for `bench/policies.ts`: each is a load per endpoint, the least is picked. */
import type { PolicyDeps } from '../../src/core/kernel/policy.ts';
import { LeastLoaded } from '../../src/core/load/least-loaded.ts';
import type { PolicyUnderTest } from '../../src/core/testing/queue-simulation.ts';

/** What a rule knows of each slot; slots are below 128. */
interface Estimate {
  /** Any unit that is the same for all slots. */
  of(slot: number, nowMs: number): number;
  picked?(slot: number, nowMs: number): void;
  answered(slot: number, latencyMs: number, nowMs: number, inFlight: number): void;
}

const SLOTS = 128;
const FAILURE_MS = 1000;

function rule(create: () => Estimate, load: (estimate: number, inFlight: number) => number): PolicyUnderTest {
  return ({ rng, inFlight, clock }: PolicyDeps) => {
    const estimate = create();
    const least = new LeastLoaded((slot) => load(estimate.of(slot, clock.now()), inFlight.of(slot)), rng);
    return {
      update: (members) => least.update(members),
      setEligible: (slot, eligible) => least.setEligible(slot, eligible),
      pick: (_request, avoid) => {
        const slot = least.pick(avoid);
        if (slot >= 0) estimate.picked?.(slot, clock.now());
        return slot;
      },
      done: (slot, { ok, latencyMs }) => {
        estimate.answered(slot, ok ? latencyMs : Math.max(latencyMs, FAILURE_MS), clock.now(), inFlight.of(slot));
        least.changed(slot);
      },
    };
  };
}

const timesQueue = (estimate: number, inFlight: number) => estimate * (inFlight + 1);

function meanByTime(decayMs: number): Estimate {
  const means = new Float64Array(SLOTS).fill(1);
  const seenMs = new Float64Array(SLOTS).fill(Number.NEGATIVE_INFINITY);
  return {
    of: (slot) => means[slot]!,
    answered: (slot, latencyMs, nowMs) => {
      const kept = Math.exp((seenMs[slot]! - nowMs) / decayMs);
      means[slot] = means[slot]! * kept + latencyMs * (1 - kept);
      seenMs[slot] = nowMs;
    },
  };
}

function meanByCount(share: number): Estimate {
  const means = new Float64Array(SLOTS);
  return {
    of: (slot) => means[slot]! || 1,
    answered: (slot, latencyMs) => {
      means[slot] = means[slot]! === 0 ? latencyMs : means[slot]! + share * (latencyMs - means[slot]!);
    },
  };
}

interface Drawn {
  readonly decayMs: number;
  /** Answers that the pool's mean counts for. */
  readonly prior: number;
  /** Waiting so far counts before the answer is there: request-milliseconds under way per answer. */
  readonly underWay?: boolean;
}

/** A mean of latencies over time, drawn towards the pool's. */
function drawnMean({ decayMs, prior, underWay = false }: Drawn): Estimate {
  const sums = new Float64Array(SLOTS);
  const counts = new Float64Array(SLOTS);
  const seenMs = new Float64Array(SLOTS);
  const waiting = new Int32Array(SLOTS);
  const pool = { sum: 0, count: 0, seenMs: 0 };

  function fade(slot: number, nowMs: number): void {
    const passedMs = nowMs - seenMs[slot]!;
    const kept = Math.exp(-passedMs / decayMs);
    sums[slot] = sums[slot]! * kept + (underWay ? waiting[slot]! * passedMs : 0);
    counts[slot] = counts[slot]! * kept;
    seenMs[slot] = nowMs;
  }
  return {
    of: (slot, nowMs) => {
      const passedMs = nowMs - seenMs[slot]!;
      const kept = Math.exp(-passedMs / decayMs);
      const sum = sums[slot]! * kept + (underWay ? waiting[slot]! * passedMs : 0);
      const mean = pool.count === 0 ? 1 : pool.sum / pool.count;
      return (sum + prior * mean) / (counts[slot]! * kept + prior);
    },
    picked: (slot, nowMs) => {
      fade(slot, nowMs);
      waiting[slot]!++;
    },
    answered: (slot, latencyMs, nowMs) => {
      fade(slot, nowMs);
      waiting[slot]!--;
      if (!underWay) sums[slot]! += latencyMs;
      counts[slot]!++;
      const kept = Math.exp((pool.seenMs - nowMs) / decayMs);
      pool.sum = pool.sum * kept + latencyMs;
      pool.count = pool.count * kept + 1;
      pool.seenMs = nowMs;
    },
  };
}

interface Logarithms {
  readonly memory: number;
  readonly prior: number;
  /** Factors up to this are 1. */
  readonly noise: number;
  readonly poolMemory: number;
  /** A latency is divided by (in-flight + 4) to this power. Default 0. */
  readonly queuePower?: number;
}

/** As `adaptive`'s, but without fading: a factor against the pool from the logarithms of latencies. */
function logarithmicFactor({ memory, prior, noise, poolMemory, queuePower = 0 }: Logarithms): Estimate {
  const sums = new Float64Array(SLOTS);
  const counts = new Float64Array(SLOTS);
  const pool = { sum: 0, count: 0 };
  const poolMean = () => (pool.count === 0 ? 0 : pool.sum / pool.count);
  return {
    of: (slot) => {
      const factor = Math.exp((sums[slot]! + prior * poolMean()) / (counts[slot]! + prior) - poolMean());
      return factor > noise ? factor / noise : Math.min(1, factor * noise);
    },
    answered: (slot, latencyMs, _nowMs, inFlight) => {
      const sample = Math.log(latencyMs + 0.1) - queuePower * Math.log(inFlight + 4);
      sums[slot] = sums[slot]! * (1 - 1 / memory) + sample;
      counts[slot] = counts[slot]! * (1 - 1 / memory) + 1;
      pool.sum = pool.sum * (1 - 1 / poolMemory) + sample;
      pool.count = pool.count * (1 - 1 / poolMemory) + 1;
    },
  };
}

const logarithms = { memory: 10, prior: 2, noise: 1.6, poolMemory: 320 };
const added = (r: number, inFlight: number) => r * inFlight + Math.max(0, r * r - 1);

/** By what distinguishes them. */
export const triedRules: Readonly<Record<string, PolicyUnderTest>> = {
  'mean over 1 s × (n + 1)': rule(() => meanByTime(1000), timesQueue),
  'mean by count (α 0.1) × (n + 1)': rule(() => meanByCount(0.1), timesQueue),
  'drawn to pool, 1 s': rule(() => drawnMean({ decayMs: 1000, prior: 4 }), timesQueue),
  'drawn to pool, 0.3 s': rule(() => drawnMean({ decayMs: 300, prior: 4 }), timesQueue),
  'the same, age under way': rule(() => drawnMean({ decayMs: 300, prior: 4, underWay: true }), timesQueue),
  'logarithms × (n + 1)': rule(() => logarithmicFactor({ ...logarithms, noise: 1 }), timesQueue),
  squared: rule(
    () => logarithmicFactor({ ...logarithms, noise: 1 }),
    (r, n) => r * r * (n + 1),
  ),
  'squared beyond noise': rule(
    () => logarithmicFactor(logarithms),
    (r, n) => r * r * (n + 1),
  ),
  'r n + r² − 1, no noise band': rule(() => logarithmicFactor({ ...logarithms, noise: 1 }), added),
  'r n + r² − 1, pool follows at once': rule(() => logarithmicFactor({ ...logarithms, poolMemory: 40 }), added),
  'r n + r² − 1, latency / (n + 4)^¾': rule(() => logarithmicFactor({ ...logarithms, queuePower: 0.75 }), added),
};

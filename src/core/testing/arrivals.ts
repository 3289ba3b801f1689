/** When simulated requests arrive. Open loop: whatever the answers do, the next request comes. */
import type { Rng } from '../kernel/rng.ts';

/** Made once per run. Answers the time of the arrival after `nowMs`, in milliseconds; Infinity when none follows. */
export type Arrivals = (rng: Rng) => (nowMs: number) => number;

/** Independent arrivals, `perSecond` of them on average. */
export function poisson(perSecond: number): Arrivals {
  return (rng) => (nowMs) => nowMs + exponentialGapMs(perSecond, rng);
}

export interface Bursts {
  readonly restPerSecond: number;
  readonly burstPerSecond: number;
  /** A burst begins every `periodMs` and lasts `burstMs`. */
  readonly periodMs: number;
  readonly burstMs: number;
}

/** Independent arrivals at a rate that changes between rest and burst; a burst begins the run. */
export function bursts({ restPerSecond, burstPerSecond, periodMs, burstMs }: Bursts): Arrivals {
  return (rng) => (nowMs) => {
    let fromMs = nowMs;
    for (;;) {
      const inPeriod = fromMs % periodMs;
      const bursting = inPeriod < burstMs;
      const gapMs = exponentialGapMs(bursting ? burstPerSecond : restPerSecond, rng);
      const leftMs = (bursting ? burstMs : periodMs) - inPeriod;
      if (gapMs < leftMs) return fromMs + gapMs;
      // The wait for an arrival has no memory: at a change of rate it is drawn anew.
      fromMs = Math.floor(fromMs / periodMs) * periodMs + (bursting ? burstMs : periodMs);
    }
  };
}

/** Arrivals at given times in ascending order. */
export function script(timesMs: readonly number[]): Arrivals {
  return () => {
    let next = 0;
    return () => timesMs[next++] ?? Number.POSITIVE_INFINITY;
  };
}

function exponentialGapMs(perSecond: number, rng: Rng): number {
  return perSecond === 0 ? Number.POSITIVE_INFINITY : (-Math.log(1 - rng.next()) * 1000) / perSecond;
}

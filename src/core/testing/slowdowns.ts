/** How much longer than its service time a simulated endpoint takes; 1 is undisturbed, 6 takes six times as long. */
import type { Rng } from '../kernel/rng.ts';

/** Made once per endpoint and run. It is asked at times that never decrease. */
export type Slowdown = (rng: Rng) => (nowMs: number) => number;

/** How often neighbours on the same machine disturb an endpoint, and how much. */
export interface Antagonists {
  /** Default 2000. */
  readonly windowMs?: number;
  /** Of the windows that are disturbed, 0..1. Default 0.15. */
  readonly share?: number;
  /** In a disturbed window. Default 6. */
  readonly slowdown?: number;
}

/** Neighbours on the same machine that come and go: each window of time is disturbed or not, independently. */
export function antagonists({ windowMs = 2000, share = 0.15, slowdown = 6 }: Antagonists = {}): Slowdown {
  return (rng) => {
    let drawn = 0;
    let current = 1;
    return (nowMs) => {
      for (; drawn * windowMs <= nowMs; drawn++) current = rng.next() < share ? slowdown : 1;
      return current;
    };
  };
}

/** Cold caches: `slowdown` at `startMs`, falling in a straight line to 1 within `forMs`. */
export function coldStart(startMs: number, forMs: number, slowdown: number): Slowdown {
  return () => (nowMs) => 1 + (slowdown - 1) * Math.max(0, 1 - Math.max(0, nowMs - startMs) / forMs);
}

/** Undisturbed but from `fromMs` to `toMs`. */
export function slowBetween(fromMs: number, toMs: number, slowdown: number): Slowdown {
  return () => (nowMs) => (nowMs >= fromMs && nowMs < toMs ? slowdown : 1);
}

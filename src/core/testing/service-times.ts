/** How long simulated requests are served by an endpoint that is not slowed, without the wait before. */
import type { Rng } from '../kernel/rng.ts';

/** Draws one service time in milliseconds. */
export type ServiceTime = (rng: Rng) => number;

/** Always `ms`. */
export function fixedTime(ms: number): ServiceTime {
  return () => ms;
}

/** Without memory: most are short, few long; `meanMs` > 0. */
export function exponential(meanMs: number): ServiceTime {
  return (rng) => -Math.log(1 - rng.next()) * meanMs;
}

/** `longMs` with a chance of `longShare`, else `shortMs`. */
export function bimodal(shortMs: number, longMs: number, longShare: number): ServiceTime {
  return (rng) => (rng.next() < longShare ? longMs : shortMs);
}

/**
 * Bounded Pareto: many short, few very long. Between `leastMs` and `mostMs`; a lower `shape` has a heavier tail, 1.1 to 2
 * are usual for sizes of files and requests.
 */
export function pareto(leastMs: number, mostMs: number, shape: number): ServiceTime {
  const cut = 1 - (leastMs / mostMs) ** shape;
  return (rng) => leastMs / (1 - rng.next() * cut) ** (1 / shape);
}

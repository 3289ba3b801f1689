import type { Clock } from '../../core/kernel/clock.ts';
import { createRng, type Rng } from '../../core/kernel/rng.ts';

/** What a program gets that passes neither clock nor chance. Only what Node, Bun and browsers all have. */
export const systemClock: Clock = { now: () => performance.now() };

/** Seeded anew from the system's entropy. */
export function systemRng(): Rng {
  return createRng(crypto.getRandomValues(new Uint32Array(1))[0]!);
}

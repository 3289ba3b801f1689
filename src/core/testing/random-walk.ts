import fc from 'fast-check';
import type { Rng } from '../kernel/rng.ts';
import { seededRng } from './rng.ts';

/**
 * Runs `walk` from many seeds: it takes `steps` random steps, drawn from `rng`, and throws at the first that breaks a promise.
 * A failure is reported with the seed and the fewest steps that show it. At most `seconds` (default 2) are spent.
 */
export function checkWalks(walk: (rng: Rng, steps: number) => void, walks = 1000, longest = 4000, seconds = 2): void {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: longest }), (seed, steps) => walk(seededRng(seed), steps)),
    { seed: 1, includeErrorInReport: true, numRuns: walks, interruptAfterTimeLimit: seconds * 1000 },
  );
}

import { EquipoiseError } from '../kernel/errors.ts';
import { createRng, type Rng } from '../kernel/rng.ts';

/** The library's generator; the same seed repeats the same draws. */
export const seededRng: (seed: number) => Rng = createRng;

/**
 * Answers with `draws` in turn: `next()` gives the number itself (a fraction), `below()` too (an integer under its bound).
 * Throws `contract-broken` when the script is over or a draw is out of range: the code under test draws otherwise
 * than the test says.
 */
export function scriptedRng(draws: readonly number[]): Rng {
  let at = 0;
  function draw(bound: number, call: string): number {
    const value = draws[at++];
    if (value === undefined) throw new EquipoiseError('contract-broken', `${call} is draw ${at} of ${draws.length}`);
    if (value < 0 || value >= bound) throw new EquipoiseError('contract-broken', `${call} cannot give ${value}`);
    return value;
  }
  return {
    next: () => draw(1, 'next()'),
    below: (bound) => draw(bound, `below(${bound})`),
  };
}

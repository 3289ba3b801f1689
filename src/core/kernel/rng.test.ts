import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from './rng.ts';

const DRAWS = 100_000;

describe('createRng', () => {
  test('a seed repeats its draws; another seed gives others', () => {
    const draws = (seed: number) => {
      const rng = createRng(seed);
      return Array.from({ length: 20 }, () => rng.next());
    };
    expect(draws(7)).toEqual(draws(7));
    expect(draws(7)).not.toEqual(draws(8));
    expect(new Set(draws(0)).size).toBe(20);
  });

  test('a seed means the same draws in every version: recorded traces depend on it', () => {
    const rng = createRng(12345);
    const draws = Array.from({ length: 4 }, () => [rng.next() * 2 ** 32, rng.below(1000), rng.below(2 ** 32)]);
    expect(draws).toEqual([
      [1093274547, 47, 3741353573],
      [3803725158, 972, 810247443],
      [1347789520, 940, 3729597786],
      [3845877672, 743, 2179381926],
    ]);
  });

  test('draws stay in range', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 31 }), (seed, bound) => {
        const rng = createRng(seed);
        for (let i = 0; i < 20; i++) {
          const fraction = rng.next();
          expect(fraction >= 0 && fraction < 1).toBe(true);
          const whole = rng.below(bound);
          expect(Number.isInteger(whole) && whole >= 0 && whole < bound).toBe(true);
        }
      }),
    );
  });

  test('next has mean 1/2 and variance 1/12', () => {
    const rng = createRng(1);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < DRAWS; i++) {
      const value = rng.next();
      sum += value;
      squares += (value - 0.5) ** 2;
    }
    // Standard errors of the two estimates: sqrt(1/12/N) and sqrt((1/80 − 1/144)/N). Five of them are allowed.
    expect(Math.abs(sum / DRAWS - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / DRAWS));
    expect(Math.abs(squares / DRAWS - 1 / 12)).toBeLessThan(5 * Math.sqrt((1 / 80 - 1 / 144) / DRAWS));
  });

  test.each([2, 3, 10, 64])('below(%i) gives every value its share', (bound) => {
    const rng = createRng(2);
    const counts = new Array<number>(bound).fill(0);
    for (let i = 0; i < DRAWS; i++) counts[rng.below(bound)]!++;
    // Chi-square with k = bound − 1 degrees of freedom: mean k, deviation sqrt(2k).
    const expected = DRAWS / bound;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const degrees = bound - 1;
    expect(chiSquare).toBeLessThan(degrees + 5 * Math.sqrt(2 * degrees) + 5);
  });

  test('consecutive draws do not follow one another', () => {
    const rng = createRng(3);
    let products = 0;
    let previous = rng.next() - 0.5;
    for (let i = 0; i < DRAWS; i++) {
      const value = rng.next() - 0.5;
      products += value * previous;
      previous = value;
    }
    // Independent draws: the mean product is 0 with a standard error of (1/12)/sqrt(N).
    expect(Math.abs(products / DRAWS)).toBeLessThan(5 / 12 / Math.sqrt(DRAWS));
  });
});

describe('save', () => {
  test('brings back what was drawn since', () => {
    const rng = createRng(5);
    rng.next();
    const restore = rng.save!();
    const drawn = [rng.next(), rng.below(1000), rng.next()];
    restore();
    expect([rng.next(), rng.below(1000), rng.next()]).toEqual(drawn);
    restore();
    expect(rng.next()).toBe(drawn[0]!);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WeightedPools } from './weighted-pools.ts';

function draw(weights: readonly number[], count: number): string {
  const pools = new WeightedPools(weights.map((weight, index) => ({ pool: String.fromCharCode(97 + index), weight })));
  return Array.from({ length: count }, () => {
    const peeked = pools.peek();
    expect(pools.next()).toBe(peeked);
    return peeked;
  }).join('');
}

describe('WeightedPools', () => {
  test.each([
    { why: 'one pool', weights: [3], want: 'aaa' },
    { why: 'equal weights take turns', weights: [1, 1, 1], want: 'abcabc' },
    { why: 'nginx’s example', weights: [5, 1, 1], want: 'aabacaa' },
    { why: 'fractions', weights: [0.5, 1.5], want: 'babbbabb' },
    { why: 'a weight of 0 gets nothing', weights: [0, 1], want: 'bbb' },
    { why: 'also at the end', weights: [1, 2, 0], want: 'babbab' },
  ])('$why', ({ weights, want }) => {
    expect(draw(weights, want.length)).toBe(want);
  });

  test('each round of the sum of the weights gives each pool its weight, and no pool waits longer than its share says', () => {
    const weights = fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 })
      .filter((all) => all.some((weight) => weight > 0));
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 3 }), (given, rounds) => {
        const total = given.reduce((sum, weight) => sum + weight, 0);
        const drawn = draw(given, rounds * total);
        for (const [index, weight] of given.entries()) {
          const name = String.fromCharCode(97 + index);
          let count = 0;
          for (const [draws, pool] of [...drawn].entries()) {
            if (pool === name) count++;
            // Never off its exact share by as much as the number of pools.
            expect(Math.abs(count - ((draws + 1) * weight) / total)).toBeLessThan(given.length);
            if ((draws + 1) % total === 0) expect(count).toBe(((draws + 1) / total) * weight);
          }
        }
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describePolicyContract,
  endpoints,
  fixedInFlight,
  pickRequest,
  policyDeps,
  scriptedRng,
  seededRng,
} from '../testing/index.ts';
import { p2c } from './p2c.ts';

const options = { type: 'p2c' } as const;
describePolicyContract('p2c', p2c.create, { options });

const request = pickRequest();
const nine = (...inFlight: number[]) => [...inFlight, ...new Array<number>(9 - inFlight.length).fill(50)];

function picked(
  inFlight: readonly number[],
  draws: readonly number[],
  weights: readonly number[] = [],
  avoided: readonly number[] = [],
) {
  const policy = p2c.create(options, policyDeps({ rng: scriptedRng(draws), inFlight: fixedInFlight(inFlight) }));
  policy.update(endpoints(inFlight.map((_, i) => ({ weight: weights[i] ?? 1 }))));
  return policy.pick(request, avoided.length > 0 ? new Set(avoided) : null);
}

describe('p2c', () => {
  test.each([
    { why: 'up to 8 are compared without a draw', inFlight: [5, 3, 4, 9, 9, 9, 9, 2], draws: [], want: 7 },
    { why: 'the lower of the pair', inFlight: nine(5, 3), draws: [0, 0], want: 1 },
    { why: 'whichever was drawn first', inFlight: nine(5, 3), draws: [1, 0], want: 1 },
    { why: 'the second draw skips the first', inFlight: nine(9, 1, 8), draws: [0, 1], want: 2 },
    { why: 'one outside the pair is not seen', inFlight: nine(9, 8, 0), draws: [0, 0], want: 1 },
    { why: 'a tie keeps the first drawn', inFlight: nine(4, 4), draws: [1, 0], want: 1 },
    { why: 'load is per weight', inFlight: nine(5, 3), draws: [0, 0], weights: [2, 1], want: 0 },
    {
      why: 'a tie of unequal weights is drawn by weight',
      inFlight: nine(0, 0),
      draws: [0, 0, 0.74],
      weights: [3, 1],
      want: 0,
    },
    { why: 'the same, the lighter one', inFlight: nine(0, 0), draws: [0, 0, 0.76], weights: [3, 1], want: 1 },
    {
      why: 'a pair with an avoided one is drawn again',
      inFlight: nine(0, 3, 2),
      draws: [0, 0, 1, 1],
      avoided: [0],
      want: 2,
    },
    { why: 'the same, the second of the pair', inFlight: nine(3, 0, 2), draws: [0, 0, 0, 1], avoided: [1], want: 2 },
    { why: 'a tie of few is drawn', inFlight: [4, 1, 1], draws: [0], want: 1 },
    { why: 'the same, the last', inFlight: [4, 1, 1], draws: [1], want: 2 },
    { why: 'a tie of few is drawn by weight', inFlight: [9, 6, 2], draws: [0.74], weights: [1, 3, 1], want: 1 },
    { why: 'the same, the last and lighter', inFlight: [9, 6, 2], draws: [0.76], weights: [1, 3, 1], want: 2 },
  ])('$why', ({ inFlight, draws, weights, avoided, want }) => {
    expect(picked(inFlight, draws, weights, avoided)).toBe(want);
  });

  test('all pairs are equally likely', () => {
    const size = 10;
    const policy = p2c.create(options, policyDeps({ inFlight: { of: (slot) => slot, total: () => 0 } }));
    policy.update(endpoints(size));
    const picks = 20_000;
    const counts = new Array<number>(size).fill(0);
    for (let i = 0; i < picks; i++) counts[policy.pick(request, null)]!++;
    // Slot s wins the pairs with the higher ones: size − 1 − s of size(size − 1)/2. Six binomial deviations.
    counts.forEach((count, slot) => {
      const mean = (picks * (size - 1 - slot)) / ((size * (size - 1)) / 2);
      expect(Math.abs(count - mean)).toBeLessThanOrEqual(6 * Math.sqrt(mean));
    });
  });

  test.each([{ size: 3 }, { size: 20 }])(
    'idle endpoints of weights 3:1:… are picked by weight ($size members)',
    ({ size }) => {
      const policy = p2c.create(options, policyDeps());
      policy.update(endpoints(Array.from({ length: size }, (_, i) => ({ weight: i === 0 ? 3 : 1 }))));
      const picks = 20_000;
      let heavy = 0;
      for (let i = 0; i < picks; i++) if (policy.pick(request, null) === 0) heavy++;
      // Few: by weight among all. Many: it is in 2/size of the pairs and wins 3 of 4.
      const mean = size === 3 ? (picks * 3) / 5 : (picks * 2 * 3) / (size * 4);
      expect(Math.abs(heavy - mean)).toBeLessThan(6 * Math.sqrt(mean));
    },
  );

  test('never takes the strictly busier of two, nor the busiest of many', () => {
    const loads = fc.uniqueArray(fc.nat({ max: 1000 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(loads, fc.integer(), (inFlight, seed) => {
        const policy = p2c.create(options, policyDeps({ rng: seededRng(seed), inFlight: fixedInFlight(inFlight) }));
        policy.update(endpoints(inFlight.length));
        for (let i = 0; i < 10; i++) expect(inFlight[policy.pick(request, null)]).toBeLessThan(Math.max(...inFlight));
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describePolicyContract,
  endpoints,
  pickRequest,
  policyDeps,
  scriptedRng,
  seededRng,
} from '../testing/index.ts';
import { weightedRandom } from './weighted-random.ts';

const options = { type: 'weighted-random' } as const;
describePolicyContract('weighted-random', weightedRandom.create, { options });

describe('weighted-random', () => {
  test.each([
    { why: 'the first quarter is the first of 1:3', down: [], avoided: [], draws: [0.24], want: 3 },
    { why: 'the rest is the second', down: [], avoided: [], draws: [0.26], want: 17 },
    { why: 'the ineligible have no part', down: [17], avoided: [], draws: [0.9], want: 3 },
    { why: 'an avoided one is drawn again', down: [], avoided: [17], draws: [0.9, 0.5, 0.1], want: 3 },
  ])('$why', ({ down, avoided, draws, want }) => {
    const policy = weightedRandom.create(options, policyDeps({ rng: scriptedRng(draws) }));
    policy.update(endpoints([{ slot: 3 }, { slot: 17, weight: 3 }]));
    for (const slot of down) policy.setEligible(slot, false);
    expect(policy.pick(pickRequest(), avoided.length > 0 ? new Set(avoided) : null)).toBe(want);
  });

  test('shares are the weights of the allowed, also when nearly all of the weight is avoided', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.integer(), fc.constantFrom(0, 10, 1e6), (given, seed, avoidedWeight) => {
        const policy = weightedRandom.create(options, policyDeps({ rng: seededRng(seed) }));
        const all = [...given, avoidedWeight, 0];
        policy.update(endpoints(all.map((weight) => ({ weight }))));
        const avoid = avoidedWeight > 0 ? new Set([given.length]) : null;
        const counts = all.map(() => 0);
        for (let i = 0; i < 2000; i++) counts[policy.pick(pickRequest(), avoid)]!++;
        const total = given.reduce((sum, weight) => sum + weight, 0);
        const want = all.map((weight, slot) => (slot < given.length ? (2000 * weight) / total : 0));
        // Binomial: deviation at most sqrt(mean); six of them, over 100 runs and 6 counts.
        counts.forEach((count, slot) => {
          expect(Math.abs(count - want[slot]!)).toBeLessThanOrEqual(6 * Math.sqrt(want[slot]!));
        });
      }),
    );
  });
});

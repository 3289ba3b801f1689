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
import { random } from './random.ts';

const options = { type: 'random' } as const;
describePolicyContract('random', random.create, { options });

describe('random', () => {
  test.each([
    { why: 'the draw is the place among the eligible', down: [], avoided: [], draws: [2], want: 90 },
    { why: 'the ineligible have no place', down: [3], avoided: [], draws: [0], want: 17 },
    { why: 'an avoided one is drawn again', down: [], avoided: [3], draws: [0, 0, 1], want: 17 },
  ])('$why', ({ down, avoided, draws, want }) => {
    const policy = random.create(options, policyDeps({ rng: scriptedRng(draws) }));
    policy.update(endpoints([{ slot: 3 }, { slot: 17 }, { slot: 90 }]));
    for (const slot of down) policy.setEligible(slot, false);
    expect(policy.pick(pickRequest(), avoided.length > 0 ? new Set(avoided) : null)).toBe(want);
  });

  test('the allowed are equally likely, however many are avoided', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 17 }), (seed, avoidedCount) => {
        const policy = random.create(options, policyDeps({ rng: seededRng(seed) }));
        policy.update(endpoints(20));
        const avoid = new Set(Array.from({ length: avoidedCount }, (_, slot) => slot));
        const counts = new Array<number>(20).fill(0);
        for (let i = 0; i < 2000; i++) counts[policy.pick(pickRequest(), avoid)]!++;
        // Binomial: deviation at most sqrt(mean); six of them, over 100 runs and 20 counts.
        const mean = 2000 / (20 - avoidedCount);
        counts.forEach((count, slot) => {
          if (avoid.has(slot)) expect(count).toBe(0);
          else expect(Math.abs(count - mean)).toBeLessThan(6 * Math.sqrt(mean));
        });
      }),
    );
  });
});

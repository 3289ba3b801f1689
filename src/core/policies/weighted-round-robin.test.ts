import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describePolicyContract, endpoints, pickRequest, policyDeps } from '../testing/index.ts';
import { weightedRoundRobin } from './weighted-round-robin.ts';

const options = { type: 'weighted-round-robin' } as const;
describePolicyContract('weighted-round-robin', weightedRoundRobin.create, { options });

const request = pickRequest();

function weighted(weights: readonly number[]) {
  const policy = weightedRoundRobin.create(options, policyDeps());
  policy.update(endpoints(weights.map((weight) => ({ weight }))));
  return policy;
}

describe('weighted-round-robin', () => {
  test.each([
    { why: "nginx's published sequence", weights: [5, 1, 1], want: 'aabacaa aabacaa' },
    { why: '3:1', weights: [3, 1], want: 'aaba aaba' },
    { why: '1:2:3', weights: [1, 2, 3], want: 'cbacbc cbacbc' },
    { why: 'equal weights are round robin', weights: [4, 4, 4], want: 'abc abc' },
    { why: 'fractions', weights: [0.75, 0.25], want: 'aaba aaba' },
  ])('$why', ({ weights, want }) => {
    const policy = weighted(weights);
    const letters = want.replaceAll(' ', '');
    const picked = [...letters].map(() => 'abc'[policy.pick(request, null)]).join('');
    expect(picked).toBe(letters);
  });

  test('40 picks at 3:1 are exactly 30 and 10', () => {
    const policy = weighted([3, 1]);
    const picked = Array.from({ length: 40 }, () => policy.pick(request, null));
    expect([0, 1].map((slot) => picked.filter((each) => each === slot).length)).toEqual([30, 10]);
  });

  test('after a heavy endpoint left, the light ones take turns at once', () => {
    const policy = weighted([1000, 1, 1]);
    for (let i = 0; i < 500; i++) policy.pick(request, null);
    policy.setEligible(0, false);
    const picked = Array.from({ length: 10 }, () => policy.pick(request, null));
    expect(picked.filter((slot) => slot === 1).length).toBeGreaterThanOrEqual(4);
    expect(picked.filter((slot) => slot === 2).length).toBeGreaterThanOrEqual(4);
  });

  test('a newcomer in a slot begins with a balance of its own', () => {
    const policy = weighted([3, 1]);
    expect([policy.pick(request, null), policy.pick(request, null)]).toEqual([0, 0]);
    policy.update(endpoints([{ id: 'newcomer', weight: 3 }, { weight: 1 }]));
    expect(policy.pick(request, null)).toBe(0);
  });

  test('verdicts about others do not take the turn of a light endpoint', () => {
    const policy = weighted([20, 1, 20]);
    let light = 0;
    for (let i = 0; i < 410; i++) {
      if (i % 10 === 0) policy.setEligible(2, i % 20 === 0);
      if (policy.pick(request, null) === 1) light++;
    }
    // Between 410/41 picks (all eligible) and 410/21 (without the third).
    expect(light).toBeGreaterThanOrEqual(9);
    expect(light).toBeLessThanOrEqual(20);
  });

  test('every prefix of the sequence is within the number of endpoints of its exact share', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(weights, (given) => {
        const policy = weighted(given);
        const total = given.reduce((sum, weight) => sum + weight, 0);
        const counts = given.map(() => 0);
        for (let picks = 1; picks <= 2 * total; picks++) {
          counts[policy.pick(request, null)]!++;
          given.forEach((weight, slot) => {
            expect(Math.abs(counts[slot]! - (picks * weight) / total)).toBeLessThan(given.length);
          });
        }
        expect(counts).toEqual(given.map((weight) => 2 * weight));
      }),
    );
  });
});

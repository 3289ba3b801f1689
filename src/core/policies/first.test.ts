import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InFlightCounts } from '../load/in-flight.ts';
import { describePolicyContract, endpoints, pickRequest, policyDeps } from '../testing/index.ts';
import { first } from './first.ts';

const options = { type: 'first' } as const;
describePolicyContract('first', first.create, { options, decidedBy: 'place' });

const request = pickRequest();

describe('first', () => {
  test.each([
    { why: 'the first of the list, whatever its slot and weight', down: [], avoided: null, want: 9 },
    { why: 'the next, when it is down', down: [9], avoided: null, want: 3 },
    { why: 'the next, when it is avoided', down: [], avoided: [9, 3], want: 17 },
    { why: 'nobody', down: [17], avoided: [9, 3], want: -1 },
  ])('$why', ({ down, avoided, want }) => {
    const policy = first.create(options, policyDeps());
    policy.update(endpoints([{ slot: 2, weight: 0 }, { slot: 9 }, { slot: 3, weight: 50 }, { slot: 17 }]));
    for (const slot of down) policy.setEligible(slot, false);
    expect(policy.pick(request, avoided && new Set(avoided))).toBe(want);
  });

  test('who returns has its place again', () => {
    const policy = first.create(options, policyDeps());
    policy.update(endpoints(3));
    policy.setEligible(0, false);
    policy.setEligible(0, true);
    expect(policy.pick(request, null)).toBe(0);
  });

  test('fills one to its limit before the next: nobody is busy behind one that has room', () => {
    const limits = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(limits, fc.nat({ max: 45 }), (most, requests) => {
        const inFlight = new InFlightCounts();
        const policy = first.create(options, policyDeps({ inFlight }));
        policy.update(endpoints(most.length));
        const full = { has: (slot: number) => inFlight.of(slot) >= most[slot]! };
        for (let i = 0; i < requests; i++) {
          const slot = policy.pick(request, full);
          if (slot >= 0) inFlight.start(slot);
        }
        let left = requests;
        for (const [slot, limit] of most.entries()) {
          expect(inFlight.of(slot)).toBe(Math.min(limit, left));
          left -= Math.min(limit, left);
        }
      }),
    );
  });
});

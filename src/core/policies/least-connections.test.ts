import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InFlightCounts } from '../load/in-flight.ts';
import {
  describePolicyContract,
  endpoints,
  fixedInFlight,
  pickRequest,
  policyDeps,
  seededRng,
} from '../testing/index.ts';
import { leastConnections } from './least-connections.ts';

const options = { type: 'least-connections' } as const;
describePolicyContract('least-connections', leastConnections.create, { options });

const request = pickRequest();
const outcome = { ok: true, latencyMs: 1 };

describe('least-connections', () => {
  test.each([
    { why: 'the fewest in flight', inFlight: [2, 1, 3], weights: [1, 1, 1], avoided: [], want: 1 },
    { why: 'per weight', inFlight: [2, 5, 2], weights: [1, 4, 1], avoided: [], want: 1 },
    { why: 'of the allowed', inFlight: [2, 1, 3], weights: [1, 1, 1], avoided: [1], want: 0 },
    { why: 'an idle one before a heavy one', inFlight: [1, 0, 1], weights: [100, 1, 1], avoided: [], want: 1 },
  ])('$why', ({ inFlight, weights, avoided, want }) => {
    const policy = leastConnections.create(options, policyDeps({ inFlight: fixedInFlight(inFlight) }));
    policy.update(endpoints(weights.map((weight) => ({ weight }))));
    expect(policy.pick(request, avoided.length > 0 ? new Set(avoided) : null)).toBe(want);
  });

  test.each([3, 100])('idle endpoints take turns in proportion to their weights (%i members)', (size) => {
    const policy = leastConnections.create(options, policyDeps());
    policy.update(endpoints(Array.from({ length: size }, (_, i) => ({ weight: i === 0 ? 3 : 1 }))));
    const counts = new Array<number>(size).fill(0);
    for (let i = 0; i < 10 * (size + 2); i++) counts[policy.pick(request, null)]!++;
    expect(Math.abs(counts[0]! - 30)).toBeLessThanOrEqual(1);
    for (const count of counts.slice(1)) expect(Math.abs(count - 10)).toBeLessThanOrEqual(1);
  });

  test('a newcomer is tried soon and does not take every tie until it has caught up', () => {
    const policy = leastConnections.create(options, policyDeps());
    policy.update(endpoints(3));
    for (let i = 0; i < 3000; i++) policy.pick(request, null);
    policy.update(endpoints(4));
    const picked = Array.from({ length: 12 }, () => policy.pick(request, null));
    expect(picked.filter((slot) => slot === 3).length).toBe(3);
  });

  test('in-flight counts converge to the weights', () => {
    const inFlight = new InFlightCounts();
    const policy = leastConnections.create(options, policyDeps({ inFlight }));
    policy.update(endpoints([{ weight: 1 }, { weight: 2 }, { weight: 5 }]));
    for (let i = 0; i < 80; i++) inFlight.start(policy.pick(request, null));
    expect([0, 1, 2].map((slot) => inFlight.of(slot))).toEqual([10, 20, 50]);
  });

  test.each([5, 64, 65, 200])('%i members: nobody with strictly more per weight is picked', (size) => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat()), { maxLength: 150 });
    const weights = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: size, maxLength: size });
    fc.assert(
      fc.property(steps, weights, fc.integer(), (given, weight, seed) => {
        const inFlight = new InFlightCounts();
        const policy = leastConnections.create(options, policyDeps({ rng: seededRng(seed), inFlight }));
        const members = endpoints(weight.map((each) => ({ weight: each })));
        policy.update(members);
        // Nobody is idle at the start, so that an outcome can make the least loaded one.
        const underWay = members.flatMap(({ slot }) => [slot, slot]);
        for (const slot of underWay) inFlight.start(slot);
        for (const { slot } of members) policy.done(slot, outcome);
        for (const [ends, which] of given) {
          if (ends && underWay.length > 0) {
            const [slot] = underWay.splice(which % underWay.length, 1);
            inFlight.finish(slot!);
            policy.done(slot!, outcome);
            continue;
          }
          const slot = policy.pick(request, null);
          const scores = members.map((each) => inFlight.of(each.slot) / each.weight);
          expect(scores[slot]).toBe(Math.min(...scores));
          inFlight.start(slot);
          underWay.push(slot);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('in a large pool counts that change underneath are noticed: risen before a pick, fallen within n/2 picks', () => {
    const size = 100;
    const counts = new Array<number>(size).fill(5);
    const policy = leastConnections.create(
      options,
      policyDeps({ inFlight: { of: (slot) => counts[slot]!, total: () => 0 } }),
    );
    policy.update(endpoints(size));
    counts.fill(9, 0, 60);
    expect(policy.pick(request, null)).toBeGreaterThanOrEqual(60);
    counts[7] = 1;
    const picked = Array.from({ length: size / 2 + 1 }, () => policy.pick(request, null));
    expect(picked).toContain(7);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describePolicyContract, endpoints, pickRequest, policyDeps } from '../testing/index.ts';
import { roundRobin } from './round-robin.ts';

describePolicyContract('round-robin', roundRobin.create, { options: { type: 'round-robin' } });

const request = pickRequest();
const make = (cursor?: Int32Array) =>
  roundRobin.create({ type: 'round-robin' }, policyDeps(cursor === undefined ? {} : { cursor }));

describe('round-robin', () => {
  test.each([
    {
      why: 'in the order of membership, again and again',
      slots: [3, 17, 90],
      down: [],
      avoided: [],
      want: [3, 17, 90, 3],
    },
    { why: 'weights are ignored', slots: [3, 17], down: [], avoided: [], want: [3, 17, 3, 17], weight: 9 },
    { why: 'the ineligible have no turn', slots: [3, 17, 90], down: [17], avoided: [], want: [3, 90, 3, 90] },
    {
      why: 'the avoided lose their turn to the next',
      slots: [3, 17, 90],
      down: [],
      avoided: [17],
      want: [3, 90, 3, 90],
    },
  ])('$why', ({ slots, down, avoided, want, weight = 1 }) => {
    const policy = make();
    policy.update(endpoints(slots.map((slot, i) => ({ slot, weight: i === 0 ? weight : 1 }))));
    for (const slot of down) policy.setEligible(slot, false);
    const avoid = avoided.length > 0 ? new Set(avoided) : null;
    expect(want.map(() => policy.pick(request, avoid))).toEqual(want);
  });

  test('workers that share a cursor take turns together, also where it wraps', () => {
    const cursor = new Int32Array([2 ** 31 - 3]);
    const workers = [make(cursor), make(cursor)];
    for (const worker of workers) worker.update(endpoints(4));
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 40; i++) counts[workers[i % 2]!.pick(request, null)]!++;
    expect(counts).toEqual([10, 10, 10, 10]);
  });

  test('an allowed one is found although other workers take the turns between', () => {
    const cursor = new Int32Array(1);
    const policy = make(cursor);
    policy.update(endpoints(2));
    const avoid = {
      has: (slot: number) => {
        cursor[0]!++;
        return slot === 0;
      },
    };
    expect([policy.pick(request, avoid), policy.pick(request, avoid)]).toEqual([1, 1]);
  });

  test('any n picks in a row reach n different endpoints', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat({ max: 200 }), (size, earlier) => {
        const policy = make();
        policy.update(endpoints(size));
        for (let i = 0; i < earlier; i++) policy.pick(request, null);
        const picked = Array.from({ length: size }, () => policy.pick(request, null));
        expect(new Set(picked).size).toBe(size);
      }),
    );
  });
});

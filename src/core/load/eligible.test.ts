import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpoints, scriptedRng, seededRng } from '../testing/index.ts';
import { EligibleSet } from './eligible.ts';

const listed = (set: EligibleSet) => [...set.slots.subarray(0, set.count)];

describe('EligibleSet', () => {
  test.each([
    { why: 'all start eligible, in order', flips: [], want: [9, 3, 17] },
    { why: 'the last leaves', flips: [[17, false]], want: [9, 3] },
    { why: 'the first leaves', flips: [[9, false]], want: [3, 17] },
    {
      why: 'one returns to its place',
      flips: [
        [9, false],
        [3, false],
        [3, true],
      ],
      want: [3, 17],
    },
    {
      why: 'saying it twice changes nothing',
      flips: [
        [3, false],
        [3, false],
        [3, true],
        [3, true],
      ],
      want: [9, 3, 17],
    },
    {
      why: 'strangers change nothing',
      flips: [
        [4, false],
        [4000, true],
      ],
      want: [9, 3, 17],
    },
  ] as { why: string; flips: [number, boolean][]; want: number[] }[])('$why', ({ flips, want }) => {
    const set = new EligibleSet();
    set.update(endpoints([{ slot: 9 }, { slot: 3 }, { slot: 17 }]));
    for (const [slot, eligible] of flips) set.set(slot, eligible);
    expect(listed(set)).toEqual(want);
  });

  test('an update keeps what was said of those that stay and reports the others', () => {
    const set = new EligibleSet();
    set.update(
      endpoints([
        { slot: 1, id: 'a' },
        { slot: 2, id: 'b' },
        { slot: 3, id: 'c' },
      ]),
    );
    for (const slot of [1, 2, 3]) set.set(slot, false);
    const joined: number[] = [];
    const next = [
      { slot: 3, id: 'x' },
      { slot: 1, id: 'a' },
      { slot: 7, id: 'b' },
      { slot: 8, id: 'y', weight: 0 },
    ];
    set.update(endpoints(next), (slot) => joined.push(slot));
    expect(listed(set)).toEqual([3, 7]);
    expect(joined).toEqual([3, 7, 8]);
  });

  test('weight 0 is a member but never eligible, until it has weight', () => {
    const set = new EligibleSet();
    set.update(endpoints([{ slot: 1, weight: 0 }]));
    expect([set.isMember(1), set.has(1), set.set(1, true), set.set(1, false)]).toEqual([true, false, false, false]);
    set.update(endpoints([{ slot: 1, weight: 2 }]));
    expect([set.has(1), set.set(1, true), set.has(1), set.weightOf(1)]).toEqual([false, true, true, 2]);
  });

  test('two members with one slot break the contract', () => {
    const twice = () =>
      new EligibleSet().update(
        endpoints([
          { slot: 1, id: 'a' },
          { slot: 1, id: 'b' },
        ]),
      );
    expect(twice).toThrow(/'a' and 'b' share slot 1/);
  });

  test('draws skip the avoided, by scan when draws do not meet an allowed one', () => {
    const set = new EligibleSet();
    set.update(endpoints(4));
    const only = (slot: number) => ({ has: (each: number) => each !== slot });
    expect(set.draw(scriptedRng([0, 3]), only(3))).toBe(3);
    // Eight vain draws, then one for the reservoir.
    expect(set.draw(scriptedRng([0, 0, 0, 0, 0, 0, 0, 0, 0]), only(2))).toBe(2);
    expect(set.draw(seededRng(1), { has: () => true })).toBe(-1);
    expect([set.hasAllowed(only(2)), set.hasAllowed({ has: () => true }), set.hasAllowed(null)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('any events leave the eligible members in the order of membership', () => {
    const events = fc.array(fc.tuple(fc.nat({ max: 40 }), fc.boolean()), { maxLength: 80 });
    const slots = fc.uniqueArray(fc.nat({ max: 40 }), { maxLength: 30 });
    fc.assert(
      fc.property(slots, events, (members, flips) => {
        const set = new EligibleSet();
        set.update(endpoints(members.map((slot) => ({ slot }))));
        const down = new Set<number>();
        for (const [slot, eligible] of flips) {
          set.set(slot, eligible);
          if (eligible) down.delete(slot);
          else down.add(slot);
        }
        expect(listed(set)).toEqual(members.filter((slot) => !down.has(slot)));
        for (const slot of members) expect(set.has(slot)).toBe(!down.has(slot));
      }),
    );
  });
});

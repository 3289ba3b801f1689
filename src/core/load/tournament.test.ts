import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Tournament } from './tournament.ts';

function tournamentOf(entries: readonly (readonly [slot: number, score: number, turn: number])[]): Tournament {
  const tournament = new Tournament();
  tournament.reset(Math.max(0, ...entries.map(([slot]) => slot)));
  for (const [slot, score, turn] of entries) tournament.set(slot, score, turn);
  return tournament;
}

describe('Tournament', () => {
  test.each([
    { why: 'nobody', entries: [], avoided: [], want: -1 },
    { why: 'a lone slot', entries: [[90, 5, 0]], avoided: [], want: 90 },
    {
      why: 'the least score',
      entries: [
        [3, 5, 0],
        [17, 4, 9],
        [90, 6, 0],
      ],
      avoided: [],
      want: 17,
    },
    {
      why: 'the least turn of equal scores',
      entries: [
        [3, 5, 2],
        [17, 5, 1],
        [90, 5, 3],
      ],
      avoided: [],
      want: 17,
    },
    {
      why: 'a slot set again',
      entries: [
        [3, 5, 0],
        [17, 6, 0],
        [3, 7, 0],
      ],
      avoided: [],
      want: 17,
    },
    {
      why: 'the best of the allowed',
      entries: [
        [3, 1, 0],
        [17, 2, 0],
        [90, 3, 0],
      ],
      avoided: [3, 17],
      want: 90,
    },
    {
      why: 'all avoided',
      entries: [
        [3, 1, 0],
        [17, 2, 0],
      ],
      avoided: [3, 17],
      want: -1,
    },
  ] as { why: string; entries: [number, number, number][]; avoided: number[]; want: number }[])(
    '$why',
    ({ entries, avoided, want }) => {
      const tournament = tournamentOf(entries);
      expect(tournament.firstAllowed({ has: (slot) => avoided.includes(slot) })).toBe(want);
      if (avoided.length === 0) expect(tournament.first()).toBe(want);
    },
  );

  test('agrees with sorting after any changes', () => {
    const change = fc.record({ slot: fc.nat({ max: 60 }), score: fc.nat({ max: 4 }), leaves: fc.boolean() });
    const avoided = fc.array(fc.nat({ max: 60 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 120 }), avoided, (changes, avoidedSlots) => {
        const tournament = tournamentOf([[60, 0, 0]]);
        tournament.remove(60);
        const entered = new Map<number, { slot: number; score: number; turn: number }>();
        changes.forEach(({ slot, score, leaves }, turn) => {
          if (leaves) tournament.remove(slot);
          else tournament.set(slot, score, turn);
          if (leaves) entered.delete(slot);
          else entered.set(slot, { slot, score, turn });
        });
        const sorted = [...entered.values()].sort((a, b) => a.score - b.score || a.turn - b.turn);
        expect(tournament.first()).toBe(sorted[0]?.slot ?? -1);
        const allowed = sorted.find(({ slot }) => !avoidedSlots.includes(slot));
        expect(tournament.firstAllowed({ has: (slot) => avoidedSlots.includes(slot) })).toBe(allowed?.slot ?? -1);
      }),
    );
  });
});

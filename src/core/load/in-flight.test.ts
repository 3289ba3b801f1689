import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InFlightCounts } from './in-flight.ts';

test('counts by slot, also for slots far apart', () => {
  const counts = new InFlightCounts();
  for (const slot of [3, 17, 90_000, 17]) counts.start(slot);
  counts.finish(3);
  expect([3, 17, 90_000, 0, 5_000_000].map((slot) => counts.of(slot))).toEqual([0, 2, 1, 0, 0]);
});

test('is always the difference of starts and finishes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 300 })), (slots) => {
      const counts = new InFlightCounts();
      const want = new Map<number, number>();
      for (const slot of slots) {
        const finishes = slot % 3 === 0 && (want.get(slot) ?? 0) > 0;
        if (finishes) counts.finish(slot);
        else counts.start(slot);
        want.set(slot, (want.get(slot) ?? 0) + (finishes ? -1 : 1));
      }
      for (const [slot, count] of want) expect(counts.of(slot)).toBe(count);
    }),
  );
});

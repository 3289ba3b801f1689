import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventHeap } from './event-heap.ts';

test('events come in the order of their times, equal times in the order of adding', () => {
  const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 300 });
  fc.assert(
    fc.property(times, fc.nat(), (first, removedBetween) => {
      const heap = new EventHeap();
      const model: { atMs: number; event: number }[] = [];
      const takeFirst = () => {
        const due = model.reduce((best, each) => (each.atMs < best.atMs ? each : best), model[0]!);
        model.splice(model.indexOf(due), 1);
        expect(heap.nextMs).toBe(due.atMs);
        expect(heap.remove()).toBe(due.event);
      };
      for (const [event, atMs] of first.entries()) {
        heap.add(atMs, event);
        model.push({ atMs, event });
        if (event % 3 === removedBetween % 3) takeFirst();
      }
      while (model.length > 0) takeFirst();
      expect([heap.nextMs, heap.remove()]).toEqual([Number.POSITIVE_INFINITY, -1]);
    }),
  );
});

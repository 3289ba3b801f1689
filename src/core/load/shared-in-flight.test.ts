import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSharedCounts, releaseWorker, SharedInFlight } from './shared-in-flight.ts';

const SLOTS = 4;

function workersOf(count: number) {
  const memory = createSharedCounts(SLOTS, count);
  return { memory, workers: Array.from({ length: count }, (_, index) => new SharedInFlight(memory, index)) };
}

describe('SharedInFlight', () => {
  test('what one worker counts, every worker reads', () => {
    const { workers } = workersOf(2);
    const [a, b] = workers as [SharedInFlight, SharedInFlight];
    expect(a.tryStart(3, 5, 9)).toBe(true);
    expect([b.of(3), b.requestsOf(3), b.ownRequestsOf(3), a.ownRequestsOf(3), b.total()]).toEqual([5, 1, 0, 1, 5]);
    a.finish(3, 5);
    expect([b.of(3), b.requestsOf(3), a.ownRequestsOf(3), b.total()]).toEqual([0, 0, 0, 0]);
  });

  test.each([2, 4])('a limit of 1 lets one of %i workers through', (count) => {
    const { workers } = workersOf(count);
    expect(workers.map((each) => each.tryStart(0, 1, 1))).toEqual(workers.map((_, index) => index === 0));
    workers[0]!.finish(0, 1);
    expect(workers.at(-1)!.tryStart(0, 1, 1)).toBe(true);
    expect(workers[0]!.requestsOf(0)).toBe(1);
  });

  test('a slot beyond the capacity is never counted', () => {
    const { workers } = workersOf(1);
    expect(workers[0]!.tryStart(SLOTS, 1, 9)).toBe(false);
    expect([workers[0]!.of(SLOTS), workers[0]!.requestsOf(SLOTS), workers[0]!.ownRequestsOf(SLOTS)]).toEqual([0, 0, 0]);
  });

  test('a dead worker leaves nothing behind, and its place is clean', () => {
    const { memory, workers } = workersOf(2);
    const [a, b] = workers as [SharedInFlight, SharedInFlight];
    for (const slot of [0, 0, 2]) a.tryStart(slot, 7, 9);
    b.tryStart(0, 1, 9);
    expect(releaseWorker(memory, 0)).toBe(3);
    expect([0, 1, 2, 3].map((slot) => [b.requestsOf(slot), b.of(slot)])).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const next = new SharedInFlight(memory, 0);
    expect([0, 1, 2, 3].map((slot) => next.ownRequestsOf(slot))).toEqual([0, 0, 0, 0]);
    expect(releaseWorker(memory, 0)).toBe(0);
  });

  test('never passes a limit, is never negative, and agrees with a model, whatever the workers do', () => {
    const step = fc.record({
      worker: fc.nat(2),
      slot: fc.nat(SLOTS - 1),
      cost: fc.integer({ min: 1, max: 9 }),
      do: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 3 }), (steps, limit) => {
        const { memory, workers } = workersOf(3);
        let underWay: { worker: number; slot: number; cost: number }[] = [];
        for (const { worker, slot, cost, do: what } of steps) {
          if (what === 0) {
            releaseWorker(memory, worker);
            underWay = underWay.filter((each) => each.worker !== worker);
          } else if (what < 6) {
            const free = underWay.filter((each) => each.slot === slot).length < limit;
            expect(workers[worker]!.tryStart(slot, cost, limit)).toBe(free);
            if (free) underWay.push({ worker, slot, cost });
          } else if (underWay.length > 0) {
            const [ended] = underWay.splice(what % underWay.length, 1);
            workers[ended!.worker]!.finish(ended!.slot, ended!.cost);
          }
          const here = underWay.filter((each) => each.slot === slot);
          expect(workers[0]!.requestsOf(slot)).toBe(here.length);
          expect(workers[1]!.of(slot)).toBe(here.reduce((sum, each) => sum + each.cost, 0));
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

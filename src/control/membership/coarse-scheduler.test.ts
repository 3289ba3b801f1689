import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fakeScheduler } from '../testing/fake-scheduler.ts';
import { createCoarseScheduler } from './coarse-scheduler.ts';

function setUp() {
  const time = fakeScheduler();
  const ran: [what: number, at: number][] = [];
  const coarse = createCoarseScheduler(time, time);
  const after = (ms: number, what = ms) => coarse.after(ms, () => ran.push([what, time.now()]));
  return { time, coarse, ran, after };
}

describe('createCoarseScheduler', () => {
  test('delays that end close together share a timer and keep their order', () => {
    const { time, ran, after } = setUp();
    for (const ms of [60_000, 59_970, 60_032]) after(ms);
    expect(time.pending).toBe(1);
    time.advance(60_100);
    expect(ran).toEqual([
      [60_000, 60_032],
      [59_970, 60_032],
      [60_032, 60_032],
    ]);
  });

  test('short delays are exact', () => {
    const { time, ran, after } = setUp();
    for (const ms of [0, 1, 399]) after(ms);
    time.advance(400);
    expect(ran).toEqual([
      [0, 0],
      [1, 1],
      [399, 399],
    ]);
  });

  test('never early, at most 2 % and 64 ms late', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), delays, (start, list) => {
        const { time, ran, after } = setUp();
        time.advance(start);
        for (const ms of list) after(ms);
        time.advance(200_000);
        expect(ran).toHaveLength(list.length);
        for (const [ms, at] of ran) {
          expect(at - start).toBeGreaterThanOrEqual(ms);
          expect(at - start - ms).toBeLessThanOrEqual(Math.min(64, ms / 50));
        }
      }),
    );
  });

  test('at most eight come at once', () => {
    const { time, ran, after } = setUp();
    for (let i = 0; i < 100; i++) after(10_000);
    time.advance(11_000);
    const times = [...new Set(ran.map(([, at]) => at))];
    // What finds every batch full comes on its own.
    const together = times.map((time) => (time === 10_000 ? 0 : ran.filter(([, at]) => at === time).length));
    expect(Math.max(...together)).toBe(8);
    expect(ran).toHaveLength(100);
  });

  test('a cancelled one does not run; the last of a batch takes the timer with it', () => {
    const { time, ran, after } = setUp();
    const first = after(10_000, 1);
    const second = after(10_000, 2);
    first.cancel();
    first.cancel();
    expect(time.pending).toBe(1);
    second.cancel();
    expect(time.pending).toBe(0);
    after(10_000, 3);
    second.cancel();
    time.advance(10_100);
    expect(ran.map(([what]) => what)).toEqual([3]);
  });

  test('one may cancel another of its batch, and arm anew', () => {
    const { time, coarse, ran, after } = setUp();
    coarse.after(10_000, () => {
      other.cancel();
      after(10_000, 2);
    });
    const other = after(10_000, 1);
    time.advance(30_000);
    expect(ran.map(([what]) => what)).toEqual([2]);
  });
});

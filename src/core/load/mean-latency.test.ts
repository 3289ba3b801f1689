import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAILURE_MS, MeanLatency, NO_MEAN } from './mean-latency.ts';

const ok = (latencyMs: number) => ({ ok: true, latencyMs });
const failed = (latencyMs: number) => ({ ok: false, latencyMs });

describe('MeanLatency', () => {
  test.each([
    { why: 'no data has no mean', outcomes: [], want: NO_MEAN },
    { why: 'one latency is the mean', outcomes: [ok(30)], want: 30 },
    { why: 'zero is a latency', outcomes: [ok(0)], want: 0 },
    { why: 'fewer than the window', outcomes: [ok(10), ok(20)], want: 15 },
    { why: 'the oldest leaves', outcomes: [ok(1000), ok(10), ok(20), ok(30)], want: 20 },
    { why: 'what rounding lost comes back', outcomes: [ok(1e17), ok(1), ok(1), ok(1), ok(1), ok(1)], want: 1 },
    { why: 'a fast failure counts as a slow answer', outcomes: [failed(1)], want: FAILURE_MS },
    { why: 'a slower failure counts in full', outcomes: [failed(9000)], want: 9000 },
    { why: '−1 says nothing', outcomes: [ok(8), ok(-1), failed(-1)], want: 8 },
  ])('$why', ({ outcomes, want }) => {
    const mean = new MeanLatency(3);
    for (const outcome of outcomes) mean.record(90, outcome);
    expect(mean.of(90)).toBe(want);
    expect(mean.of(89)).toBe(NO_MEAN);
  });

  test('forgets one slot only', () => {
    const mean = new MeanLatency(3);
    for (const slot of [3, 4, 5]) mean.record(slot, ok(slot));
    mean.forget(4);
    mean.forget(100_000);
    expect([3, 4, 5].map((slot) => mean.of(slot))).toEqual([3, NO_MEAN, 5]);
    mean.record(4, ok(7));
    expect(mean.of(4)).toBe(7);
  });

  test('is the mean of the last ones, whatever came before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }),
        (window, latencies) => {
          const mean = new MeanLatency(window);
          for (const latency of latencies) mean.record(0, ok(latency));
          const last = latencies.slice(-window);
          const want = last.reduce((sum, each) => sum + each, 0) / last.length;
          // A running sum over at most one window of values below 1e6 is off by less than 1e-6.
          expect(Math.abs(mean.of(0) - want)).toBeLessThan(1e-6);
        },
      ),
    );
  });
});

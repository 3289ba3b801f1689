import { describe, expect, test } from 'vitest';
import { fakeClock } from '../testing/index.ts';
import { LatencyAtLoad } from './latency-at-load.ts';

/** Samples are [latency, load]; a negative latency is a failure that took so long. */
function latencyOf(samples: readonly (readonly [number, number])[], clock = fakeClock()): LatencyAtLoad {
  const latency = new LatencyAtLoad(clock);
  latency.forget(3);
  for (const [latencyMs, load] of samples) {
    latency.record(3, load, { ok: latencyMs >= 0, latencyMs: Math.abs(latencyMs) });
  }
  return latency;
}

const same = (count: number, latencyMs: number, load = 0) => new Array<[number, number]>(count).fill([latencyMs, load]);

describe('LatencyAtLoad', () => {
  test.each([
    { why: 'the median, not the mean', samples: [...same(3, 10), [500, 0], [5, 0]], load: 0, want: 10 },
    {
      why: 'of two in the middle the upper',
      samples: [
        [10, 0],
        [20, 0],
      ],
      load: 0,
      want: 20,
    },
    { why: 'times the root of those under way', samples: same(3, 10, 8), load: 8, want: 30 },
    { why: 'of the nine at the nearest load', samples: [...same(7, 10, 5), ...same(9, 90, 8)], load: 8, want: 270 },
    { why: 'the same, at the other load', samples: [...same(9, 10, 3), ...same(7, 90, 6)], load: 3, want: 20 },
    {
      why: 'of equally near the newest',
      samples: [...same(7, 10, 3), ...same(5, 30, 3), ...same(4, 10, 3)],
      load: 3,
      want: 60,
    },
    { why: 'only the last 16 count', samples: [...same(9, 10, 3), ...same(16, 90, 6)], load: 3, want: 180 },
    { why: 'at up to twice the load: as it is', samples: same(5, 90, 7), load: 3, want: 180 },
    { why: 'at more: in proportion', samples: same(5, 90, 8), load: 3, want: 80 },
    { why: 'at half the load: as it is', samples: same(5, 10, 1), load: 3, want: 20 },
    { why: 'at less: in proportion', samples: same(5, 10, 0), load: 3, want: 80 },
    { why: 'a failure is slow, and costs besides', samples: same(3, -1), load: 0, want: 10_000 },
    { why: 'a slow failure counts what it took', samples: same(3, -7000), load: 0, want: 12_000 },
    { why: 'a failure that the median forgives', samples: [...same(3, 10), [-1, 0]], load: 0, want: 1260 },
    { why: 'a failure is forgotten after 16 outcomes', samples: [[-1, 0], ...same(16, 10)], load: 0, want: 10 },
    { why: 'the same, not before', samples: [[-1, 0], ...same(15, 10)], load: 0, want: 10 + 5000 / 16 },
    { why: 'many rounds later', samples: [...same(100, 10), [-1, 0], ...same(16, 20)], load: 0, want: 20 },
  ])('$why', ({ samples, load, want }) => {
    expect(latencyOf(samples as [number, number][]).of(3, load)).toBeCloseTo(want, 9);
  });

  test('what the endpoint says replaces the median, not the failures', () => {
    const latency = latencyOf([...same(3, 10), [-1, 0]]);
    expect(latency.of(3, 8, 7)).toBe(1257);
    expect(latency.of(3, 8, 0)).toBe(1250);
    expect(latency.of(900, 8, 7)).toBe(7);
  });

  test('an endpoint without data has the mean of all, failures left out', () => {
    const latency = latencyOf([]);
    expect([latency.of(3, 5), latency.of(900, 5)]).toEqual([0, 0]);
    latency.record(4, 0, { ok: true, latencyMs: 10 });
    latency.record(5, 0, { ok: true, latencyMs: 30 });
    latency.record(5, 0, { ok: false, latencyMs: 9000 });
    latency.record(5, 0, { ok: true, latencyMs: -1 });
    expect([latency.of(3, 0), latency.of(900, 0), latency.of(3, 3), latency.of(900, 3)]).toEqual([20, 20, 40, 40]);
  });

  test('knowledge fades while nothing is heard', () => {
    const clock = fakeClock(1000);
    const latency = latencyOf(same(3, 10), clock);
    clock.advance(10_000);
    expect(latency.of(3, 0)).toBeCloseTo(10 / Math.E, 9);
    latency.record(3, 0, { ok: true, latencyMs: 10 });
    expect(latency.of(3, 0)).toBe(10);
  });

  test('a slot that changes hands has neither latencies nor failures', () => {
    const latency = latencyOf([...same(3, 10), [-1, 0]]);
    latency.forget(3);
    expect(latency.of(3, 0)).toBe(10);
    latency.record(3, 0, { ok: true, latencyMs: 40 });
    expect(latency.of(3, 0)).toBe(40);
  });
});

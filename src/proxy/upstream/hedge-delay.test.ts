import { expect, test } from 'vitest';
import { HedgeDelay } from './hedge-delay.ts';

/** Latencies 1 to 100 ms, over and over, one each 20 ms from `fromMs` on. */
function feed(delay: HedgeDelay, count: number, fromMs: number, factor = 1): void {
  for (let i = 0; i < count; i++) delay.record(factor * (1 + (i % 100)), fromMs + 20 * i);
}

test('unknown until the first window is over', () => {
  const delay = new HedgeDelay({ percentile: 95 }, 0);
  feed(delay, 99, 0);
  expect(delay.ms).toBe(Number.POSITIVE_INFINITY);
});

test('follows the percentile, window by window', () => {
  const delay = new HedgeDelay({ percentile: 95 }, 0);
  feed(delay, 101, 0);
  // The histogram is off by at most 3.2 %.
  expect(Math.abs(delay.ms - 95)).toBeLessThan(95 * 0.04);
  feed(delay, 202, 2020, 10);
  expect(Math.abs(delay.ms - 950)).toBeLessThan(950 * 0.04);
});

test('few latencies keep the window open', () => {
  const delay = new HedgeDelay({ percentile: 50 }, 0);
  for (let i = 0; i < 49; i++) delay.record(8, 1e6);
  expect(delay.ms).toBe(Number.POSITIVE_INFINITY);
  delay.record(8, 1e6);
  expect(Math.abs(delay.ms - 8)).toBeLessThan(0.5);
});

test.each([
  { fields: { after: 30 }, latencyMs: 1, wantMs: 30 },
  { fields: { percentile: 95, after: 30 }, latencyMs: 1, wantMs: 30 },
  { fields: { percentile: 95 }, latencyMs: 0.01, wantMs: 1 },
])('$fields at latencies of $latencyMs ms: $wantMs', ({ fields, latencyMs, wantMs }) => {
  const delay = new HedgeDelay(fields, 0);
  for (let i = 0; i < 200; i++) delay.record(latencyMs, 20 * i);
  expect(delay.ms).toBe(wantMs);
});

import { describe, expect, test } from 'vitest';
import type { Balancer } from './balancer.ts';
import { type Figure, growthRow, interleave, median, ratioRow, type Sample, verdictOf } from './comparison.ts';

const cpu: Figure = { key: 'cpuUs', title: 'CPU', unit: 'µs', digits: 1, target: { atMost: 0.85 } };

function samplesOf(figures: Readonly<Record<string, readonly number[]>>): Map<string, Sample[]> {
  return new Map(Object.entries(figures).map(([name, values]) => [name, values.map((cpuUs) => ({ cpuUs }))]));
}

function named(name: string): Balancer {
  return { name, version: '', configuration: '', command: '', port: 0, serving: () => [], stop: async () => {} };
}

describe('median', () => {
  const cases = [
    { values: [3], want: 3 },
    { values: [9, 1, 5], want: 5 },
    { values: [10, 2, 4, 100], want: 7 },
  ];
  test.each(cases)('$values → $want', ({ values, want }) => {
    expect(median(values)).toBe(want);
  });
});

describe('verdict', () => {
  const cases = [
    { ratio: 0.85, target: { atMost: 0.85 }, want: 'PASS' },
    { ratio: 0.851, target: { atMost: 0.85 }, want: 'MISS' },
    { ratio: 1.05, target: { atMost: 1, tolerance: 0.05 }, want: 'PASS' },
    { ratio: 1.06, target: { atMost: 1, tolerance: 0.05 }, want: 'MISS' },
    { ratio: Number.NaN, target: { atMost: 1 }, want: 'MISS' },
  ] as const;
  test.each(cases)('$ratio against $target is $want', ({ ratio, target, want }) => {
    expect(verdictOf(ratio, target)).toBe(want);
  });
});

test('the ratio divides our median by the better peer’s', () => {
  const row = ratioRow('small', samplesOf({ equipoise: [8, 7, 9], haproxy: [10, 30, 9], nginx: [16, 16, 16] }), cpu);
  expect(row).toMatchObject({ ratio: 0.8, ratioOf: 'equipoise / haproxy', verdict: 'PASS' });
  expect(row.cells[1]).toEqual({ name: 'haproxy', median: 10, least: 9, most: 30 });
});

test('the ratio can be restricted to one peer', () => {
  const samples = samplesOf({ equipoise: [8], haproxy: [10], nginx: [1] });
  expect(ratioRow('idle', samples, cpu, ['haproxy']).ratio).toBe(0.8);
});

test('without a peer there is no ratio and no verdict', () => {
  const row = ratioRow('small', samplesOf({ equipoise: [8] }), cpu);
  expect(row.ratio).toBeUndefined();
  expect(row.verdict).toBe('-');
});

test('growth is the costliest size against the first', () => {
  const row = growthRow('routes', samplesOf({ one: [10], hundred: [12], thousands: [11] }), cpu);
  expect(row).toMatchObject({ ratio: 1.2, ratioOf: 'hundred / one', verdict: 'MISS' });
});

test('every round begins with the next balancer', async () => {
  const order: string[] = [];
  await interleave(['a', 'b', 'c'].map(named), 3, async ({ name }) => {
    order.push(name);
    return {};
  });
  expect(order.join('')).toBe('abcbcacab');
});

test('a failing measurement names the balancer', async () => {
  const failing = interleave([named('nginx')], 1, () => Promise.reject(new Error('wrk saw errors')));
  await expect(failing).rejects.toThrow('nginx: wrk saw errors');
});

import { describe, expect, test } from 'vitest';
import {
  COSINE,
  EndpointHistory,
  FAILURES,
  FEATURES,
  IN_FLIGHT,
  LATENCY,
  logOf,
  logOfOutcome,
  SINE,
} from './latency-features.ts';
import { FAILURE_MS } from './mean-latency.ts';
import { UNKNOWN_MS } from './neutral-latency.ts';

const ok = (latencyMs: number) => ({ ok: true, latencyMs });
const DAY_MS = 86_400_000;

function featuresOf(history: EndpointHistory, slot = 9, inFlight = 0): Float64Array {
  const features = new Float64Array(FEATURES.length);
  history.fill(features, slot, inFlight);
  return features;
}

function newHistory(): EndpointHistory {
  const history = new EndpointHistory(1000, DAY_MS);
  for (const slot of [3, 9]) history.forget(slot);
  return history;
}

describe('EndpointHistory', () => {
  test.each([
    { why: 'nobody has answered', outcomes: [], want: Math.log(UNKNOWN_MS) },
    { why: 'the very first is the mean', outcomes: [[0, 3]], want: Math.log(3) },
    { why: 'the next ones are a third, a quarter', outcomes: [[0, 3], [0, 9]], want: Math.log(3 * 3 * 9) / 3 }, // biome-ignore format: a table
    {
      why: 'later by time, where that is more',
      outcomes: [[0, 30], [500, 300]], // biome-ignore format: a table
      want: Math.log(30) + (1 - Math.exp(-0.5)) * Math.log(10),
    },
    { why: 'after a silence a half', outcomes: [[0, 30], [1e9, 300]], want: Math.log(30 * 300) / 2 }, // biome-ignore format: a table
    { why: 'a lucky one is an eighth', outcomes: [[0, 80], [1e9, 0]], want: Math.log(80) - Math.log(8) / 2 }, // biome-ignore format: a table
    { why: 'no time is nothing', outcomes: [[0, 0], [1e9, 0]], want: Math.log(1e-3) }, // biome-ignore format: a table
    { why: 'nor is more than eleven days', outcomes: [[0, Infinity], [1e9, Infinity]], want: Math.log(1e9) }, // biome-ignore format: a table
  ])('recent latency: $why', ({ outcomes, want }) => {
    const history = newHistory();
    for (const [atMs, latencyMs] of outcomes) history.observe(9, ok(latencyMs!), atMs!);
    expect(featuresOf(history)[LATENCY]).toBeCloseTo(want, 9);
  });

  test('one without an answer is as slow as the others, and the first answer is but half of the mean', () => {
    const history = newHistory();
    history.observe(3, ok(8), 0);
    history.observe(3, ok(8), 0);
    expect([history.isNew(3), history.isNew(9)]).toEqual([false, true]);
    expect(featuresOf(history)[LATENCY]).toBeCloseTo(Math.log(8), 9);
    history.observe(9, ok(2), 0);
    // The usual latency is 6 now.
    expect(featuresOf(history)[LATENCY]).toBeCloseTo(Math.log(6 * 2) / 2, 9);
  });

  test('failures count as slow, and at once', () => {
    const history = newHistory();
    for (let i = 0; i < 1000; i++) history.observe(9, ok(10), 0);
    const before = featuresOf(history)[LATENCY]!;
    history.observe(9, { ok: false, latencyMs: 0.1 }, 0);
    const features = featuresOf(history);
    expect(features[LATENCY]).toBeCloseTo(before + 0.1 * (Math.log(FAILURE_MS) - before), 9);
    expect(features[FAILURES]).toBeCloseTo(0.1, 9);
    history.observe(9, ok(10), 0);
    expect(featuresOf(history)[FAILURES]).toBeCloseTo(0.09, 9);
    history.forget(9);
    expect(featuresOf(history)[FAILURES]).toBe(0);
  });

  test('picks in flight are a logarithm, never below 0', () => {
    expect([0, 1, 7, -3].map((inFlight) => featuresOf(newHistory(), 9, inFlight)[IN_FLIGHT])).toEqual([
      0,
      Math.log(2),
      Math.log(8),
      0,
    ]);
  });

  test.each([
    { hour: 0, sine: 0, cosine: 1 },
    { hour: 6, sine: 1, cosine: 0 },
    { hour: 12, sine: 0, cosine: -1 },
    { hour: 24 * 1000 + 18, sine: -1, cosine: 0 },
  ])('hour $hour', ({ hour, sine, cosine }) => {
    const features = new Float64Array(FEATURES.length);
    newHistory().fillTime(features, hour * 3_600_000);
    expect(features[SINE]).toBeCloseTo(sine, 9);
    expect(features[COSINE]).toBeCloseTo(cosine, 9);
  });
});

test('logarithms of outcomes', () => {
  expect(logOfOutcome(ok(10))).toBe(Math.log(10));
  expect(logOfOutcome({ ok: false, latencyMs: 1 })).toBe(Math.log(FAILURE_MS));
  expect(logOfOutcome({ ok: false, latencyMs: 9000 })).toBe(Math.log(9000));
  expect([0, 1e300].map(logOf)).toEqual([Math.log(1e-3), Math.log(1e9)]);
});

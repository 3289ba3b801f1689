import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LATENCY_STEPS, STEP_BOUNDS_MS, stepOf, summariseSteps } from './latency-steps.ts';

test('a latency falls into the step whose bounds hold it', () => {
  const inRange = fc.double({ min: STEP_BOUNDS_MS[0]!, max: STEP_BOUNDS_MS.at(-1)! * 0.999, noNaN: true });
  fc.assert(
    fc.property(inRange, (ms) => {
      const kept = Math.fround(ms);
      const step = stepOf(ms);
      return STEP_BOUNDS_MS[step]! <= kept && kept < STEP_BOUNDS_MS[step + 1]!;
    }),
    { seed: 1 },
  );
});

test('no step is wider than a quarter of its lower bound', () => {
  for (let step = 0; step < LATENCY_STEPS; step++) {
    expect(STEP_BOUNDS_MS[step + 1]! / STEP_BOUNDS_MS[step]!).toBeLessThanOrEqual(1.25);
  }
});

test.each([
  { ms: 0, step: 0 },
  { ms: -1, step: 0 },
  { ms: Number.NaN, step: 0 },
  { ms: 1e9, step: LATENCY_STEPS - 1 },
  { ms: Number.POSITIVE_INFINITY, step: LATENCY_STEPS - 1 },
])('$ms ms lies outside and is counted in step $step', ({ ms, step }) => {
  expect(stepOf(ms)).toBe(step);
});

test('a summary counts below bounds exactly, and sums within an eighth', () => {
  const latencies = [0.3, 0.9, 1, 1.9, 7, 7, 100];
  const steps = new Float64Array(LATENCY_STEPS);
  for (const each of latencies) steps[stepOf(each)]!++;
  const bounds = [0.5, 1, 2, 8, 64];
  const { below, count, sumMs } = summariseSteps(steps, bounds);
  expect(below).toEqual(bounds.map((bound) => latencies.filter((each) => each < bound).length));
  expect(count).toBe(latencies.length);
  const sum = latencies.reduce((total, each) => total + each, 0);
  expect(Math.abs(sumMs / sum - 1)).toBeLessThan(1 / 8);
});

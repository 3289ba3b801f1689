import { expect, test } from 'vitest';
import { LatencySamples } from './latency-samples.ts';

const features = (inFlight: number) => Float64Array.of(1, inFlight, 20, 0.3, 0.5, 0.6);

test('the sample is answered after those in flight before it', () => {
  const samples = new LatencySamples();
  samples.forget(7);
  expect([samples.knows(7), samples.knows(5000), samples.isFree(7)]).toEqual([true, false, true]);
  samples.keep(7, features(2), 2);
  expect(samples.isFree(7)).toBe(false);
  expect([1, 2, 3, 4].map(() => samples.countDown(7))).toEqual([false, false, true, false]);
  expect(samples.isFree(7)).toBe(true);
  const into = new Float64Array(6);
  samples.fill(into, 7);
  expect([...into]).toEqual([1, 2, 20, 0.3, 0, 0]);
});

test('it ends after 65 outcomes, whatever the units of what is in flight', () => {
  const samples = new LatencySamples();
  samples.forget(0);
  samples.keep(0, features(1), 1e9);
  expect(Array.from({ length: 65 }, () => samples.countDown(0)).lastIndexOf(true)).toBe(64);
});

test('a new occupant has no sample', () => {
  const samples = new LatencySamples();
  samples.forget(0);
  samples.keep(0, features(0), 0);
  samples.forget(0);
  expect([samples.isFree(0), samples.countDown(0)]).toEqual([true, false]);
});

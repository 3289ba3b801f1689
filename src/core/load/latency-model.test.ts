import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from '../kernel/rng.ts';
import { FEATURES } from './latency-features.ts';
import type { LatencyModel } from './latency-model.ts';
import { LinearLatencyModel } from './linear-latency-model.ts';
import { NeuralLatencyModel } from './neural-latency-model.ts';

const models: { name: string; create: () => LatencyModel }[] = [
  { name: 'linear', create: () => new LinearLatencyModel() },
  { name: 'neural', create: () => new NeuralLatencyModel() },
];

/** Bias, picks in flight, recent latency, failures, hour. */
const given = (inFlight: number, latencyMs: number, failures = 0, hour = 0) =>
  Float64Array.of(
    1,
    Math.log1p(inFlight),
    Math.log(latencyMs),
    failures,
    Math.sin((hour * Math.PI) / 12),
    Math.cos((hour * Math.PI) / 12),
  );

describe.each(models)('$name model', ({ create }) => {
  function modelOf(...slots: number[]): LatencyModel {
    const model = create();
    for (const slot of slots) model.forget(slot);
    return model;
  }

  test('without answers it is the rule: latency × (in-flight + 1)', () => {
    expect(modelOf(5).predict(5, given(3, 20))).toBeCloseTo(Math.log(80), 9);
  });

  test('it learns what the rule does not know, from noise', () => {
    const model = modelOf(0);
    const rng = createRng(1);
    // Twice as slow as the rule when idle, and slower with each in flight to the power of 1/2 only.
    const truth = (inFlight: number, latencyMs: number) => Math.log(2 * latencyMs * Math.sqrt(inFlight + 1));
    for (let i = 0; i < 20_000; i++) {
      const [inFlight, latencyMs] = [rng.below(8), 5 + rng.below(50)];
      model.learn(0, given(inFlight, latencyMs), truth(inFlight, latencyMs) + 2 * (rng.next() - 0.5));
    }
    const errors: number[] = [];
    for (const inFlight of [0, 2, 7])
      for (const ms of [8, 40]) errors.push(Math.abs(model.predict(0, given(inFlight, ms)) - truth(inFlight, ms)));
    // The rule alone is wrong by ln 2 = 0.69 when idle. The parts of the linear model are corrected as if independent, which
    // leaves less than half of that.
    expect(Math.max(...errors)).toBeLessThan(0.3);
  });

  test('it learns the hour', () => {
    const model = modelOf(0);
    const rng = createRng(2);
    for (let i = 0; i < 20_000; i++) {
      const hour = rng.next() * 24;
      model.learn(0, given(0, 10, 0, hour), Math.log(hour > 0 && hour < 12 ? 30 : 10));
    }
    const noon = model.predict(0, given(0, 10, 0, 6));
    expect(noon - model.predict(0, given(0, 10, 0, 18))).toBeGreaterThan(0.8);
  });

  test('the same answers teach the same', () => {
    const predictions = [1, 2].map(() => {
      const model = modelOf(0);
      for (let i = 0; i < 100; i++) model.learn(0, given(i % 5, 10 + (i % 7)), Math.log(10 + (i % 3)));
      return model.predict(0, given(2, 10));
    });
    expect(predictions[0]).toBe(predictions[1]);
  });

  test('contributions are those of the prediction', () => {
    const model = modelOf(0);
    for (let i = 0; i < 500; i++) model.learn(0, given(i % 5, 10), Math.log(40));
    expect(Object.keys(model.contributions(0, given(2, 10))).length).toBeGreaterThan(4);
    expect(Object.values(model.contributions(0, given(2, 10))).every(Number.isFinite)).toBe(true);
  });

  test('predictions are finite whatever is learned', () => {
    const log = fc.constantFrom(Math.log(1e-3), 0, Math.log(1e9));
    const features = fc
      .tuple(fc.constantFrom(0, 1e9), log, fc.constantFrom(0, 1), fc.constantFrom(0, 3, 23))
      .map(([inFlight, logMs, failures, hour]) => given(inFlight, Math.exp(logMs), failures, hour));
    fc.assert(
      fc.property(fc.array(fc.tuple(features, log, fc.nat(30)), { minLength: 1, maxLength: 20 }), (answers) => {
        const model = modelOf(0);
        for (const [each, logMs, times] of answers) {
          for (let i = 0; i <= times; i++) model.learn(0, each, logMs);
          expect(Number.isFinite(model.predict(0, each))).toBe(true);
          expect(Number.isFinite(model.deviation(0, each))).toBe(true);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe('linear model', () => {
  test('a slot adds its own, and a new occupant starts anew', () => {
    const model = new LinearLatencyModel();
    for (const slot of [0, 100]) model.forget(slot);
    for (let i = 0; i < 300; i++) model.learn(0, given(0, 10), Math.log(50));
    const other = model.predict(100, given(0, 10));
    // Everyone learns what the features do, slot 0 alone that it is slower.
    expect(other).toBeGreaterThan(Math.log(10));
    expect(model.predict(0, given(0, 10))).toBeGreaterThan(other + 0.5);
    model.forget(0);
    expect(model.predict(0, given(0, 10))).toBe(other);
  });

  test('picks in flight never seem to cost nothing', () => {
    const model = new LinearLatencyModel();
    model.forget(0);
    for (let i = 0; i < 20_000; i++) model.learn(0, given(i % 9, 10), Math.log(10));
    expect(model.predict(0, given(8, 10)) - model.predict(0, given(0, 10))).toBeCloseTo(0.5 * Math.log(9), 9);
  });

  test('answers make it surer, of what they were like; the rest stays as unsure as at first', () => {
    const model = new LinearLatencyModel();
    model.forget(0);
    const before = model.deviation(0, given(0, 10));
    for (let i = 0; i < 20_000; i++) model.learn(0, given(0, 10), Math.log(10));
    expect(model.deviation(0, given(0, 10))).toBeLessThan(before / 3);
    expect(model.deviation(0, given(0, 10, 1))).toBeGreaterThan(0.9);
    expect(model.deviation(0, given(0, 10, 1))).toBeLessThan(1.2);
  });

  test('what it adds up is what it says', () => {
    const model = new LinearLatencyModel();
    model.forget(0);
    for (let i = 0; i < 500; i++) model.learn(0, given(i % 5, 10), Math.log(40));
    const sum = Object.values(model.contributions(0, given(2, 10))).reduce((total, each) => total + each, 0);
    expect(sum).toBeCloseTo(model.predict(0, given(2, 10)), 9);
    expect(Object.keys(model.contributions(0, given(2, 10))).sort()).toEqual([...FEATURES].sort());
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRng } from '../testing/index.ts';
import { Slowness } from './slowness.ts';

const ok = (latencyMs: number) => ({ ok: true, latencyMs });
const failed = (latencyMs: number) => ({ ok: false, latencyMs });

function slownessOf(members: number): Slowness {
  const slowness = new Slowness();
  slowness.resize(members);
  for (let slot = 0; slot < members; slot++) slowness.forget(slot);
  return slowness;
}

/** Every slot answers `times` in turn with its latency, all at time 0. */
function answered(latencies: readonly number[], times: number): Slowness {
  const slowness = slownessOf(latencies.length);
  for (let i = 0; i < times; i++) for (const [slot, each] of latencies.entries()) slowness.record(slot, ok(each), 0);
  return slowness;
}

describe('a factor against the pool', () => {
  test('without data, and after outcomes without a latency, everybody is usual', () => {
    const slowness = slownessOf(2);
    slowness.record(0, ok(-1), 0);
    slowness.record(0, failed(-1), 0);
    slowness.refresh(1, 1000);
    expect([slowness.of(0), slowness.of(1), slowness.measured(0)]).toEqual([1, 1, 1]);
  });

  test('what is within noise counts for nothing', () => {
    const slowness = answered([10, 10, 10, 14, 8], 50);
    expect([0, 1, 2, 3, 4].map((slot) => slowness.of(slot))).toEqual([1, 1, 1, 1, 1]);
    expect(slowness.measured(3)).toBeGreaterThan(1.2);
  });

  test('what is beyond counts, less the noise, in both directions', () => {
    const slowness = answered([10, 10, 10, 10, 10, 10, 80, 1.25], 200);
    // The mean of all logarithms is that of 10 ms, and each is drawn to it by 2 of 12 answers: 8^(10/12) = 5.66.
    expect(slowness.of(6)).toBeGreaterThan(5.66 / 1.6 - 0.1);
    expect(slowness.of(6)).toBeLessThan(5.66 / 1.6 + 0.1);
    expect(slowness.of(7)).toBeCloseTo(1 / slowness.of(6), 1);
    expect(slowness.of(0)).toBe(1);
  });

  test('one long answer among many says nothing, many say it', () => {
    const slowness = answered([10, 10, 10, 10], 50);
    slowness.record(0, ok(200), 0);
    expect(slowness.of(0)).toBe(1);
    for (let i = 0; i < 8; i++) slowness.record(0, ok(200), 0);
    expect(slowness.of(0)).toBeGreaterThan(2);
  });

  test('evidence fades with time, and is replaced by answers', () => {
    const slowness = answered([10, 10, 10, 80], 50);
    const before = slowness.of(3);
    slowness.refresh(3, 10_000);
    expect(slowness.of(3)).toBeLessThan(before);
    slowness.refresh(3, 60_000);
    expect(slowness.of(3)).toBe(1);
    const answers = answered([10, 10, 10, 80], 50);
    for (let i = 0; i < 20; i++) answers.record(3, ok(10), 0);
    expect(answers.of(3)).toBe(1);
  });

  test('a new occupant is usual', () => {
    const slowness = answered([10, 10, 80], 50);
    slowness.forget(2);
    expect(slowness.of(2)).toBe(1);
  });
});

describe('failures', () => {
  test('a fast one makes an endpoint slow, and not the pool', () => {
    const slowness = answered([10, 10, 10], 50);
    for (let i = 0; i < 5; i++) slowness.record(0, failed(0.2), 0);
    expect(slowness.of(0)).toBeGreaterThan(3);
    expect(slowness.measured(1)).toBeCloseTo(1, 5);
  });

  test('a slow one counts with its time', () => {
    const [slow, slower] = [answered([10, 10], 50), answered([10, 10], 50)];
    slow.record(0, failed(5000), 0);
    slower.record(0, failed(60_000), 0);
    expect(slower.measured(0)).toBeGreaterThan(slow.measured(0));
  });

  test.each([
    { why: 'one in five', failing: [true, false, false, false, false], slower: true },
    { why: 'one in two', failing: [true, false], slower: true },
    { why: 'one in twenty', failing: [true, ...new Array<boolean>(19).fill(false)], slower: false },
  ])('speed does not make up for failures: $why', ({ failing, slower }) => {
    const slowness = answered([10, 10, 10, 0.4], 50);
    for (let i = 0; i < 60; i++) {
      const isFailure = failing[i % failing.length]!;
      slowness.record(3, isFailure ? failed(0.4) : ok(0.4), 0);
      for (const slot of [0, 1, 2]) slowness.record(slot, ok(10), 0);
    }
    if (slower) expect(slowness.of(3)).toBeGreaterThanOrEqual(1);
    else expect(slowness.of(3)).toBeLessThan(0.5);
  });

  test('a single failure takes nothing from an endpoint that is known', () => {
    const slowness = answered([10, 10, 10, 0.4], 50);
    slowness.record(3, failed(0.4), 0);
    expect(slowness.of(3)).toBeLessThan(0.5);
  });

  test('before the first answer of the pool they are compared with nothing', () => {
    const slowness = slownessOf(2);
    slowness.record(0, failed(1), 0);
    expect([slowness.of(0), slowness.of(1)]).toEqual([1, 1]);
    slowness.record(1, ok(10), 0);
    slowness.record(0, failed(1), 0);
    slowness.record(0, failed(1), 0);
    expect(slowness.of(0)).toBeGreaterThan(1.5);
  });
});

test('alike endpoints are equal nine times in ten, whatever the sizes of requests', () => {
  // The noise band is 1.9 standard errors of exponential times, which a normal deviate leaves with a chance of 0.06;
  // the estimates of 20 endpoints at 50 moments are 1000 samples, correlated within a moment: 0.1 is allowed.
  const rng = seededRng(1);
  const slowness = slownessOf(20);
  let beyond = 0;
  for (let moment = 0; moment < 50; moment++) {
    for (let i = 0; i < 600; i++) slowness.record(i % 20, ok(-Math.log(1 - rng.next()) * 10), moment);
    for (let slot = 0; slot < 20; slot++) if (slowness.of(slot) !== 1) beyond++;
  }
  expect(beyond / 1000).toBeLessThan(0.1);
  expect(beyond).toBeGreaterThan(0);
});

test('a factor is always positive and finite', () => {
  const outcome = fc.record({ ok: fc.boolean(), latencyMs: fc.double({ min: -1, max: 1e7, noNaN: true }) });
  const step = fc.tuple(fc.nat({ max: 2 }), outcome, fc.double({ min: 0, max: 1e6, noNaN: true }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const slowness = slownessOf(3);
      let nowMs = 0;
      for (const [slot, given, laterMs] of steps) {
        nowMs += laterMs;
        slowness.record(slot, given, nowMs);
        slowness.refresh((slot + 1) % 3, nowMs);
        for (const each of [0, 1, 2]) {
          expect(slowness.of(each)).toBeGreaterThan(0);
          expect(slowness.of(each)).toBeLessThan(Number.POSITIVE_INFINITY);
        }
      }
    }),
  );
});

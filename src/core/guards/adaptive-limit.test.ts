import { describe, expect, test } from 'vitest';
import { fakeClock } from '../testing/fake-clock.ts';
import { checkWalks } from '../testing/random-walk.ts';
import { AdaptiveLimit, type AdaptiveLimitOptions } from './adaptive-limit.ts';

/** Windows in which `share` of the limit is under way, at least one, and all take `latencyOf(under way)`. */
function serve(given: {
  options?: AdaptiveLimitOptions;
  windows: number;
  latencyOf: (inFlight: number, window: number) => number;
  share?: number;
}): number[] {
  const clock = fakeClock(500);
  const guard = new AdaptiveLimit({ minSamples: 1, ...given.options }, clock);
  return Array.from({ length: given.windows }, (_, window) => {
    const wanted = Math.max(1, Math.floor(guard.limit * (given.share ?? 1)));
    let inFlight = 0;
    while (inFlight < wanted && guard.tryStart()) inFlight++;
    for (let i = 0; i < inFlight - 1; i++) guard.done(given.latencyOf(inFlight, window));
    clock.advance(1000);
    guard.done(given.latencyOf(inFlight, window));
    return guard.limit;
  });
}

/** Fifty at a time take 10 ms each; more share the same speed. */
const FIFTY = (inFlight: number) => 10 * Math.max(1, inFlight / 50);

describe('AdaptiveLimit', () => {
  test('other options keep what is under way and what was learned, within their bounds', () => {
    const clock = fakeClock();
    const guard = new AdaptiveLimit({ initial: 50, minSamples: 1 }, clock);
    for (let i = 0; i < 30; i++) guard.tryStart();
    guard.configure({ initial: 7, tolerance: 2 });
    expect([guard.limit, guard.inFlight]).toEqual([50, 30]);
    guard.configure({ max: 20 });
    expect([guard.limit, guard.inFlight, guard.tryStart()]).toEqual([20, 30, false]);
    for (let i = 0; i < 11; i++) guard.neutral();
    expect([guard.tryStart(), guard.tryStart()]).toEqual([true, false]);
    expect(() => guard.configure({ min: 5, max: 2 })).toThrow('min 5');
    guard.configure({ min: 40 });
    expect(guard.limit).toBe(40);
  });

  test.each([
    { why: 'from below', initial: 20 },
    { why: 'from above', initial: 300 },
  ])('full, it settles near what is served without waiting: $why', ({ initial }) => {
    // Ten windows with one under way teach it that 10 ms are normal.
    const clock = fakeClock();
    const guard = new AdaptiveLimit({ initial, minSamples: 1 }, clock);
    for (let window = 0; window < 100; window++) {
      const wanted = window < 10 ? 1 : guard.limit;
      for (let i = 0; i < wanted; i++) guard.tryStart();
      clock.advance(1000);
      for (let i = 0; i < wanted; i++) guard.done(FIFTY(wanted));
    }
    // Balance: 1 − gradient = 1/√limit with gradient = 1.5 × 10 ms / (10 ms × limit / 50): 85. As `long` learns the wait,
    // it rises by at most (1.7 − 1) × 2/601 a window: to 85 × 1.23 after 90. From 300 (60 ms), ten windows more taught it
    // up to 10 × 50 ms × 2/601 = 1.7 ms: 85 × 1.23 × 1.17.
    expect(guard.limit).toBeGreaterThan(75);
    expect(guard.limit).toBeLessThan(122);
  });

  test('a service that becomes four times as slow is given less', () => {
    const limits = serve({ windows: 160, latencyOf: (n, window) => FIFTY(n) * (window < 100 ? 1 : 4) });
    expect(limits[99]).toBeGreaterThan(60);
    expect(limits[130]).toBeLessThan(25);
  });

  test('what was learned in an overload is unlearned when it is over', () => {
    const latencyOf = (_: number, window: number) => (window < 60 ? 1000 : window < 160 ? 10 : 40);
    const limits = serve({ windows: 180, latencyOf });
    expect(limits[179]).toBeLessThan(limits[159]! / 2);
  });

  test.each([
    { why: 'less than half used', share: 0.4, want: 20 },
    { why: 'more than half used', share: 0.6, want: 1000 },
  ])('latencies that never rise: $why', ({ share, want }) => {
    expect(serve({ windows: 500, latencyOf: () => 10, share }).at(-1)).toBe(want);
  });

  test('what was used in one window is no reason to grow in the next', () => {
    const clock = fakeClock();
    const guard = new AdaptiveLimit({ initial: 100, minSamples: 1 }, clock);
    const serveTogether = (count: number) => {
      for (let i = 0; i < count; i++) guard.tryStart();
      clock.advance(1000);
      for (let i = 0; i < count; i++) guard.done(10);
      return guard.limit;
    };
    expect([serveTogether(1), serveTogether(90), serveTogether(1), serveTogether(1)]).toEqual([100, 102, 104, 104]);
  });

  test('an unused limit still shrinks', () => {
    const limits = serve({ windows: 20, share: 0.2, latencyOf: (_, window) => (window < 10 ? 10 : 100) });
    expect([limits[9], limits[19]! < 15]).toEqual([20, true]);
  });

  test.each([
    { options: {}, want: 20 },
    { options: { max: 8 }, want: 8 },
    { options: { min: 30 }, want: 30 },
    { options: { min: 1, initial: 0 }, want: 1 },
  ])('begins with $want for $options', ({ options, want }) => {
    const guard = new AdaptiveLimit(options, fakeClock());
    let granted = 0;
    while (guard.tryStart()) granted++;
    expect([guard.limit, granted, guard.inFlight]).toEqual([want, want, want]);
    guard.neutral();
    expect([guard.tryStart(), guard.tryStart()]).toEqual([true, false]);
  });

  test.each([{ min: 0 }, { min: 5, max: 4 }, { min: Number.NaN }])('refuses $min to $max', (options) => {
    expect(() => new AdaptiveLimit(options, fakeClock())).toThrow('adaptive limit: min');
  });

  /** s: served in 10 ms; d: dropped; n: says nothing; m: served, no latency; |: a second passes. */
  test.each([
    { why: 'too few in the window', events: 'ssss|ssss|s', want: 100 },
    { why: 'ten, but too soon', events: 'ssssssssss', want: 100 },
    { why: 'ten, in time: a fifth of √100 more', events: 'sssssssss|s', want: 102 },
    { why: 'one dropped among them', events: 'sssssssdd|s', want: 90 },
    { why: 'all dropped', events: 'ddddddddd|d', want: 90 },
    { why: 'dropped in the window before', events: 'sssssssss|dsssssssss|s', want: 91 },
    { why: 'those that say nothing are no samples', events: 'sssssss|nnmms', want: 100 },
  ])('windows: $why', ({ events, want }) => {
    const clock = fakeClock();
    const guard = new AdaptiveLimit({ initial: 100 }, clock);
    // Sixty more are under way all the time.
    for (let i = 0; i < 60; i++) guard.tryStart();
    for (const event of events) {
      if (event === '|') clock.advance(1000);
      else guard.tryStart();
      if (event === 's') guard.done(10);
      if (event === 'm') guard.done(-1);
      if (event === 'd') guard.drop();
      if (event === 'n') guard.neutral();
    }
    expect([guard.limit, guard.inFlight]).toEqual([want, 60]);
  });

  test('served in no time at all', () => {
    const limits = serve({ windows: 30, latencyOf: () => 0 });
    expect(limits.every(Number.isFinite)).toBe(true);
    expect(limits.at(-1)).toBeGreaterThan(40);
  });

  test('stays within its bounds, and nobody begins above it', () => {
    checkWalks((rng, steps) => {
      const clock = fakeClock();
      const min = 1 + rng.below(5);
      const max = min + rng.below(40);
      const guard = new AdaptiveLimit({ min, max, windowMs: 20, minSamples: 3 }, clock);
      let inFlight = 0;
      for (let i = 0; i < steps; i++) {
        const kind = rng.below(16);
        if (kind < 8) {
          const may = guard.tryStart();
          if (may !== inFlight < guard.limit) throw new Error(`${may} at ${inFlight} of ${guard.limit}`);
          if (may) inFlight++;
        } else if (kind < 14 && inFlight > 0) {
          inFlight--;
          if (kind === 8) guard.drop();
          else if (kind === 9) guard.neutral();
          else guard.done(rng.below(3) === 0 ? rng.next() * 1e4 : rng.below(10) - 1);
        } else clock.advance(rng.below(10));
        const isRight = guard.limit >= min && guard.limit <= max && guard.inFlight === inFlight;
        if (!isRight) throw new Error(`${guard.limit} is not ${min} to ${max}, or ${guard.inFlight} not ${inFlight}`);
      }
    });
  });
});

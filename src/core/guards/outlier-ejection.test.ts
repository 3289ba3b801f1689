import { describe, expect, test } from 'vitest';
import type { Rng } from '../kernel/rng.ts';
import { fakeClock } from '../testing/fake-clock.ts';
import { checkWalks } from '../testing/random-walk.ts';
import { OutlierEjection, type OutlierEjectionOptions } from './outlier-ejection.ts';

function setUp(members: number, options: OutlierEjectionOptions = {}) {
  const clock = fakeClock();
  const heard: string[] = [];
  const guard = new OutlierEjection(options, {
    clock,
    listener: (slot, ejected, reason, untilMs) => {
      heard.push(`${clock.now() / 1000} s: ${slot} ${ejected ? `out until ${untilMs / 1000} s` : 'back'}: ${reason}`);
    },
  });
  for (let slot = 0; slot < members; slot++) guard.join(slot);
  /** Stands still at each moment at which something is due. */
  function runTo(endMs: number): void {
    while (guard.nextDueMs <= endMs) {
      clock.advance(Math.max(0, guard.nextDueMs - clock.now()));
      guard.advance(clock.now());
    }
    clock.advance(endMs - clock.now());
  }
  return { guard, clock, heard, runTo };
}

/** Failures spread over the interval, so that few are in a row, and a success last. */
function record(guard: OutlierEjection, slot: number, requests: number, failures: number): void {
  for (let i = 1; i <= requests; i++) {
    const failed = Math.floor((i * failures) / requests) > Math.floor(((i - 1) * failures) / requests);
    guard.record(slot, !failed || i === requests);
    if (failed && i === requests) guard.record(slot, false);
  }
}

function fail(guard: OutlierEjection, slot: number, times: number): void {
  for (let i = 0; i < times; i++) guard.record(slot, false);
}

const NO_RUNS = { consecutiveFailures: 0 };

describe('failures in a row', () => {
  test('eject at once and for longer each time', () => {
    const { guard, heard, runTo } = setUp(3);
    fail(guard, 1, 4);
    guard.record(1, true);
    fail(guard, 1, 4);
    expect(guard.nextDueMs).toBe(10_000);
    fail(guard, 1, 1);
    expect(guard.nextDueMs).toBe(Number.NEGATIVE_INFINITY);
    runTo(30_000);
    fail(guard, 1, 5);
    runTo(30_000);
    expect(heard).toEqual([
      '0 s: 1 out until 30 s: 5 failures in a row',
      '30 s: 1 back: after 30 s',
      '30 s: 1 out until 90 s: 5 failures in a row',
    ]);
    expect([guard.ejectedCount, guard.isEjected(1), guard.isEjected(0)]).toEqual([1, true, false]);
  });

  test('five minutes at most; each interval of good service takes one time back', () => {
    const { guard, clock, runTo } = setUp(3, { baseEjectionMs: 100_000 });
    const outForMs = () => {
      const startMs = clock.now();
      fail(guard, 0, 5);
      guard.advance(startMs);
      while (guard.isEjected(0)) runTo(guard.nextDueMs);
      return clock.now() - startMs;
    };
    expect([outForMs(), outForMs(), outForMs(), outForMs()]).toEqual([100_000, 200_000, 300_000, 300_000]);
    for (let interval = 0; interval < 3; interval++) {
      guard.record(0, true);
      runTo(clock.now() + 10_000);
    }
    expect(outForMs()).toBe(200_000);
    runTo(clock.now() + 1e9);
    expect(outForMs()).toBe(300_000);
  });

  test.each([
    { members: 1, failing: 1, want: 0 },
    { members: 2, failing: 2, want: 1 },
    { members: 3, failing: 3, want: 1 },
    { members: 4, failing: 4, want: 2 },
    { members: 5, failing: 5, want: 2 },
    { members: 10, failing: 10, want: 5 },
    { members: 5, failing: 1, want: 1 },
  ])('of $members members $failing fail: $want are out', ({ members, failing, want }) => {
    const { guard, runTo } = setUp(members);
    for (let slot = 0; slot < failing; slot++) fail(guard, slot, 5);
    runTo(20_000);
    expect(guard.ejectedCount).toBe(want);
  });

  test('who could not be ejected is, when there is room again', () => {
    const { guard, heard, runTo } = setUp(2);
    fail(guard, 0, 5);
    fail(guard, 1, 5);
    runTo(40_000);
    expect(heard).toEqual([
      '0 s: 0 out until 30 s: 5 failures in a row',
      '30 s: 0 back: after 30 s',
      '30 s: 1 out until 60 s: 5 failures in a row',
    ]);
  });

  test('an interval under suspicion takes no time back, though the cap kept the endpoint in', () => {
    const { guard, clock, heard, runTo } = setUp(3);
    fail(guard, 0, 5);
    runTo(30_000);
    fail(guard, 1, 5);
    guard.advance(clock.now());
    fail(guard, 0, 5);
    runTo(60_000);
    expect(heard.at(-1)).toBe('60 s: 0 out until 120 s: 5 failures in a row');
  });

  test('counts that workers hand over', () => {
    const { guard, clock } = setUp(3);
    guard.add(0, 10, 4, 4);
    expect(guard.nextDueMs).toBe(10_000);
    guard.add(0, 20, 7, 6);
    guard.advance(clock.now());
    expect(guard.isEjected(0)).toBe(true);
    guard.add(9, 5, 5, 5);
    expect(guard.isEjected(9)).toBe(false);
  });
});

describe('rates of an interval', () => {
  const good = [
    [100, 0],
    [100, 0],
    [100, 0],
    [100, 0],
  ] as const;
  test.each<{ why: string; tallies: readonly (readonly [number, number])[]; options?: object; want: string[] }>([
    {
      why: 'one of six fails a fifth',
      tallies: [...good, [100, 0], [100, 20]],
      want: ['5: success rate 80.0 %, under 82.5 % (mean 96.7 %, deviation 7.5 %, 6 endpoints)'],
    },
    { why: 'unlucky, not bad: 1 % of one in six', tallies: [...good, [100, 0], [100, 1]], want: [] },
    { why: 'all fail alike', tallies: Array.from({ length: 6 }, () => [100, 40] as const), want: [] },
    { why: 'too few requests to judge', tallies: [...good, [100, 0], [99, 90]], want: [] },
    {
      why: 'one of three fails half',
      tallies: [...good.slice(0, 2), [100, 50]],
      want: ['2: success rate 50.0 %, 100.0 % of the others'],
    },
    {
      why: 'one of two fails half',
      tallies: [
        [300, 3],
        [100, 50],
      ],
      want: ['1: success rate 50.0 %, 99.0 % of the other'],
    },
    { why: 'one of three fails less than the gap', tallies: [...good.slice(0, 2), [100, 29]], want: [] },
    {
      why: 'two of three fail alike',
      tallies: [
        [100, 0],
        [100, 50],
        [100, 50],
      ],
      want: [],
    },
    { why: 'one alone', tallies: [[100, 90]], want: [] },
    {
      why: 'two of five: their spread hides them',
      tallies: [...good.slice(0, 3), [100, 90], [100, 90]],
      want: [],
    },
    {
      why: 'two of five, by their failure rate; the worse first',
      tallies: [...good.slice(0, 3), [200, 160], [100, 90]],
      options: { failureRate: 0.8 },
      want: ['4: 90.0 % of 100 requests failed', '3: 80.0 % of 200 requests failed'],
    },
  ])('$why', ({ tallies, options, want }) => {
    const { guard, heard, runTo } = setUp(tallies.length, { ...NO_RUNS, ...options });
    for (const [slot, [requests, failures]] of tallies.entries()) {
      guard.add(slot, requests, failures, 0);
    }
    runTo(9999);
    expect(heard).toEqual([]);
    runTo(10_000);
    expect(heard).toEqual(want.map((each) => `10 s: ${each.replace(':', ' out until 40 s:')}`));
  });

  test('an interval begins with its first outcome and forgets the one before', () => {
    const { guard, heard, runTo, clock } = setUp(3, NO_RUNS);
    expect(guard.nextDueMs).toBe(Number.POSITIVE_INFINITY);
    runTo(7000);
    for (let interval = 0; interval < 3; interval++) {
      for (const slot of [0, 1]) record(guard, slot, 90, 0);
      record(guard, 2, 90, 60);
      expect(guard.nextDueMs).toBe(clock.now() + 10_000);
      runTo(clock.now() + 12_000);
      expect(guard.nextDueMs).toBe(Number.POSITIVE_INFINITY);
    }
    expect(heard).toEqual([]);
  });
});

describe('members', () => {
  test('when members leave, those nearest to their return come back', () => {
    const { guard, clock, heard, runTo } = setUp(6);
    for (const slot of [3, 1, 5]) {
      fail(guard, slot, 5);
      runTo(clock.now() + 1000);
    }
    guard.forget(0);
    expect(guard.nextDueMs).toBe(Number.NEGATIVE_INFINITY);
    guard.advance(clock.now());
    expect(heard.at(-1)).toBe('3 s: 3 back: early: 3 of 5 were out');
    expect(guard.ejectedCount).toBe(2);
  });

  test('when the others stop serving, one that does comes back; one that does not is no use', () => {
    const { guard, clock, heard } = setUp(4);
    fail(guard, 0, 5);
    fail(guard, 1, 5);
    guard.advance(clock.now());
    guard.setServing(0, false);
    guard.setServing(2, false);
    expect(guard.nextDueMs).toBe(10_000);
    guard.setServing(3, false);
    guard.advance(clock.now());
    expect(heard.at(-1)).toBe('0 s: 1 back: early: 0 were left to serve');
    fail(guard, 1, 5);
    guard.advance(clock.now());
    expect(guard.isEjected(1)).toBe(false);
  });

  test('one that serves again begins anew', () => {
    const { guard, clock } = setUp(4);
    guard.setServing(0, false);
    fail(guard, 0, 5);
    guard.advance(clock.now());
    guard.setServing(0, true);
    fail(guard, 1, 5);
    guard.advance(clock.now());
    expect([guard.isEjected(0), guard.isEjected(1)]).toEqual([false, true]);
  });

  test('a slot that joins again has no past', () => {
    const { guard, clock, heard } = setUp(3);
    fail(guard, 2, 5);
    guard.advance(clock.now());
    guard.join(2);
    expect([guard.isEjected(2), guard.ejectedCount]).toEqual([false, 0]);
    fail(guard, 2, 5);
    guard.advance(clock.now());
    expect(heard).toEqual(Array(2).fill('0 s: 2 out until 30 s: 5 failures in a row'));
    guard.forget(2);
    guard.forget(2);
    guard.record(2, false);
    guard.record(1000, false);
    expect(guard.ejectedCount).toBe(0);
  });

  test('never too many out, never too few left, and nobody for ever', () => {
    checkWalks((rng, steps) => {
      const walk = new Walk(rng);
      for (let i = 0; i < steps; i++) walk.step();
      walk.allReturn();
    }, 700);
  });
});

const SLOTS = 12;

class Walk {
  readonly rng: Rng;
  readonly clock = fakeClock();
  readonly maxEjected: number;
  readonly minEligible: number;
  readonly guard: OutlierEjection;
  readonly members = new Set<number>();
  readonly away = new Set<number>();
  readonly out = new Set<number>();

  constructor(rng: Rng) {
    this.rng = rng;
    this.maxEjected = (1 + rng.below(9)) / 10;
    this.minEligible = rng.below(4);
    const options = { maxEjected: this.maxEjected, minEligible: this.minEligible, minRequests: 10, intervalMs: 50 };
    const listener = (slot: number, ejected: boolean) => {
      if (ejected === this.out.has(slot)) throw new Error(`slot ${slot} told twice`);
      if (ejected && this.away.has(slot)) throw new Error(`slot ${slot} was ejected though it does not serve`);
      if (ejected) this.out.add(slot);
      else this.out.delete(slot);
      if (ejected) this.checkBounds();
    };
    this.guard = new OutlierEjection(
      { ...options, baseEjectionMs: 100, maxEjectionMs: 300 },
      { clock: this.clock, listener },
    );
  }

  step(): void {
    const slot = this.rng.below(SLOTS);
    const kind = this.rng.below(32);
    if (kind === 0) this.join(slot);
    else if (kind === 1) this.forget(slot);
    else if (kind === 2) this.setServing(slot, this.rng.below(2) === 0);
    else if (kind < 29) this.guard.record(slot, this.rng.below(SLOTS) > slot);
    else this.clock.advance(this.rng.below(20));
    if (this.guard.nextDueMs > this.clock.now()) return;
    this.guard.advance(this.clock.now());
    this.checkBounds();
    if (this.guard.nextDueMs <= this.clock.now()) throw new Error('due although just advanced');
  }

  join(slot: number): void {
    this.guard.join(slot);
    this.members.add(slot);
    this.away.delete(slot);
    this.out.delete(slot);
  }

  forget(slot: number): void {
    this.guard.forget(slot);
    for (const set of [this.members, this.away, this.out]) set.delete(slot);
  }

  setServing(slot: number, serving: boolean): void {
    this.guard.setServing(slot, serving);
    if (!serving && this.members.has(slot)) this.away.add(slot);
    else this.away.delete(slot);
  }

  checkBounds(): void {
    const { size } = this.members;
    if (this.guard.ejectedCount !== this.out.size) throw new Error(`counts ${this.guard.ejectedCount}`);
    if (this.out.size > this.maxEjected * size + 1e-9) throw new Error(`${this.out.size} of ${size} are out`);
    let left = size - this.away.size;
    for (const slot of this.out) if (!this.away.has(slot)) left--;
    const couldServe = size - this.away.size > left;
    if (left < this.minEligible && couldServe) throw new Error(`${left} are left`);
  }

  allReturn(): void {
    // Those the cap kept in have their turn first, at worst one after another.
    for (let i = 0; i <= SLOTS; i++) {
      this.clock.advance(300);
      this.guard.advance(this.clock.now());
    }
    if (this.out.size > 0) throw new Error(`${[...this.out]} stay out`);
  }
}

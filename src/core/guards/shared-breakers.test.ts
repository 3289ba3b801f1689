import { describe, expect, test } from 'vitest';
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts';
import { type BreakerState, CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.ts';
import { breakersOf, createSharedBreakers, releaseProbes, type SharedBreakers } from './shared-breakers.ts';

const OPTIONS: CircuitBreakerOptions = { failures: 3, openForMs: 1000 };

function setUp(options: CircuitBreakerOptions, clock: FakeClock, shared: SharedBreakers, epochMs = 0) {
  const heard: string[] = [];
  const listener = (slot: number, state: BreakerState, untilMs: number) => {
    heard.push(`${slot} ${state}${untilMs < 0 ? '' : ` ${untilMs}`}`);
  };
  return { breaker: new CircuitBreaker(options, { clock, listener, shared, epochMs }), clock, heard };
}

function fail(breaker: CircuitBreaker, slot: number, times: number): void {
  for (let i = 0; i < times; i++) breaker.done(slot, false, breaker.start(slot));
}

function wait(breaker: CircuitBreaker, clock: FakeClock, ms: number): void {
  clock.advance(ms);
  breaker.advance(clock.now());
}

describe('a circuit breaker of two workers', () => {
  function share(options = OPTIONS) {
    const clock = fakeClock(50);
    const memory = createSharedBreakers(4, 2);
    const [one, other] = [0, 1].map((worker) => setUp(options, clock, breakersOf(memory, worker)));
    return { clock, memory, one: one!, other: other! };
  }

  /** Half-open, as both know. */
  function shareHalfOpen(options = OPTIONS) {
    const shared = share(options);
    fail(shared.one.breaker, 3, 3);
    shared.clock.advance(1000);
    shared.other.breaker.advance(shared.clock.now());
    return shared;
  }

  test('they count together, and each hears of the other’s change at its next look', () => {
    const { clock, one, other } = share();
    fail(one.breaker, 3, 2);
    expect(one.breaker.nextDueMs).toBe(Number.POSITIVE_INFINITY);
    fail(other.breaker, 3, 1);
    expect(one.breaker.admits(3)).toBe(false);
    expect([one.heard, other.heard]).toEqual([[], ['3 open 1050']]);
    expect(one.breaker.nextDueMs).toBe(Number.NEGATIVE_INFINITY);
    one.breaker.advance(clock.now());
    expect([one.heard, one.breaker.nextDueMs, one.breaker.openCount]).toEqual([['3 open 1050'], 1050, 1]);
    clock.advance(1000);
    one.breaker.advance(clock.now());
    one.breaker.done(3, true, one.breaker.start(3));
    other.breaker.advance(clock.now());
    expect(other.heard).toEqual(['3 open 1050', '3 closed']);
  });

  test('they admit the probes of one', () => {
    const { one, other } = shareHalfOpen({ ...OPTIONS, halfOpen: 2 });
    one.breaker.start(3);
    const probe = other.breaker.start(3);
    expect([one.breaker.admits(3), other.breaker.admits(3)]).toEqual([false, false]);
    other.breaker.neutral(3, probe);
    expect([one.breaker.admits(3), other.breaker.admits(3)]).toEqual([true, true]);
  });

  test('the probes of one that died are free again, and no other', () => {
    const { memory, one, other } = shareHalfOpen({ ...OPTIONS, halfOpen: 3 });
    for (let i = 0; i < 2; i++) one.breaker.start(3);
    other.breaker.start(3);
    releaseProbes(memory, 0);
    const admitted = [0, 1, 2].map(() => other.breaker.admits(3) && other.breaker.start(3) >= 0);
    expect(admitted).toEqual([true, true, false]);
    releaseProbes(memory, 0);
    expect(other.breaker.admits(3)).toBe(false);
  });

  test('what one that died had in flight before the state changed is not subtracted', () => {
    const { clock, memory, one, other } = shareHalfOpen();
    one.breaker.start(3);
    other.breaker.done(3, false);
    clock.advance(1000);
    other.breaker.advance(clock.now());
    other.breaker.start(3);
    releaseProbes(memory, 0);
    expect(other.breaker.admits(3)).toBe(false);
  });

  test('one that joins later takes over what is, untold', () => {
    const { clock, memory, one } = share();
    fail(one.breaker, 3, 3);
    const late = setUp(OPTIONS, clock, breakersOf(memory, 1));
    expect([late.breaker.adopt(3), late.heard]).toEqual(['open', []]);
    clock.advance(1000);
    late.breaker.advance(clock.now());
    expect(late.heard).toEqual(['3 half-open']);
  });

  test('clocks of different origin agree on when it half-opens', () => {
    const memory = createSharedBreakers(4, 2);
    const [early, late] = [fakeClock(5000), fakeClock(20)];
    const one = setUp(OPTIONS, early, breakersOf(memory, 0));
    const other = setUp(OPTIONS, late, breakersOf(memory, 1), 20 - 5000);
    fail(one.breaker, 3, 3);
    wait(other.breaker, late, 999);
    expect(other.heard).toEqual(['3 open 1020']);
    wait(other.breaker, late, 1);
    expect(other.heard).toEqual(['3 open 1020', '3 half-open']);
  });

  test('refuses a slot beyond the memory it was given', () => {
    const { breaker } = setUp(OPTIONS, fakeClock(), breakersOf(createSharedBreakers(4, 1), 0));
    expect(() => breaker.start(4)).toThrow('slot 4 is beyond its 4 slots');
    expect(breaker.admits(4)).toBe(true);
  });
});

import { describe, expect, test } from 'vitest';
import { createSharedCounts, SharedInFlight } from '../../core/load/shared-in-flight.ts';
import { fakeClock } from '../../core/testing/fake-clock.ts';
import type { MemberSnapshot } from '../membership/snapshot.ts';
import { member, setUpPicker } from '../testing/picker.ts';
import { createGuardMemory, DECIDES, releaseGuards } from './guard-share.ts';
import type { GuardOptions } from './guards.ts';

const three = [member(0), member(1), member(2)];
const allBut = (bad: string) => (id: string) => id !== bad;
const setOf = (ids: readonly string[]) => [...new Set(ids)].sort();

/** Two workers and the thread that decides for them. */
function setUp(endpoints: readonly MemberSnapshot[], guards: GuardOptions) {
  const clock = fakeClock();
  const memory = createGuardMemory(16, 2);
  const counts = createSharedCounts(16, 2);
  let runs = 0;
  const onRun = () => void runs++;
  const start = (members: readonly MemberSnapshot[], worker: number) => {
    const own = new SharedInFlight(counts, Math.max(worker, 0));
    const guardShare = { memory, worker, epochMs: 0, onRun };
    const beforeStart = (happens: () => void) => {
      const tryStart = own.tryStart.bind(own);
      own.tryStart = (...pick) => {
        own.tryStart = tryStart;
        happens();
        return tryStart(...pick);
      };
    };
    return { ...setUpPicker(members, { guards, clock, counts: own, guardShare }), counts: own, beforeStart };
  };
  const main = start(endpoints, DECIDES);
  const [one, other] = [start(endpoints, 0), start(endpoints, 1)];
  return { clock, memory, main, one, other, start, runs: () => runs };
}

describe('circuit breakers of two workers', () => {
  const guards = { circuitBreaker: { failures: 4, openForMs: 1000 } };

  test('open for both by failures in both, and admit one probe', () => {
    const { clock, main, one, other } = setUp(three, guards);
    one.run(6, allBut('e1'));
    other.run(6, allBut('e1'));
    expect([setOf(one.run(6)), setOf(other.run(6))]).toEqual([
      ['e0', 'e2'],
      ['e0', 'e2'],
    ]);
    main.picker.observe();
    expect(main.events).toEqual(['e1 breaker open']);
    clock.advance(1000);
    expect([...one.take(6), ...other.take(6)].filter((id) => id === 'e1')).toHaveLength(1);
  });

  test('admit one probe, whoever takes it between another’s choice and its start', () => {
    const { clock, main, one, other } = setUp(three, guards);
    one.run(12, allBut('e1'));
    clock.advance(1000);
    main.picker.observe();
    const taken: string[] = [];
    one.beforeStart(() => taken.push(...other.take(3)));
    taken.push(...one.take(3));
    expect(taken.filter((id) => id === 'e1')).toHaveLength(1);
    expect(one.counts.total(), 'a choice that was given up is not in flight').toBe(taken.length);
  });

  test('free the probe of a worker that died', () => {
    const { clock, memory, one, other } = setUp(three, guards);
    one.run(12, allBut('e1'));
    clock.advance(1000);
    expect(one.take(3)).toContain('e1');
    expect(other.take(3)).not.toContain('e1');
    releaseGuards(memory, 0);
    expect(other.take(3)).toContain('e1');
  });

  test('are closed for an endpoint in a slot whose last one was open, once', () => {
    const { main, one, other } = setUp(three, guards);
    one.run(12, allBut('e1'));
    for (const each of [main, one, other]) each.apply(member(0), member(2));
    const next = [member(0), member(9, { slot: 1 }), member(2)];
    main.apply(...next);
    one.apply(...next);
    expect(setOf(one.run(6))).toEqual(['e0', 'e2', 'e9']);
    one.run(12, allBut('e9'));
    // What it learned is not lost on who hears of it later.
    other.apply(...next);
    expect(setOf(other.run(6))).toEqual(['e0', 'e2']);
  });

  test('are known to a worker that comes later', () => {
    const { one, start } = setUp(three, guards);
    one.run(12, allBut('e1'));
    const late = start(three, 1);
    expect([setOf(late.run(6)), late.events]).toEqual([['e0', 'e2'], []]);
  });
});

describe('outlier ejection with two workers', () => {
  const guards = { outliers: { consecutiveFailures: 4, baseEjectionMs: 1000 } };

  test('is decided once, by failures in both', () => {
    const { clock, main, one, other, runs } = setUp(three, guards);
    one.run(6, allBut('e1'));
    main.picker.observe();
    other.run(3, allBut('e1'));
    expect([runs(), main.events]).toEqual([0, []]);
    other.run(3, allBut('e1'));
    expect(runs()).toBe(1);
    main.picker.observe();
    expect(main.events).toEqual(['e1 ejection ejected']);
    expect([setOf(one.run(6)), setOf(other.run(6))]).toEqual([
      ['e0', 'e2'],
      ['e0', 'e2'],
    ]);
    clock.advance(1000);
    main.picker.observe();
    expect(setOf(one.run(6))).toEqual(['e0', 'e1', 'e2']);
    expect(main.events).toEqual(['e1 ejection ejected', 'e1 ejection returned']);
  });

  test('holds for a worker that comes later', () => {
    const { main, one, start } = setUp(three, guards);
    one.run(12, allBut('e1'));
    main.picker.observe();
    expect(setOf(start(three, 1).run(6))).toEqual(['e0', 'e2']);
  });

  test('is over for the next endpoint of the slot', () => {
    const { main, one } = setUp(three, guards);
    one.run(12, allBut('e1'));
    main.picker.observe();
    const next = [member(0), member(9, { slot: 1 }), member(2)];
    for (const each of [main, one]) each.apply(member(0), member(2));
    for (const each of [main, one]) each.apply(...next);
    main.picker.observe();
    expect(setOf(one.run(6))).toEqual(['e0', 'e2', 'e9']);
  });
});

describe('slow start with two workers', () => {
  const weights = ({ primaries }: ReturnType<typeof setUpPicker>) => primaries.members.map((each) => each.weight);

  test('the same part of the weight in each, also in one that comes later', () => {
    const { clock, main, one, other, start } = setUp(three, { slowStart: { windowMs: 10_000, floor: 0.125 } });
    clock.advance(60_000);
    for (const each of [main, one, other]) each.apply(...three, member(3, { weight: 2 }));
    expect([one, other].map(weights)).toEqual([
      [1, 1, 1, 0.25],
      [1, 1, 1, 0.25],
    ]);
    clock.advance(5000);
    main.picker.observe();
    one.run(1);
    const late = start([...three, member(3, { weight: 2 })], 1);
    expect([one, late].map(weights)).toEqual([
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ]);
    clock.advance(5000);
    main.picker.observe();
    late.run(1);
    expect(weights(late)).toEqual([1, 1, 1, 2]);
  });
});

import { describe, expect, test } from 'vitest';
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts';
import { checkWalks } from '../testing/random-walk.ts';
import { SlowStart, type SlowStartOptions } from './slow-start.ts';

function setUp(options: SlowStartOptions = { windowMs: 10_000 }, clock: FakeClock = fakeClock()) {
  const heard: string[] = [];
  const listener = (slot: number, weight: number) => {
    heard.push(`${clock.now()}: ${slot} ${Number(weight.toFixed(6))}`);
  };
  return { guard: new SlowStart(options, { clock, listener }), clock, heard };
}

/** Members at full weight: all that enter an empty pool together. */
function settled(guard: SlowStart, weights: readonly number[]): void {
  for (const [slot, weight] of weights.entries()) guard.enter(slot, weight);
  guard.settle();
}

function runUntilWarm(guard: SlowStart, clock: FakeClock): void {
  while (guard.warmingCount > 0) {
    clock.advance(guard.nextDueMs - clock.now());
    guard.advance(clock.now());
  }
}

describe('SlowStart', () => {
  test('a newcomer rises from a tenth to its weight in tenths of the window', () => {
    const { guard, clock, heard } = setUp({ windowMs: 20_000 });
    settled(guard, [1, 1]);
    guard.enter(2, 2);
    guard.settle();
    runUntilWarm(guard, clock);
    // The step at 2 s finds the floor again and says nothing.
    const steps = [4, 6, 8, 10, 12, 14, 16, 18, 20].map((s) => `${s * 1000}: 2 ${(2 * s) / 20}`);
    expect(heard).toEqual(['0: 2 0.2', ...steps]);
    expect(guard.nextDueMs).toBe(Number.POSITIVE_INFINITY);
    expect(guard.weightOf(2)).toBe(2);
  });

  test.each([
    { why: 'a line', options: {}, wants: [0.1, 0.25, 0.5, 1] },
    { why: 'aggression 2 is the square root', options: { aggression: 2 }, wants: [0.1, 0.5, Math.SQRT1_2, 1] },
    { why: 'aggression 1/2 is the square', options: { aggression: 0.5 }, wants: [0.1, 0.1, 0.25, 1] },
    { why: 'another floor', options: { floor: 0.3 }, wants: [0.3, 0.3, 0.5, 1] },
    { why: 'no floor', options: { floor: 0 }, wants: [0, 0.25, 0.5, 1] },
  ])('the curve: $why', ({ options, wants }) => {
    for (const [quarter, want] of wants.entries()) {
      const { guard, clock } = setUp({ windowMs: 8000, ...options });
      settled(guard, [1, 1]);
      guard.enter(2, 1);
      guard.settle();
      clock.advance([0, 2000, 4000, 8000][quarter]!);
      guard.advance(clock.now());
      expect(guard.weightOf(2)).toBeCloseTo(want, 12);
    }
  });

  test('steps are a second at least, and shared by all that warm', () => {
    const { guard, clock, heard } = setUp({ windowMs: 3000 });
    settled(guard, [1, 1, 1]);
    guard.enter(3, 1);
    guard.settle();
    clock.advance(500);
    guard.enter(4, 1);
    guard.settle();
    expect(guard.nextDueMs).toBe(1000);
    runUntilWarm(guard, clock);
    expect(heard).toEqual([
      '0: 3 0.1',
      '500: 4 0.1',
      '1000: 4 0.166667',
      '1000: 3 0.333333',
      '2000: 4 0.5',
      '2000: 3 0.666667',
      '3000: 4 0.833333',
      '3000: 3 1',
      '4000: 4 1',
    ]);
  });

  test.each([
    { why: 'all are new', before: [], enters: [1, 1, 1], want: 0 },
    { why: 'one of one', before: [], enters: [1], want: 0 },
    { why: 'half', before: [1, 1], enters: [1, 1], want: 2 },
    { why: 'more than half', before: [1, 1], enters: [1, 1, 1], want: 0 },
    { why: 'one that weighs more than the rest', before: [1, 1], enters: [3], want: 0 },
    { why: 'many that weigh little', before: [10], enters: [1, 1, 1], want: 3 },
    { why: 'half, but for rounding', before: [0.3], enters: [0.2, 0.1], want: 2 },
    { why: 'weight 0 does not enter', before: [1], enters: [0], want: 0 },
  ])('of the weight $before when $enters enter ($why), $want warm', ({ before, enters, want }) => {
    const { guard, heard } = setUp();
    settled(guard, before);
    enters.forEach((weight, index) => {
      guard.enter(before.length + index, weight);
    });
    guard.settle();
    expect([guard.warmingCount, heard.length]).toEqual([want, want]);
    expect(guard.nextDueMs).toBe(want === 0 ? Number.POSITIVE_INFINITY : 1000);
  });

  test('when warm ones leave so that most would be warming, all are at full weight', () => {
    const { guard, clock, heard } = setUp();
    settled(guard, [1, 1, 1]);
    guard.enter(3, 1);
    guard.settle();
    clock.advance(2000);
    guard.advance(clock.now());
    guard.leave(0);
    guard.leave(1);
    guard.settle();
    expect(guard.warmingCount).toBe(1);
    guard.leave(2);
    guard.settle();
    expect(heard).toEqual(['0: 3 0.1', '2000: 3 0.2', '2000: 3 1']);
  });

  test('who leaves and returns warms anew; a changed weight does not', () => {
    const { guard, clock, heard } = setUp();
    settled(guard, [1, 1, 1]);
    guard.enter(0, 5);
    guard.settle();
    expect([guard.warmingCount, guard.weightOf(0)]).toEqual([0, 5]);
    guard.enter(0, 1);
    guard.leave(1);
    expect(guard.weightOf(1)).toBe(0);
    guard.settle();
    guard.enter(1, 1);
    guard.settle();
    clock.advance(5000);
    guard.advance(clock.now());
    guard.enter(1, 2);
    guard.settle();
    expect([guard.factorOf(1), guard.weightOf(1)]).toEqual([0.5, 1]);
    guard.enter(1, 0);
    guard.settle();
    expect([guard.warmingCount, guard.weightOf(1), guard.nextDueMs]).toEqual([0, 0, Number.POSITIVE_INFINITY]);
    expect(heard).toEqual(['0: 1 0.1', '5000: 1 0.5']);
  });

  test('weights stay within floor and whole, never more than the share warms, and all get warm', () => {
    checkWalks((rng, steps) => {
      const clock = fakeClock();
      const told = new Map<number, number>();
      const listener = (slot: number, weight: number) => void told.set(slot, weight);
      const guard = new SlowStart({ windowMs: 5000, aggression: 1 + rng.below(3) }, { clock, listener });
      const weights = new Map<number, number>();
      for (let i = 0; i < steps; i++) {
        const slot = rng.below(40);
        const kind = rng.below(4);
        if (kind === 0 && !weights.has(slot)) {
          weights.set(slot, 1 + rng.below(5));
          told.set(slot, weights.get(slot)!);
          guard.enter(slot, weights.get(slot)!);
        } else if (kind === 1) {
          weights.delete(slot);
          guard.leave(slot);
        } else if (kind === 2) clock.advance(rng.below(600));
        if (rng.below(3) > 0) continue;
        guard.settle();
        if (guard.nextDueMs <= clock.now()) guard.advance(clock.now());
        check(guard, weights, told);
      }
      guard.settle();
      runUntilWarm(guard, clock);
      for (const [each, weight] of weights) expect([guard.weightOf(each), told.get(each)]).toEqual([weight, weight]);
    }, 400);
  });
});

function check(guard: SlowStart, weights: ReadonlyMap<number, number>, told: ReadonlyMap<number, number>): void {
  let all = 0;
  let warming = 0;
  for (const [slot, weight] of weights) {
    const factor = guard.factorOf(slot);
    all += weight;
    if (factor < 1) warming += weight;
    if (factor < 0.1 || factor > 1) throw new Error(`factor ${factor}`);
    if (guard.weightOf(slot) !== told.get(slot)) throw new Error(`${guard.weightOf(slot)}, told ${told.get(slot)}`);
  }
  if (warming > all / 2) throw new Error(`${warming} of ${all} warm`);
}

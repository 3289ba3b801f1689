import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOT_ARMED, type TimerEntry, TimerWheel } from './timer-wheel.ts';

const TICK_MS = 100;

class Entry implements TimerEntry {
  deadlineTick = NOT_ARMED;
  slotTick = NOT_ARMED;
  nextEntry: TimerEntry | null = null;
  previousEntry: TimerEntry | null = null;
  readonly onTimeout: () => void;

  constructor(onTimeout: () => void = () => {}) {
    this.onTimeout = onTimeout;
  }
}

/** Ticks until `timeoutMs` has passed for certain: the current tick has partly passed, so one more. */
function ticksFor(timeoutMs: number): number {
  return 1 + Math.ceil(Math.max(0, timeoutMs) / TICK_MS);
}

function advance(wheel: TimerWheel, ticks: number): void {
  for (let i = 0; i < ticks; i++) wheel.advance();
}

describe('timer wheel', () => {
  test.each([
    { why: 'nothing', timeoutMs: 0 },
    { why: 'less than a tick', timeoutMs: 1 },
    { why: 'a tick', timeoutMs: 100 },
    { why: 'a little more than a tick', timeoutMs: 101 },
    { why: 'one round of the wheel', timeoutMs: 102_300 },
    { why: 'a tick more than a round', timeoutMs: 102_400 },
    { why: 'an hour', timeoutMs: 3_600_000 },
    { why: 'negative: as 0', timeoutMs: -5000 },
    { why: 'not a number: as 0', timeoutMs: Number.NaN },
  ])('$why: never early, at most two ticks late', ({ timeoutMs }) => {
    const wheel = new TimerWheel(TICK_MS);
    let fired = 0;
    const entry = new Entry(() => fired++);
    advance(wheel, 17);
    wheel.arm(entry, timeoutMs);
    const want = Number.isNaN(timeoutMs) ? 1 : ticksFor(timeoutMs);
    advance(wheel, want - 1);
    expect(fired).toBe(0);
    wheel.advance();
    expect(fired).toBe(1);
    // It was armed within a tick: this is the earliest that is never early.
    expect((want - 1) * TICK_MS).toBeGreaterThanOrEqual(Math.max(0, timeoutMs || 0));
    expect((want - 2) * TICK_MS).toBeLessThan(Math.max(1, timeoutMs || 0));
    advance(wheel, 3000);
    expect(fired).toBe(1);
    expect(wheel.linked).toBe(0);
  });

  test('Infinity never comes, and can be moved to a deadline', () => {
    const wheel = new TimerWheel(TICK_MS);
    let fired = 0;
    const entry = new Entry(() => fired++);
    wheel.arm(entry, Number.POSITIVE_INFINITY);
    advance(wheel, 5000);
    expect(fired).toBe(0);
    wheel.arm(entry, 300);
    advance(wheel, 4);
    expect(fired).toBe(1);
  });

  test('postponing again and again leaves one link, and fires after the last', () => {
    const wheel = new TimerWheel(TICK_MS);
    let fired = 0;
    const entry = new Entry(() => fired++);
    for (let i = 0; i < 2000; i++) {
      wheel.arm(entry, 500);
      wheel.advance();
      expect(wheel.linked).toBe(1);
    }
    expect(fired).toBe(0);
    advance(wheel, 5);
    expect(fired).toBe(1);
  });

  test('an earlier deadline moves the entry forward', () => {
    const wheel = new TimerWheel(TICK_MS);
    let fired = 0;
    const entry = new Entry(() => fired++);
    wheel.arm(entry, 60_000);
    wheel.arm(entry, 200);
    advance(wheel, 3);
    expect(fired).toBe(1);
  });

  test('an entry may arm itself inside onTimeout', () => {
    const wheel = new TimerWheel(TICK_MS);
    const firedAt: number[] = [];
    let tick = 0;
    const entry: Entry = new Entry(() => {
      firedAt.push(tick);
      wheel.arm(entry, 200);
    });
    wheel.arm(entry, 200);
    for (tick = 1; tick <= 9; tick++) wheel.advance();
    expect(firedAt).toEqual([3, 6, 9]);
  });

  test.each([
    { why: 'remove', act: (wheel: TimerWheel, other: Entry) => wheel.remove(other), want: 0 },
    { why: 'disarm', act: (wheel: TimerWheel, other: Entry) => wheel.disarm(other), want: 0 },
    { why: 'postpone', act: (wheel: TimerWheel, other: Entry) => wheel.arm(other, 1000), want: 0 },
    { why: 'leave alone', act: () => {}, want: 1 },
  ])('inside onTimeout: $why another entry of the same tick; the rest are served', ({ act, want }) => {
    for (let target = 0; target < 4; target++) {
      const wheel = new TimerWheel(TICK_MS);
      const fired = [0, 0, 0, 0];
      let actor = -1;
      const entries = fired.map((_, index) => new Entry(() => onTimeout(index)));
      const onTimeout = (index: number) => {
        fired[index]!++;
        if (actor !== -1 || index === target) return;
        actor = index;
        act(wheel, entries[target]!);
      };
      for (const entry of entries) wheel.arm(entry, 100);
      advance(wheel, 2);
      // A target that came first has fired already.
      const cameFirst = fired[target] === 1 && want === 0;
      expect(fired.map((count, index) => (index === target && !cameFirst ? count - want : count - 1))).toEqual([
        0, 0, 0, 0,
      ]);
    }
  });

  test('an exception is reported and the others of that tick are served', () => {
    const errors: unknown[] = [];
    const wheel = new TimerWheel(TICK_MS, (error) => errors.push(error));
    let fired = 0;
    const throwing = () => {
      fired++;
      throw new Error('thrown');
    };
    for (let i = 0; i < 5; i++) wheel.arm(new Entry(throwing), 100);
    advance(wheel, 2);
    expect(fired).toBe(5);
    expect(errors.map(String)).toEqual(Array(5).fill('Error: thrown'));
    expect(wheel.linked).toBe(0);
  });

  test('100,000 time-outs in one tick, beside as many in later rounds of the same slot, take linear time', () => {
    const wheel = new TimerWheel(TICK_MS);
    const count = 100_000;
    let fired = 0;
    for (let i = 0; i < count; i++) {
      wheel.arm(new Entry(() => fired++), 1000);
      wheel.arm(new Entry(() => fired++), 1000 + 1024 * TICK_MS);
    }
    const start = performance.now();
    advance(wheel, 11);
    // Some 2 ms; walking the slot anew after each would take minutes.
    expect(performance.now() - start).toBeLessThan(2000);
    expect(fired).toBe(count);
    advance(wheel, 1024);
    expect(fired).toBe(2 * count);
  });

  test('agrees with a naive list of deadlines, whatever owners do', () => {
    fc.assert(fc.property(fc.array(operation(), { maxLength: 60 }), (operations) => followsModel(operations)));
  });
});

const ENTRIES = 6;

type Action =
  | { readonly kind: 'arm'; readonly entry: number; readonly timeoutMs: number }
  | { readonly kind: 'disarm' | 'remove'; readonly entry: number };
type Operation =
  | Action
  | { readonly kind: 'advance'; readonly ticks: number }
  /** What the entry's next time-out does, to itself or to another. */
  | { readonly kind: 'plan'; readonly entry: number; readonly action: Action };

function action(): fc.Arbitrary<Action> {
  const entry = fc.nat({ max: ENTRIES - 1 });
  const timeoutMs = fc.oneof(
    fc.constant(100),
    fc.nat({ max: 700 }),
    fc.constantFrom(0, 102_200, 102_300, 102_400, 102_500, 250_000),
  );
  return fc.oneof(
    fc.record({ kind: fc.constant('arm' as const), entry, timeoutMs }),
    fc.record({ kind: fc.constantFrom('disarm' as const, 'remove' as const), entry }),
  );
}

function operation(): fc.Arbitrary<Operation> {
  const ticks = fc.oneof(fc.nat({ max: 8 }), fc.constantFrom(1, 1023, 1024, 1025, 2100));
  return fc.oneof(
    { weight: 4, arbitrary: action() },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), ticks }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('plan' as const),
        entry: fc.nat({ max: ENTRIES - 1 }),
        action: action(),
      }),
    },
  );
}

/**
 * The model: a deadline per entry. Which of several due entries comes first is the wheel's business, so the model
 * follows the wheel's order and checks that each one was due, and that none that is due is left after a tick.
 */
function followsModel(operations: readonly Operation[]): void {
  const wheel = new TimerWheel(TICK_MS);
  const deadlines: (number | undefined)[] = Array(ENTRIES).fill(undefined);
  const plans: (Action | undefined)[] = Array(ENTRIES).fill(undefined);
  let tick = 0;

  function perform(each: Action): void {
    const entry = entries[each.entry]!;
    if (each.kind === 'arm') {
      wheel.arm(entry, each.timeoutMs);
      deadlines[each.entry] = tick + ticksFor(each.timeoutMs);
      return;
    }
    if (each.kind === 'disarm') wheel.disarm(entry);
    else wheel.remove(entry);
    deadlines[each.entry] = undefined;
  }

  const entries = deadlines.map(
    (_, index) =>
      new Entry(() => {
        expect(deadlines[index]).toBe(tick);
        deadlines[index] = undefined;
        const plan = plans[index];
        plans[index] = undefined;
        if (plan !== undefined) perform(plan);
      }),
  );

  for (const each of operations) {
    if (each.kind === 'plan') plans[each.entry] = each.action;
    else if (each.kind !== 'advance') perform(each);
    else {
      for (let i = 0; i < each.ticks; i++) {
        tick++;
        wheel.advance();
        if (deadlines.some((deadline) => deadline !== undefined && deadline <= tick)) expect(deadlines).toBe('served');
      }
    }
    expect(wheel.linked).toBe(entries.filter(({ slotTick }) => slotTick !== NOT_ARMED).length);
  }
}

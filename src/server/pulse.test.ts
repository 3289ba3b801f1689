import { describe, expect, test } from 'vitest';
import { TimerWheel } from '../transport/timer-wheel.ts';
import { createPulseMemory, startPulse, watchPulses } from './pulse.ts';

const EVERY_MS = 100;

function watched() {
  const memory = createPulseMemory(2);
  let nowMs = 0;
  const watch = watchPulses(memory, { now: () => nowMs }, EVERY_MS);
  /** Each of `steps` is how long the main thread was away, and which workers beat meanwhile. */
  const pass = (count: number, ms: number, beating: readonly number[]) => {
    for (let i = 0; i < count; i++) {
      nowMs += ms;
      for (const worker of beating) Atomics.add(memory, worker, 1);
      watch.look();
    }
  };
  return { watch, pass };
}

describe('pulses', () => {
  test.each([
    { why: 'a worker that beats is not silent', steps: [[50, 100, [0, 1]]], want: [0, 0] },
    { why: 'one that does not is, by the clock', steps: [[50, 100, [1]]], want: [5000, 0] },
    {
      why: 'a single beat ends the silence',
      steps: [
        [50, 100, [1]],
        [1, 100, [0]],
      ],
      want: [0, 100],
    },
    {
      why: 'a beat less often than looks is enough',
      steps: [
        [9, 100, []],
        [1, 100, [0, 1]],
        [9, 100, []],
      ],
      want: [900, 900],
    },
    { why: 'time in which nobody looked counts for two looks', steps: [[1, 3_600_000, []]], want: [200, 200] },
    {
      why: 'a busy main thread judges slowly',
      steps: [
        [5, 150, []],
        [5, 1000, []],
      ],
      want: [1750, 1750],
    },
    {
      why: 'a clock that went back counts for nothing',
      steps: [
        [1, -500, []],
        [3, 100, []],
      ],
      want: [300, 300],
    },
  ] as const)('$why', ({ steps, want }) => {
    const { watch, pass } = watched();
    for (const [count, ms, beating] of steps) pass(count, ms, beating);
    expect([watch.silentMs(0), watch.silentMs(1)]).toEqual(want);
  });

  test('one that was replaced is judged anew', () => {
    const { watch, pass } = watched();
    pass(60, 100, [1]);
    watch.forget(0);
    pass(2, 100, [1]);
    expect(watch.silentMs(0)).toBe(200);
  });

  test('a worker beats with every turn of its wheel, each in its own word', () => {
    const memory = createPulseMemory(3);
    const timers = new TimerWheel();
    startPulse(memory, 1, timers);
    for (let i = 0; i < 7; i++) timers.advance();
    expect([...memory]).toEqual([0, 7, 0]);
  });
});

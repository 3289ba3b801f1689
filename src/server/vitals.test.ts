import { expect, test } from 'vitest';
import type { Scheduled } from '../control/membership/scheduler.ts';
import { fakeClock } from '../core/testing/fake-clock.ts';
import { watchVitals } from './vitals.ts';

/** One timer at a time, which fires when the test says. */
function setUp() {
  const clock = fakeClock();
  let run: (() => void) | undefined;
  const after = (_ms: number, what: () => void): Scheduled => {
    run = what;
    return { cancel: () => (run = undefined) };
  };
  const watch = watchVitals({ after }, clock);
  return {
    watch,
    waits: () => run !== undefined,
    fire(lateMs: number) {
      clock.advance(250 + lateMs);
      run!();
    },
    clock,
  };
}

test('the worst lag since the last time that was asked', () => {
  const { watch, fire, clock } = setUp();
  expect(watch.read().lagMs).toBe(0);
  for (const late of [1, 40, 3]) fire(late);
  expect(watch.read().lagMs).toBe(40);
  expect(watch.read().lagMs).toBe(0);
  fire(2);
  expect(watch.read().lagMs).toBe(2);
  clock.advance(300);
  expect(watch.read().lagMs, 'a timer that is late now').toBe(50);
});

test('the heap has a size; nothing goes on after close', () => {
  const { watch, waits } = setUp();
  expect(watch.read().heapBytes).toBeGreaterThan(100_000);
  watch.close();
  expect(waits()).toBe(false);
});

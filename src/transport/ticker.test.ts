import { describe, expect, test } from 'vitest';
import { createCatchUp, startTimerWheel } from './ticker.ts';
import { NOT_ARMED, TimerWheel } from './timer-wheel.ts';

/** A wheel that counts its ticks. */
class CountedWheel extends TimerWheel {
  ticks = 0;
  override advance(): void {
    this.ticks++;
    super.advance();
  }
}

function entryOf(onTimeout: () => void) {
  return { onTimeout, deadlineTick: NOT_ARMED, slotTick: NOT_ARMED, nextEntry: null, previousEntry: null };
}

describe('catch-up', () => {
  test.each([
    { why: 'on time', calls: [100, 200, 300], want: [1, 2, 3] },
    { why: 'a little late: no drift', calls: [130, 250, 399, 401], want: [1, 2, 3, 4] },
    { why: 'early: not yet', calls: [99, 199, 300], want: [0, 1, 3] },
    { why: 'a tick missed: both', calls: [100, 300, 400], want: [1, 3, 4] },
    { why: 'stood still for an hour: two ticks, then on', calls: [3_600_000, 3_600_100, 3_600_200], want: [2, 3, 4] },
    { why: 'a clock that does not move', calls: [0, 0, 0], want: [0, 0, 0] },
  ])('$why', ({ calls, want }) => {
    let now = 0;
    const wheel = new CountedWheel(100);
    const tick = createCatchUp(wheel, () => now);
    const seen = calls.map((at) => {
      now = at;
      tick();
      return wheel.ticks;
    });
    expect(seen).toEqual(want);
  });
});

describe('startTimerWheel', () => {
  test('drives time-outs in real time, never early, and gives their exceptions to onError', async () => {
    const start = performance.now();
    const error = await new Promise<unknown>((resolve) => {
      const ticker = startTimerWheel({
        tickMs: 5,
        onError: (thrown) => {
          ticker.stop();
          resolve(thrown);
        },
      });
      const entry = entryOf(() => {
        throw new Error('from the time-out');
      });
      ticker.wheel.arm(entry, 30);
    });
    expect(String(error)).toBe('Error: from the time-out');
    // What is armed at once is armed in a tick that is not late, so that it cannot be early.
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });

  test('stop ends it', async () => {
    const { wheel, stop } = startTimerWheel({ tickMs: 1 });
    let fired = 0;
    wheel.arm(
      entryOf(() => fired++),
      1,
    );
    stop();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fired).toBe(0);
  });
});

import type { Scheduler } from '../control/membership/scheduler.ts';
import type { Clock } from '../core/kernel/clock.ts';

/** How a thread is doing. */
export interface Vitals {
  /** By how much a timer was late at most, since the last time that was asked: how long the loop was busy at a stretch. */
  readonly lagMs: number;
  /** JavaScript objects, those that nobody holds any more among them. */
  readonly heapBytes: number;
}

export interface VitalsWatch {
  read(): Vitals;
  close(): void;
}

const EVERY_MS = 250;

/** Watches this thread by a timer that fires four times a second. */
export function watchVitals(scheduler: Scheduler, clock: Clock): VitalsWatch {
  let worstMs = 0;
  let dueMs = 0;
  let timer = wait();

  function wait() {
    dueMs = clock.now() + EVERY_MS;
    return scheduler.after(EVERY_MS, () => {
      worstMs = Math.max(worstMs, clock.now() - dueMs);
      timer = wait();
    });
  }

  return {
    read() {
      // It may be late just now.
      const lagMs = Math.max(worstMs, clock.now() - dueMs, 0);
      worstMs = 0;
      return { lagMs, heapBytes: process.memoryUsage().heapUsed };
    },
    close: () => timer.cancel(),
  };
}

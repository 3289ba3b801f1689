import type { Clock } from '../../core/kernel/clock.ts';
import type { Scheduler } from '../membership/scheduler.ts';

interface Pending {
  readonly at: number;
  readonly run: () => void;
}

/** A clock and its timers that a test moves by hand. */
export interface FakeScheduler extends Scheduler, Clock {
  /** Moves time and runs what falls due, in order of time; also what that arms. */
  advance(ms: number): void;
  /** Timers armed now. */
  readonly pending: number;
}

export function fakeScheduler(): FakeScheduler {
  let now = 0;
  const timers = new Set<Pending>();

  function earliest(until: number): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of timers) if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer;
    return first;
  }

  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms) {
      const until = now + ms;
      for (let timer = earliest(until); timer !== undefined; timer = earliest(until)) {
        timers.delete(timer);
        now = timer.at;
        timer.run();
      }
      now = until;
    },
    get pending() {
      return timers.size;
    },
  };
}

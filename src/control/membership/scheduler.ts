/** Timers, passed in so that tests move time by hand. */
export interface Scheduler {
  /** Calls `run` once, `ms` milliseconds from now, unless cancelled before. */
  after(ms: number, run: () => void): Scheduled;
}

export interface Scheduled {
  /** May be called at any time; later calls do nothing. */
  cancel(): void;
}

/** The longest delay a timer holds; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Real timers. They don't keep the process alive: that is the listeners' part. */
export function createScheduler(): Scheduler {
  return {
    after(ms, run) {
      const timer = setTimeout(run, Math.min(ms, LONGEST_MS));
      // Browsers have nothing to keep alive.
      timer.unref?.();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

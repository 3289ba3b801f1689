import { type TimerEntry, TimerWheel } from './timer-wheel.ts';

const TICK_MS = 1;
/** After a standstill of the process, no more ticks than this are made good. */
const MOST_TICKS = 60_000;

/**
 * Timers of a millisecond's precision for what waits briefly: hedges, backoffs, queues. The interval that drives them runs
 * only while one is armed; time-outs of connections belong to the coarse wheel.
 *
 * A deadline is never early, also when it is set while the ticks are late, and about a millisecond late as long as the
 * event loop is free.
 *
 * Cost  O(1) to arm and remove, a clock reading to arm; allocates nothing while armed.
 */
export class FineTimers {
  readonly #wheel: TimerWheel;
  readonly #now: () => number;
  #interval: ReturnType<typeof setInterval> | null = null;
  #servedUntilMs = 0;

  /** `now`: monotonic milliseconds. `onError` receives what an `onTimeout` threw. */
  constructor(now: () => number, onError: (error: unknown) => void) {
    this.#now = now;
    this.#wheel = new TimerWheel(TICK_MS, onError);
  }

  /** The interval runs. */
  get isRunning(): boolean {
    return this.#interval !== null;
  }

  /** Arms `entry`, or moves its deadline, to at least `ms` from now. */
  arm(entry: TimerEntry, ms: number): void {
    const nowMs = this.#now();
    if (this.#interval === null) {
      this.#servedUntilMs = nowMs;
      this.#interval = setInterval(this.#turn, TICK_MS);
      this.#interval.unref();
    }
    // Ticks that are late will be made good at once: they must not count for it.
    this.#wheel.arm(entry, ms + nowMs - this.#servedUntilMs);
  }

  /** Forgets `entry`; harmless when it is not armed. */
  remove(entry: TimerEntry): void {
    this.#wheel.remove(entry);
  }

  readonly #turn = (): void => {
    const due = Math.floor((this.#now() - this.#servedUntilMs) / TICK_MS);
    this.#servedUntilMs += due * TICK_MS;
    for (let ticks = Math.min(due, MOST_TICKS); ticks > 0 && this.#wheel.linked > 0; ticks--) this.#wheel.advance();
    if (this.#wheel.linked > 0) return;
    clearInterval(this.#interval!);
    this.#interval = null;
  };
}

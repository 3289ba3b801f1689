import { TimerWheel } from './timer-wheel.ts';

/**
 * Ticks made good at once. A late tick is caught up, so that ordinary delays do not add up; a process that stood still
 * for longer (stopped, starved, asleep) goes on where it was, because its peers are not to blame for that. What is
 * armed while a tick is late fires early by that delay, at most two ticks.
 */
const MAX_CATCH_UP_TICKS = 2;

export interface TickerOptions {
  /** Milliseconds. Default 100. */
  readonly tickMs?: number;
  /** Receives what an `onTimeout` threw. Default: thrown in a microtask of its own. */
  readonly onError?: (error: unknown) => void;
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly now?: () => number;
}

export interface Ticker {
  readonly wheel: TimerWheel;
  stop(): void;
}

/** Drives a new timer wheel by one interval, the only real timer of the data plane. It keeps no process alive. */
export function startTimerWheel(options: TickerOptions = {}): Ticker {
  const { tickMs = 100, onError, now = () => performance.now() } = options;
  const wheel = new TimerWheel(tickMs, onError);
  const tick = createCatchUp(wheel, now);
  const interval = setInterval(tick, tickMs);
  interval.unref();
  return { wheel, stop: () => clearInterval(interval) };
}

/** The interval's callback: advances `wheel` by the ticks that have passed since the last call. */
export function createCatchUp(wheel: TimerWheel, now: () => number): () => void {
  const { tickMs } = wheel;
  let servedUntil = now();
  return () => {
    const due = Math.floor((now() - servedUntil) / tickMs);
    servedUntil += due * tickMs;
    for (let ticks = Math.min(due, MAX_CATCH_UP_TICKS); ticks > 0; ticks--) wheel.advance();
  };
}

import type { Rng } from '../../core/kernel/rng.ts';
import type { Scheduled } from '../membership/scheduler.ts';
import { type CheckDeps, type CheckResult, type CheckTarget, runCheck } from './check.ts';
import type { ProbeRun } from './probe.ts';

export interface CheckerDeps extends CheckDeps {
  readonly rng: Rng;
  readonly intervalMs: number;
  /** Share of the interval by which each check is moved at random, 0..1. */
  readonly jitter: number;
}

export interface Checker {
  /** Closes a connection that is under way; nothing is reported any more. */
  stop(): void;
}

/**
 * Checks one endpoint again and again: first after `delayMs`, then at a random point of the interval, so that a pool's
 * checks spread evenly over it, then once per interval ± `jitter`. Counted from start to start; a check that takes
 * longer than the interval puts off the next one, two never overlap.
 */
export function startChecker(
  target: () => CheckTarget,
  delayMs: number,
  deps: CheckerDeps,
  report: (result: CheckResult) => void,
): Checker {
  const { clock, rng, scheduler, intervalMs, jitter } = deps;
  let checks = 0;
  let running: ProbeRun | undefined;
  let next: Scheduled = scheduler.after(delayMs, check);

  function check(): void {
    const startedAt = clock.now();
    let ended = false;
    const run = runCheck(target(), deps, (result) => {
      ended = true;
      running = undefined;
      next = scheduler.after(Math.max(0, startedAt + gap() - clock.now()), check);
      report(result);
    });
    if (!ended) running = run;
  }

  function gap(): number {
    return ++checks === 1 ? intervalMs * rng.next() : intervalMs * (1 + jitter * (2 * rng.next() - 1));
  }

  return {
    stop() {
      next.cancel();
      running?.stop();
    },
  };
}

/** Between the first checks of a pool: 500 a second ask much of no network, and small pools are judged at once. */
const FIRST_CHECK_GAP_MS = 2;

/** The delay of the `index`-th of `count` first checks; closer together only where all must fit into the interval. */
export function firstCheckDelayMs(index: number, count: number, intervalMs: number): number {
  return index * Math.min(FIRST_CHECK_GAP_MS, intervalMs / count);
}

import type { Rng } from '../../core/kernel/rng.ts';
import type { Scheduled } from '../membership/scheduler.ts';
import { type CheckDeps, type CheckResult, type CheckTarget, runCheck } from './check.ts';
import type { ProbeRun } from './probe.ts';

export interface CheckerDeps extends CheckDeps {
  readonly rng: Rng;
  /** Share of the interval by which each check is moved at random, 0..1. */
  readonly jitter: number;
}

/** Whom to check, and who wants to know. */
export interface CheckSubject {
  target(): CheckTarget;
  /** True: nothing need be asked now. */
  isProven(): boolean;
  /** Milliseconds to the next check, from the start of one to the next; asked after each. */
  intervalMs(): number;
  report(result: CheckResult): void;
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
export function startChecker(subject: CheckSubject, delayMs: number, deps: CheckerDeps): Checker {
  const { clock, rng, scheduler, jitter } = deps;
  let checks = 0;
  let running: ProbeRun | undefined;
  let stopped = false;
  let next: Scheduled = scheduler.after(delayMs, check);

  function check(): void {
    const startedAt = clock.now();
    if (subject.isProven()) {
      goOn(startedAt);
      return;
    }
    let ended = false;
    const run = runCheck(subject.target(), deps, (result) => {
      ended = true;
      running = undefined;
      try {
        subject.report(result);
      } finally {
        goOn(startedAt);
      }
    });
    if (!ended) running = run;
  }

  function goOn(startedAt: number): void {
    // Whoever heard of the result may have ended it.
    if (!stopped) next = scheduler.after(Math.max(0, startedAt + gap() - clock.now()), check);
  }

  function gap(): number {
    const intervalMs = subject.intervalMs();
    return ++checks === 1 ? intervalMs * rng.next() : intervalMs * (1 + jitter * (2 * rng.next() - 1));
  }

  return {
    stop() {
      stopped = true;
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

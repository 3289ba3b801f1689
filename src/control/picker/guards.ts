import { type BreakerState, CircuitBreaker, type CircuitBreakerOptions } from '../../core/guards/circuit-breaker.ts';
import { OutlierEjection, type OutlierEjectionOptions } from '../../core/guards/outlier-ejection.ts';
import { breakersOf } from '../../core/guards/shared-breakers.ts';
import { OutcomeCollector, OutcomeTally } from '../../core/guards/shared-outcomes.ts';
import { type VerdictListener, VerdictReader, writeVerdict } from '../../core/guards/shared-verdicts.ts';
import { SlowStart, type SlowStartOptions } from '../../core/guards/slow-start.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import type { CircuitBreakerFields, OutlierFields, PoolOptions } from '../pool-options.ts';
import type { GuardShare } from './guard-share.ts';

/** What protects a pool from its endpoints, and them from it; each is off where it is absent. */
export interface GuardOptions {
  readonly circuitBreaker?: CircuitBreakerOptions;
  readonly outliers?: OutlierEjectionOptions;
  readonly slowStart?: SlowStartOptions;
  /** Checks are not believed while fewer than this share of the endpoints is not down, 0 to 1. */
  readonly panic?: { readonly below: number };
}

/** A pool's guards as its configuration has them. */
export function guardOptions(
  pool: Pick<PoolOptions, 'circuitBreaker' | 'outliers' | 'slowStart' | 'panic'>,
): GuardOptions {
  const { circuitBreaker, outliers, slowStart, panic } = pool;
  return {
    ...(circuitBreaker !== undefined && { circuitBreaker: breakerOptions(circuitBreaker) }),
    ...(outliers !== undefined && { outliers: outlierOptions(outliers) }),
    ...(slowStart !== undefined && { slowStart: { windowMs: slowStart } }),
    ...(panic !== undefined && { panic }),
  };
}

function breakerOptions({ failures, openFor, halfOpen }: CircuitBreakerFields): CircuitBreakerOptions {
  return { failures, openForMs: openFor, halfOpen };
}

function outlierOptions({ interval, baseEjection, maxEjection, ...rest }: OutlierFields): OutlierEjectionOptions {
  return { ...rest, intervalMs: interval, baseEjectionMs: baseEjection, maxEjectionMs: maxEjection };
}

/** Hears the guards' verdicts. Must not call them back. */
export interface GuardListener {
  breakerChanged(slot: number, state: BreakerState): void;
  /** `reason` is empty where another thread decided. */
  ejectionChanged(slot: number, ejected: boolean, reason: string): void;
  weightChanged(slot: number, weight: number): void;
  /** As `weightChanged`: the part of its weight. */
  factorChanged(slot: number, factor: number): void;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * The guards of one pool that are configured. They hold no timer: `advance` when `nextDueMs` is reached.
 *
 * With several workers each has its own part of the breakers, and hands on how its picks ended; ejections and weights are
 * decided by the one who only watches, and read by the workers.
 */
export class Guards {
  readonly breaker: CircuitBreaker | null;
  /** Null in a worker, as `slowStart`: another thread decides. */
  readonly outliers: OutlierEjection | null;
  readonly slowStart: SlowStart | null;
  readonly #clock: Clock;
  readonly #share: GuardShare | null;
  readonly #tally: OutcomeTally | null;
  readonly #collector: OutcomeCollector | null;
  readonly #reader: VerdictReader | null;
  readonly #toTell: VerdictListener;

  constructor(options: GuardOptions, clock: Clock, listener: GuardListener, share: GuardShare | null = null) {
    const { circuitBreaker, outliers, slowStart } = options;
    const isWorker = share !== null && share.worker >= 0;
    const decides = !isWorker;
    this.#clock = clock;
    this.#toTell = {
      ejectionChanged: (slot, ejected) => listener.ejectionChanged(slot, ejected, ''),
      factorChanged: (slot, factor) => listener.factorChanged(slot, factor),
    };
    this.#share = share;
    this.breaker = circuitBreaker === undefined ? null : createBreaker(circuitBreaker, clock, listener, share);
    this.outliers =
      outliers === undefined || !decides
        ? null
        : new OutlierEjection(outliers, {
            clock,
            listener: (slot, ejected, reason) => {
              this.publish(slot);
              listener.ejectionChanged(slot, ejected, reason);
            },
          });
    this.slowStart =
      slowStart === undefined || !decides
        ? null
        : new SlowStart(slowStart, {
            clock,
            listener: (slot, weight) => {
              this.publish(slot);
              listener.weightChanged(slot, weight);
            },
          });
    this.#tally = isWorker && outliers !== undefined ? createTally(outliers, share) : null;
    this.#collector = share !== null && this.outliers !== null ? new OutcomeCollector(share.memory.outcomes) : null;
    const hasVerdicts = outliers !== undefined || slowStart !== undefined;
    this.#reader = isWorker && hasVerdicts ? new VerdictReader(share.memory.verdicts) : null;
  }

  /** True when something was due and has happened; the clock is not even read while nothing can be. */
  advance(): boolean {
    const isTold = this.#reader?.isNew === true;
    if (isTold) this.#reader!.refresh(this.#toTell);
    const dueMs = Math.min(
      this.breaker?.nextDueMs ?? NEVER,
      this.outliers?.nextDueMs ?? NEVER,
      this.slowStart?.nextDueMs ?? NEVER,
    );
    if (dueMs === NEVER) return isTold;
    const nowMs = this.#clock.now();
    if (nowMs < dueMs) return isTold;
    this.breaker?.advance(nowMs);
    this.outliers?.advance(nowMs);
    this.slowStart?.advance(nowMs);
    return true;
  }

  /** Another endpoint has the slot. */
  join(slot: number): void {
    if (this.#isWorker) {
      this.#reader?.adopt(slot);
      return;
    }
    this.breaker?.forget(slot);
    this.outliers?.join(slot);
    this.#collector?.begin(slot);
    this.publish(slot);
  }

  /** After `join`: what is known of the endpoint. */
  breakerOf(slot: number): BreakerState {
    return this.breaker?.adopt(slot) ?? 'closed';
  }

  isEjected(slot: number): boolean {
    return this.#reader?.isEjected(slot) ?? false;
  }

  leave(slot: number): void {
    this.outliers?.forget(slot);
    this.slowStart?.leave(slot);
  }

  judge(slot: number, ok: boolean, ticket: number): void {
    this.breaker?.done(slot, ok, ticket);
    this.outliers?.record(slot, ok);
    this.#tally?.record(slot, ok);
  }

  neutral(slot: number, ticket: number): void {
    this.breaker?.neutral(slot, ticket);
  }

  /** What the policy is to take for the slot's weight, now that it is eligible or not; null: as before. */
  weightOf(slot: number, weight: number, eligible: boolean): number | null {
    if (this.#reader !== null) return weight * this.#reader.factorOf(slot);
    if (this.slowStart === null) return null;
    if (eligible) {
      this.slowStart.enter(slot, weight);
      // Its full weight, or what it has reached; `settle` says less of newcomers.
      return this.slowStart.weightOf(slot);
    }
    this.slowStart.leave(slot);
    this.publish(slot);
    return null;
  }

  /** What the workers counted of the slot since the last time. */
  collect(slot: number): void {
    if (this.#collector === null) return;
    const { requests, failures, run } = this.#collector.collect(slot);
    this.outliers!.add(slot, requests, failures, run);
  }

  /** Tells the workers what was decided. */
  publish(slot: number): void {
    if (this.#share === null || this.#isWorker) return;
    const ejected = this.outliers?.isEjected(slot) ?? false;
    writeVerdict(this.#share.memory.verdicts, slot, ejected, this.slowStart?.factorOf(slot) ?? 1);
  }

  get #isWorker(): boolean {
    return this.#share !== null && this.#share.worker >= 0;
  }
}

function createBreaker(
  options: CircuitBreakerOptions,
  clock: Clock,
  listener: GuardListener,
  share: GuardShare | null,
): CircuitBreaker {
  const shared = share && {
    shared: breakersOf(share.memory.breakers, share.worker),
    epochMs: share.epochMs,
  };
  return new CircuitBreaker(options, {
    clock,
    listener: (slot, state) => listener.breakerChanged(slot, state),
    ...shared,
  });
}

function createTally({ consecutiveFailures = 5 }: OutlierEjectionOptions, share: GuardShare): OutcomeTally {
  return new OutcomeTally(share.memory.outcomes, share.worker, consecutiveFailures, () => share.onRun());
}

/** False where nothing is configured: then nothing is asked. */
export function hasGuards({ circuitBreaker, outliers, slowStart }: GuardOptions): boolean {
  return circuitBreaker !== undefined || outliers !== undefined || slowStart !== undefined;
}

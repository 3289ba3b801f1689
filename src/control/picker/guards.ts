import { type BreakerState, CircuitBreaker, type CircuitBreakerOptions } from '../../core/guards/circuit-breaker.ts';
import { OutlierEjection, type OutlierEjectionOptions } from '../../core/guards/outlier-ejection.ts';
import { SlowStart, type SlowStartOptions } from '../../core/guards/slow-start.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import type { CircuitBreakerFields, OutlierFields, PoolOptions } from '../pool-options.ts';

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
  ejectionChanged(slot: number, ejected: boolean, reason: string): void;
  weightChanged(slot: number, weight: number): void;
}

const NEVER = Number.POSITIVE_INFINITY;

/** The guards of one pool that are configured. They hold no timer: `advance` when `nextDueMs` is reached. */
export class Guards {
  readonly breaker: CircuitBreaker | null;
  readonly outliers: OutlierEjection | null;
  readonly slowStart: SlowStart | null;
  readonly #clock: Clock;

  constructor(options: GuardOptions, clock: Clock, listener: GuardListener) {
    const { circuitBreaker, outliers, slowStart } = options;
    this.#clock = clock;
    this.breaker =
      circuitBreaker === undefined
        ? null
        : new CircuitBreaker(circuitBreaker, {
            clock,
            listener: (slot, state) => listener.breakerChanged(slot, state),
          });
    this.outliers =
      outliers === undefined
        ? null
        : new OutlierEjection(outliers, {
            clock,
            listener: (slot, ejected, reason) => listener.ejectionChanged(slot, ejected, reason),
          });
    this.slowStart =
      slowStart === undefined
        ? null
        : new SlowStart(slowStart, { clock, listener: (slot, weight) => listener.weightChanged(slot, weight) });
  }

  /** True when something was due and has happened; the clock is not even read while nothing can be. */
  advance(): boolean {
    const dueMs = Math.min(
      this.breaker?.nextDueMs ?? NEVER,
      this.outliers?.nextDueMs ?? NEVER,
      this.slowStart?.nextDueMs ?? NEVER,
    );
    if (dueMs === NEVER) return false;
    const nowMs = this.#clock.now();
    if (nowMs < dueMs) return false;
    this.breaker?.advance(nowMs);
    this.outliers?.advance(nowMs);
    this.slowStart?.advance(nowMs);
    return true;
  }

  join(slot: number): void {
    this.breaker?.forget(slot);
    this.outliers?.join(slot);
  }

  leave(slot: number): void {
    this.outliers?.forget(slot);
    this.slowStart?.leave(slot);
  }

  judge(slot: number, ok: boolean, ticket: number): void {
    this.breaker?.done(slot, ok, ticket);
    this.outliers?.record(slot, ok);
  }

  neutral(slot: number, ticket: number): void {
    this.breaker?.neutral(slot, ticket);
  }
}

/** False where nothing is configured: then nothing is asked. */
export function hasGuards({ circuitBreaker, outliers, slowStart }: GuardOptions): boolean {
  return circuitBreaker !== undefined || outliers !== undefined || slowStart !== undefined;
}

import type { CircuitBreaker } from '../../core/guards/circuit-breaker.ts';
import type { Avoid } from '../../core/kernel/policy.ts';
import type { PickCounts } from './request-counts.ts';
import type { Tried } from './tried.ts';

/** What one request must not get: endpoints tried before, at their limit, or half-open with every probe under way. One object per picker. */
export class Unfit implements Avoid {
  tried: Tried | null = null;
  /** Whose probes count; null: nobody's. */
  breaker: CircuitBreaker | null = null;
  readonly #counts: PickCounts;
  /** By slot. */
  readonly #limits: readonly number[];

  constructor(counts: PickCounts, limits: readonly number[]) {
    this.#counts = counts;
    this.#limits = limits;
  }

  has(slot: number): boolean {
    if (this.#counts.requestsOf(slot) >= this.#limits[slot]!) return true;
    if (this.tried?.has(slot)) return true;
    return this.breaker !== null && !this.breaker.admits(slot);
  }
}

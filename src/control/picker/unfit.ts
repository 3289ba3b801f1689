import type { CircuitBreaker } from '../../core/guards/circuit-breaker.ts';
import type { Avoid } from '../../core/kernel/policy.ts';
import type { Role } from '../pool-options.ts';
import type { PickCounts } from './request-counts.ts';
import type { Roles } from './roles.ts';
import type { Tried } from './tried.ts';

/**
 * What one request must not get: endpoints of another role, tried before, at their limit, or half-open with every probe under
 * way. One object per picker.
 */
export class Unfit implements Avoid {
  tried: Tried | null = null;
  /** The only one that will do; null: any. */
  role: Role | null = null;
  /** Whose probes count; null: nobody's. */
  breaker: CircuitBreaker | null = null;
  readonly #counts: PickCounts;
  /** By slot. */
  readonly #limits: readonly number[];
  readonly #roles: Roles;

  constructor(counts: PickCounts, limits: readonly number[], roles: Roles) {
    this.#counts = counts;
    this.#limits = limits;
    this.#roles = roles;
  }

  has(slot: number): boolean {
    if (this.role !== null && this.#roles.of(slot) !== this.role) return true;
    if (this.#counts.requestsOf(slot) >= this.#limits[slot]!) return true;
    if (this.tried?.has(slot)) return true;
    return this.breaker !== null && !this.breaker.admits(slot);
  }
}

import type { InFlight } from '../../core/kernel/policy.ts';
import { InFlightCounts } from '../../core/load/in-flight.ts';

/** What is in flight by slot, both in cost units, which policies compare, and in requests, which limits count. */
export interface PickCounts extends InFlight {
  /**
   * Counts a pick; false, and nothing is counted, when `limit` requests are under way already: another worker was faster.
   * `cost` is a whole number of at least 1.
   */
  tryStart(slot: number, cost: number, limit: number): boolean;
  /** A counted pick ended; exactly once, with its cost. */
  finish(slot: number, cost: number): void;
  /** Of all workers. */
  requestsOf(slot: number): number;
  /** Of this worker. */
  ownRequestsOf(slot: number): number;
}

/** The counts of a picker that shares its endpoints with no other. As long as every request costs 1, only one table is written. */
export class RequestCounts implements PickCounts {
  readonly #costs = new InFlightCounts();
  /** What the costs are beyond 1 a request. */
  readonly #extra = new InFlightCounts();

  tryStart(slot: number, cost: number, limit: number): boolean {
    if (limit !== Number.POSITIVE_INFINITY && this.requestsOf(slot) >= limit) return false;
    this.#costs.start(slot, cost);
    if (cost !== 1) this.#extra.start(slot, cost - 1);
    return true;
  }

  finish(slot: number, cost: number): void {
    this.#costs.finish(slot, cost);
    if (cost !== 1) this.#extra.finish(slot, cost - 1);
  }

  of(slot: number): number {
    return this.#costs.of(slot);
  }

  total(): number {
    return this.#costs.total();
  }

  requestsOf(slot: number): number {
    const cost = this.#costs.of(slot);
    return this.#extra.total() === 0 ? cost : cost - this.#extra.of(slot);
  }

  ownRequestsOf(slot: number): number {
    return this.requestsOf(slot);
  }
}

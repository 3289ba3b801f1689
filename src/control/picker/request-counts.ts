import type { InFlight } from '../../core/kernel/policy.ts';
import { InFlightCounts } from '../../core/load/in-flight.ts';

/**
 * What is in flight by slot, both in cost units, which policies compare, and in requests, which limits count. As long as
 * every request costs 1, only one of the two is written.
 */
export class RequestCounts implements InFlight {
  readonly #costs = new InFlightCounts();
  /** What the costs are beyond 1 a request. */
  readonly #extra = new InFlightCounts();

  /** `cost`: a whole number of at least 1. */
  start(slot: number, cost: number): void {
    this.#costs.start(slot, cost);
    if (cost !== 1) this.#extra.start(slot, cost - 1);
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
}

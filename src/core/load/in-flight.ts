/**
 * In-flight picks of one worker by slot, in cost units.
 *
 * Source  original.
 * Cost    O(1); allocates only when a slot is higher than any before.
 * Errors  none; a slot never started reads 0.
 */
import type { InFlight } from '../kernel/policy.ts';
import { grownInt32 } from './grow.ts';

export class InFlightCounts implements InFlight {
  #counts = new Int32Array(16);
  #total = 0;

  /** A pick of `slot` was taken. `cost` is a positive integer. */
  start(slot: number, cost = 1): void {
    if (slot >= this.#counts.length) this.#counts = grownInt32(this.#counts, slot);
    this.#counts[slot]! += cost;
    this.#total += cost;
  }

  /** A taken pick of `slot` ended; exactly once per `start`, with its cost. */
  finish(slot: number, cost = 1): void {
    this.#counts[slot]! -= cost;
    this.#total -= cost;
  }

  of(slot: number): number {
    return slot < this.#counts.length ? this.#counts[slot]! : 0;
  }

  total(): number {
    return this.#total;
  }
}

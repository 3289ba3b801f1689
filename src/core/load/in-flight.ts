/**
 * In-flight picks of one worker by slot.
 *
 * Source  original.
 * Cost    O(1); allocates only when a slot is higher than any before.
 * Errors  none; a slot never started reads 0.
 */
import type { InFlight } from '../kernel/policy.ts';
import { grownInt32 } from './grow.ts';

export class InFlightCounts implements InFlight {
  #counts = new Int32Array(16);

  /** A pick of `slot` was taken. */
  start(slot: number): void {
    if (slot >= this.#counts.length) this.#counts = grownInt32(this.#counts, slot);
    this.#counts[slot]!++;
  }

  /** A taken pick of `slot` ended; exactly once per `start`. */
  finish(slot: number): void {
    this.#counts[slot]!--;
  }

  of(slot: number): number {
    return slot < this.#counts.length ? this.#counts[slot]! : 0;
  }
}

/**
 * Outcomes by slot: how many, how many failed, how many failed in a row. What outlier ejection decides by; workers count and
 * hand their counts over.
 *
 * Source  original.
 * Cost    O(1); allocates only when a slot is higher than any before.
 * Errors  none; a slot never recorded reads 0.
 */
import { grownInt32 } from '../load/grow.ts';

export class OutcomeCounts {
  #requests = new Int32Array(16);
  #failures = new Int32Array(16);
  #runs = new Int32Array(16);

  requestsOf(slot: number): number {
    return slot < this.#requests.length ? this.#requests[slot]! : 0;
  }

  failuresOf(slot: number): number {
    return slot < this.#failures.length ? this.#failures[slot]! : 0;
  }

  /** Failures since the last success. */
  runOf(slot: number): number {
    return slot < this.#runs.length ? this.#runs[slot]! : 0;
  }

  record(slot: number, ok: boolean): void {
    if (slot >= this.#requests.length) this.#reach(slot);
    this.#requests[slot]!++;
    if (ok) {
      this.#runs[slot] = 0;
    } else {
      this.#failures[slot]!++;
      this.#runs[slot]!++;
    }
  }

  /** What another counted since it last handed over; `run`: its failures since its last success. */
  add(slot: number, requests: number, failures: number, run: number): void {
    if (slot >= this.#requests.length) this.#reach(slot);
    this.#requests[slot]! += requests;
    this.#failures[slot]! += failures;
    // A success anywhere ends the run; what follows it there is all that is in a row for sure.
    this.#runs[slot] = requests > failures ? run : Math.max(this.#runs[slot]!, run);
  }

  /** Begins a new interval; the run goes on. */
  clear(slot: number): void {
    if (slot >= this.#requests.length) return;
    this.#requests[slot] = 0;
    this.#failures[slot] = 0;
  }

  /** The slot belongs to another endpoint now, or begins anew. */
  forget(slot: number): void {
    if (slot >= this.#requests.length) return;
    this.clear(slot);
    this.#runs[slot] = 0;
  }

  #reach(slot: number): void {
    this.#requests = grownInt32(this.#requests, slot);
    this.#failures = grownInt32(this.#failures, slot);
    this.#runs = grownInt32(this.#runs, slot);
  }
}

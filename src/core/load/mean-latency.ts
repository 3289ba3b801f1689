/**
 * The mean of the last latencies of each slot.
 *
 * A failure counts as at least `failureMs`, so that an endpoint that fails at once never looks fast. An outcome with a
 * negative latency says nothing and is ignored, whether it succeeded or not: report a refused connect with the time it took.
 *
 * Source  original.
 * Cost    O(1) per record and read; allocates only when a slot is higher than any before.
 * Errors  none; a slot without data has no mean (`NO_MEAN`).
 */
import type { Outcome } from '../kernel/outcome.ts';
import { grownFloat64, grownInt32 } from './grow.ts';

/**
 * The default time-out of a connect: a refusal that takes 1 ms leaves the client no better off than an endpoint that
 * never answers, so it is charged the same. In a window of ten, one failure adds half a second to the mean.
 */
export const FAILURE_MS = 5000;

/** What `of` answers for a slot without data; below every mean. */
export const NO_MEAN = -1;

export class MeanLatency {
  readonly #window: number;
  readonly #failureMs: number;
  #samples = new Float64Array(0);
  #sums = new Float64Array(0);
  /** Samples ever recorded; its remainder by the window is the next place. Restarts at one window to stay small. */
  #recorded = new Int32Array(0);

  /** `window` ≥ 1 latencies are kept for each slot; `failureMs` ≥ 0. */
  constructor(window: number, failureMs = FAILURE_MS) {
    this.#window = window;
    this.#failureMs = failureMs;
  }

  /** Milliseconds, or `NO_MEAN`. */
  of(slot: number): number {
    const recorded = slot < this.#recorded.length ? this.#recorded[slot]! : 0;
    return recorded === 0 ? NO_MEAN : this.#sums[slot]! / Math.min(recorded, this.#window);
  }

  record(slot: number, outcome: Outcome): void {
    if (outcome.latencyMs < 0) return;
    if (slot >= this.#recorded.length) this.#reach(slot);
    const latencyMs = outcome.ok ? outcome.latencyMs : Math.max(outcome.latencyMs, this.#failureMs);
    const recorded = this.#recorded[slot]!;
    const place = slot * this.#window + (recorded % this.#window);
    this.#sums[slot]! += latencyMs - this.#samples[place]!;
    this.#samples[place] = latencyMs;
    this.#recorded[slot] = recorded + 1;
    if ((recorded + 1) % this.#window === 0) this.#sumAnew(slot);
  }

  /** The slot belongs to another endpoint now. */
  forget(slot: number): void {
    if (slot >= this.#recorded.length) return;
    this.#samples.fill(0, slot * this.#window, (slot + 1) * this.#window);
    this.#sums[slot] = 0;
    this.#recorded[slot] = 0;
  }

  /** Once per window, so that rounding errors of the running sum do not add up. */
  #sumAnew(slot: number): void {
    let sum = 0;
    const end = (slot + 1) * this.#window;
    for (let place = slot * this.#window; place < end; place++) sum += this.#samples[place]!;
    this.#sums[slot] = sum;
    this.#recorded[slot] = this.#window;
  }

  #reach(slot: number): void {
    this.#samples = grownFloat64(this.#samples, slot, this.#window);
    this.#sums = grownFloat64(this.#sums, slot);
    this.#recorded = grownInt32(this.#recorded, slot);
  }
}

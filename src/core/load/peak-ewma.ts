/**
 * Peak EWMA: a latency that follows a rise at once and forgets it exponentially with time.
 *
 * A sample above the value replaces it; a lower one is mixed in by the time since the last sample: with w = exp(−Δt/τ),
 * value = latency × (1 − w) + value × w. A read is the value × exp(−Δt/τ): who is not asked becomes attractive again.
 * Finagle's read moves its time stamp, so that its result depends on how often it is read; here reads change nothing.
 *
 * A failure counts as at least `failureMs`; a negative latency says nothing and is ignored.
 *
 * Source  Finagle, loadbalancer/PeakEwma.scala.
 * Cost    O(1) per record and read, one exponential for each reading of the clock; every 100 decay times one pass over
 *         all slots; allocates only when a slot is higher than any before.
 * Errors  none; a slot without data has no value (`NO_LATENCY`).
 */
import type { Outcome } from '../kernel/outcome.ts';
import { Fading } from './fading.ts';
import { grownFloat64 } from './grow.ts';
import { FAILURE_MS } from './mean-latency.ts';

/** What a read answers for a slot without data; below every latency. */
export const NO_LATENCY = -1;

/** Finagle's. */
export const DEFAULT_DECAY_MS = 10_000;

/** Past any latency; keeps products finite. */
const MOST_MS = 1e15;

export class PeakEwma {
  readonly #decayMs: number;
  readonly #failureMs: number;
  /** The value at the last sample. */
  #values = new Float64Array(0);
  #sampledAt = new Float64Array(0);
  readonly #faded: Fading;

  /** `decayMs` > 0 is τ: after it, 37 % is left. */
  constructor(decayMs = DEFAULT_DECAY_MS, failureMs = FAILURE_MS) {
    this.#decayMs = decayMs;
    this.#failureMs = failureMs;
    this.#faded = new Fading(decayMs);
  }

  /** Milliseconds at `nowMs`, or `NO_LATENCY`. Times given must not go back. */
  of(slot: number, nowMs: number): number {
    return this.peakOf(slot) === NO_LATENCY ? NO_LATENCY : this.#faded.of(slot, nowMs);
  }

  /** As `of`, without what faded since the last sample. */
  peakOf(slot: number): number {
    return slot < this.#values.length ? this.#values[slot]! : NO_LATENCY;
  }

  record(slot: number, outcome: Outcome, nowMs: number): void {
    if (outcome.latencyMs < 0) return;
    if (slot >= this.#values.length) this.#reach(slot);
    const penalised = outcome.ok ? outcome.latencyMs : Math.max(outcome.latencyMs, this.#failureMs);
    const latencyMs = Math.min(penalised, MOST_MS);
    const rises = latencyMs >= this.#values[slot]!;
    const value = rises ? latencyMs : this.#mixed(slot, latencyMs, nowMs);
    this.#values[slot] = value;
    this.#sampledAt[slot] = nowMs;
    this.#faded.set(slot, value, nowMs);
  }

  /** The slot belongs to another endpoint now. */
  forget(slot: number): void {
    if (slot < this.#values.length) this.#values[slot] = NO_LATENCY;
  }

  #mixed(slot: number, latencyMs: number, nowMs: number): number {
    // 1 − w by expm1: for two samples within a millisecond the plain difference would lose most of its digits.
    const fresh = -Math.expm1((this.#sampledAt[slot]! - nowMs) / this.#decayMs);
    return latencyMs * fresh + this.#values[slot]! * (1 - fresh);
  }

  #reach(slot: number): void {
    const known = this.#values.length;
    this.#values = grownFloat64(this.#values, slot).fill(NO_LATENCY, known);
    this.#sampledAt = grownFloat64(this.#sampledAt, slot);
  }
}

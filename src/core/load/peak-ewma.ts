/**
 * Peak EWMA: a latency that follows a rise at once and forgets it exponentially with time.
 *
 * A sample above the value replaces it; a lower one is mixed in by the time since the last sample: with w = exp(−Δt/τ),
 * value = latency × (1 − w) + value × w. A read is the value × exp(−Δt/τ): who is not asked becomes attractive again.
 * Finagle's read moves its time stamp, so that its result depends on how often it is read; here reads change nothing.
 *
 * All values fade at one rate, so each is kept as value × exp((t − origin)/τ) and a read multiplies by
 * exp((origin − now)/τ), which is the same number for every slot: one exponential for each reading of the clock.
 *
 * A failure counts as at least `failureMs`; a negative latency says nothing and is ignored.
 *
 * Source  Finagle, loadbalancer/PeakEwma.scala; the common factor: Cormode et al., "Forward decay", ICDE 2009.
 * Cost    O(1) per record and read, at most one exponential each; every 100 decay times one pass over all slots;
 *         allocates only when a slot is higher than any before.
 * Errors  none; a slot without data has no value (`NO_LATENCY`).
 */
import type { Outcome } from '../kernel/outcome.ts';
import { grownFloat64 } from './grow.ts';
import { FAILURE_MS } from './mean-latency.ts';

/** What a read answers for a slot without data; below every latency. */
export const NO_LATENCY = -1;

/** Finagle's. */
export const DEFAULT_DECAY_MS = 10_000;

/** exp(100) is 10^43: far from the greatest double whatever the latency, and the pass over all slots is rare. */
const MOST_DECAYS = 100;

/** Past any latency; keeps products finite. */
const MOST_MS = 1e15;

const ORIGIN = 0;
const READ_AT = 1;
const FACTOR = 2;

export class PeakEwma {
  readonly #decayMs: number;
  readonly #failureMs: number;
  /** The value at the last sample. */
  #values = new Float64Array(0);
  #sampledAt = new Float64Array(0);
  /** The value × exp((sampled − origin)/τ). */
  #forward = new Float64Array(0);
  /** Doubles that change: in a field each write would allocate. */
  readonly #now = new Float64Array([-Infinity, Number.NaN, 1]);

  /** `decayMs` > 0 is τ: after it, 37 % is left. */
  constructor(decayMs = DEFAULT_DECAY_MS, failureMs = FAILURE_MS) {
    this.#decayMs = decayMs;
    this.#failureMs = failureMs;
  }

  /** Milliseconds at `nowMs`, or `NO_LATENCY`. Times given must not go back. */
  of(slot: number, nowMs: number): number {
    if (slot >= this.#values.length || this.#values[slot] === NO_LATENCY) return NO_LATENCY;
    // First the factor: it may move the origin, and with it what is kept for the slot.
    const factor = this.#factorAt(nowMs);
    return this.#forward[slot]! * factor;
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
    const factor = this.#factorAt(nowMs);
    const value = this.#values[slot]!;
    const mixed = latencyMs >= value ? latencyMs : this.#mixed(slot, latencyMs, nowMs);
    this.#values[slot] = mixed;
    this.#sampledAt[slot] = nowMs;
    this.#forward[slot] = mixed / factor;
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

  #factorAt(nowMs: number): number {
    const now = this.#now;
    if (nowMs === now[READ_AT]) return now[FACTOR]!;
    if ((nowMs - now[ORIGIN]!) / this.#decayMs > MOST_DECAYS) this.#moveOrigin(nowMs);
    now[READ_AT] = nowMs;
    now[FACTOR] = Math.exp((now[ORIGIN]! - nowMs) / this.#decayMs);
    return now[FACTOR]!;
  }

  #moveOrigin(nowMs: number): void {
    const faded = Math.exp((this.#now[ORIGIN]! - nowMs) / this.#decayMs);
    for (let slot = 0; slot < this.#forward.length; slot++) this.#forward[slot]! *= faded;
    this.#now[ORIGIN] = nowMs;
  }

  #reach(slot: number): void {
    const known = this.#values.length;
    this.#values = grownFloat64(this.#values, slot).fill(NO_LATENCY, known);
    this.#sampledAt = grownFloat64(this.#sampledAt, slot);
    this.#forward = grownFloat64(this.#forward, slot);
  }
}

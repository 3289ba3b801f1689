/**
 * What is known of an endpoint at a pick, as numbers for a model: picks in flight, recent latency, failures, time of day.
 *
 * Latencies are logarithms (of milliseconds): a tenfold latency is as far from the usual as a tenth. The recent latency is a
 * mean of logarithms over time, so that how often an endpoint is asked does not change how long it remembers; a failure
 * counts as at least `FAILURE_MS`. The clock is monotonic and knows no date: the time of day is its phase in a period of
 * 24 h from an arbitrary origin, as a sine and a cosine, of which a linear model makes a curve with its peak at any hour.
 *
 * Source  original.
 * Cost    O(1); only `forget` allocates, when a slot is higher than any before.
 * Errors  none; latencies must be numbers.
 */
import type { Outcome } from '../kernel/outcome.ts';
import { grownFloat64, grownInt32 } from './grow.ts';
import { FAILURE_MS } from './mean-latency.ts';
import { NeutralLatency } from './neutral-latency.ts';

/** The features by their place. The first is 1, for what a model adds whatever the others are. */
export const FEATURES = ['bias', 'inFlight', 'latency', 'failures', 'sine', 'cosine'] as const;
export const BIAS = 0;
export const IN_FLIGHT = 1;
export const LATENCY = 2;
export const FAILURES = 3;
export const SINE = 4;
export const COSINE = 5;

export type LatencyFeatures = Float64Array;

/** A microsecond and eleven days: what lies outside is taken for them, so that every number is finite. */
const LEAST_LOG_MS = Math.log(1e-3);
const MOST_LOG_MS = Math.log(1e9);

/** The weight of the latest outcome in the failure rate. */
const FAILURE_SHARE = 0.1;

/** ln of milliseconds, within bounds. */
export function logOf(latencyMs: number): number {
  return Math.min(MOST_LOG_MS, Math.max(LEAST_LOG_MS, Math.log(latencyMs)));
}

/** What an outcome teaches; its latency must not be negative. */
export function logOfOutcome(outcome: Outcome): number {
  return logOf(outcome.ok ? outcome.latencyMs : Math.max(outcome.latencyMs, FAILURE_MS));
}

/** After a silence one answer is half of the mean: a lucky one would otherwise bring an endpoint everything. */
const MOST_FRESH = 1 / 2;

/** For the same reason an answer counts as an eighth of what was known, if it was sooner; luck has no lower end in logarithms. */
const MOST_FALL = Math.log(8);

/** Keeps a count small; the share of a later outcome goes by time alone. */
const MOST_COUNTED = 1000;

export class EndpointHistory {
  readonly #memoryMs: number;
  readonly #periodMs: number;
  readonly #usual = new NeutralLatency();
  #logs = new Float64Array(0);
  #failures = new Float64Array(0);
  #observedAt = new Float64Array(0);
  #counted = new Int32Array(0);

  /** After `memoryMs`, 37 % of a latency is left in the mean. `periodMs` is a day. */
  constructor(memoryMs: number, periodMs: number) {
    this.#memoryMs = memoryMs;
    this.#periodMs = periodMs;
  }

  /** The slot has a new occupant; to be called before it is used. */
  forget(slot: number): void {
    this.#logs = grownFloat64(this.#logs, slot);
    this.#failures = grownFloat64(this.#failures, slot);
    this.#observedAt = grownFloat64(this.#observedAt, slot);
    this.#counted = grownInt32(this.#counted, slot);
    this.#failures[slot] = 0;
    this.#counted[slot] = 0;
  }

  isNew(slot: number): boolean {
    return this.#counted[slot] === 0;
  }

  /** An outcome whose latency is not negative. */
  observe(slot: number, outcome: Outcome, nowMs: number): void {
    // First the usual latency: the very first answer knows of no other.
    this.#usual.record(outcome);
    const known = this.#logOf(slot);
    const change = Math.max(-MOST_FALL, logOfOutcome(outcome) - known);
    this.#logs[slot] = known + this.#freshShare(slot, outcome.ok, nowMs) * change;
    this.#failures[slot]! += FAILURE_SHARE * ((outcome.ok ? 0 : 1) - this.#failures[slot]!);
    this.#observedAt[slot] = nowMs;
    if (this.#counted[slot]! < MOST_COUNTED) this.#counted[slot]!++;
  }

  /** Fills `into`, all but the sine and cosine. */
  fill(into: LatencyFeatures, slot: number, inFlight: number): void {
    into[0] = 1;
    into[IN_FLIGHT] = Math.log1p(Math.max(0, inFlight));
    into[LATENCY] = this.#logOf(slot);
    into[FAILURES] = this.#failures[slot]!;
  }

  /** Fills the sine and cosine of the time of day. */
  fillTime(into: LatencyFeatures, nowMs: number): void {
    const phase = (2 * Math.PI * (nowMs % this.#periodMs)) / this.#periodMs;
    into[SINE] = Math.sin(phase);
    into[COSINE] = Math.cos(phase);
  }

  #logOf(slot: number): number {
    return this.isNew(slot) ? logOf(this.#usual.ms) : this.#logs[slot]!;
  }

  /**
   * By time; but the first outcomes are averaged evenly with the neutral start, or one lucky answer would be believed for
   * seconds, and a failure counts at once, however many came in the same moment.
   */
  #freshShare(slot: number, ok: boolean, nowMs: number): number {
    const even = 1 / (this.#counted[slot]! + 2);
    if (this.isNew(slot)) return even;
    const byTime = -Math.expm1((this.#observedAt[slot]! - nowMs) / this.#memoryMs);
    return Math.max(Math.min(byTime, MOST_FRESH), even, ok ? 0 : FAILURE_SHARE);
  }
}

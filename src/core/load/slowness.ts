/**
 * How much slower than its pool each endpoint answers: 1 is as usual, 6 takes six times as long, 0.5 half.
 *
 * Each answer is one sample: the logarithm of its latency. Logarithms, because sizes of requests differ by orders of
 * magnitude, and a mean of latencies follows the largest few. A recent mean of them is drawn towards the pool's mean as
 * far as there is little evidence, and what remains within noise counts for nothing: endpoints that don't differ are
 * equal, exactly.
 *
 * Source  original. The pull towards the pool is an empirical Bayes estimate: Efron and Morris, JASA 68:117-130, 1973.
 * Cost    O(1) per call; `of` has no exponential. Allocates only when a slot is higher than any before.
 * Errors  none; an endpoint without data is as fast as its pool.
 */
import type { Outcome } from '../kernel/outcome.ts';
import { grownFloat64 } from './grow.ts';
import { savedArrays } from './saved.ts';

/** Answers that an endpoint's mean remembers; fewer would be noise, more would see a change too late. */
const MEMORY = 10;

/** The pool's mean counts as much as this many answers. */
const PRIOR = 2;

/** Answers per member that the pool's mean remembers: steadier than a member's, yet it follows a burst that fills queues. */
const POOL_MEMORY = 32;
/** More answers than of this many members add nothing to the pool's mean. */
const POOL_MEMBERS = 64;

/** Evidence fades to 37 % in this time, so that an endpoint that was slow is tried again. */
const FADE_MS = 10_000;

/**
 * Factors between 1/1.6 and 1.6 are noise. The logarithm of an exponential time deviates by π/√6 = 1.28; a mean that keeps
 * 9/10 per answer, with the prior, by 1.28 × √5.3 / (10 + 2) = 0.24: ln 1.6 = 0.47 are 1.9 of these standard errors.
 */
const NOISE = 1.6;

/** A failure counts as an answer a hundred times slower than the pool's, whatever it took. */
const FAILURE_LOG = Math.log(100);

/** One failure in a mean's memory may be the request's fault; above this share of failures no speed makes up for them. */
const TOLERATED_FAILURES = 0.1;

/** Below a tenth of a millisecond, latencies tell of the machine that measures, not of the endpoint. */
const FLOOR_MS = 0.1;

/** Places in the pool's array: a fading sum of samples, how many they are, the exponential of their mean. */
const SUM = 0;
const COUNT = 1;
const LEVEL = 2;

export class Slowness {
  #sums = new Float64Array(0);
  #counts = new Float64Array(0);
  /** Failures among the counted answers. */
  #failures = new Float64Array(0);
  #seenMs = new Float64Array(0);
  /** Exponential of the mean, prior included, as of the last `record` or `refresh`; 0 without data. */
  #levels = new Float64Array(0);
  readonly #pool = new Float64Array(3);
  #poolKept = 0;

  /** There are `members` endpoints in the pool now. */
  resize(members: number): void {
    this.#poolKept = 1 - 1 / (POOL_MEMORY * Math.min(Math.max(members, 1), POOL_MEMBERS));
  }

  /** The slot belongs to another endpoint now. Before a slot is used the first time, too. */
  forget(slot: number): void {
    this.#sums = grownFloat64(this.#sums, slot);
    this.#counts = grownFloat64(this.#counts, slot);
    this.#failures = grownFloat64(this.#failures, slot);
    this.#seenMs = grownFloat64(this.#seenMs, slot);
    this.#levels = grownFloat64(this.#levels, slot);
    this.#sums[slot] = 0;
    this.#counts[slot] = 0;
    this.#failures[slot] = 0;
    this.#levels[slot] = 0;
  }

  /** The factor less what may be noise; 1 without data. */
  of(slot: number): number {
    const factor = this.measured(slot);
    if (factor > NOISE) return factor / NOISE;
    return Math.min(factor * NOISE, 1);
  }

  /** The factor with its noise. */
  measured(slot: number): number {
    const level = this.#levels[slot]!;
    return level > 0 && this.#pool[COUNT]! > 0 ? level / this.#pool[LEVEL]! : 1;
  }

  /** An outcome came at `nowMs`. Without a latency it says nothing. */
  record(slot: number, { ok, latencyMs }: Outcome, nowMs: number): void {
    if (latencyMs < 0) return;
    const sample = Math.log(latencyMs + FLOOR_MS);
    if (ok) this.#recordInPool(sample);
    const kept = (1 - 1 / MEMORY) * this.#keptAt(slot, nowMs);
    this.#sums[slot] = this.#sums[slot]! * kept + (ok ? sample : this.#failed(sample));
    this.#counts[slot] = this.#counts[slot]! * kept + 1;
    this.#failures[slot] = this.#failures[slot]! * kept + (ok ? 0 : 1);
    this.#seenMs[slot] = nowMs;
    this.refresh(slot, nowMs);
  }

  /** Lets evidence fade: what `of` says of a slot follows the clock only from one `record` or `refresh` to the next. */
  refresh(slot: number, nowMs: number): void {
    if (this.#counts[slot] === 0 || this.#pool[COUNT] === 0) return;
    const kept = this.#keptAt(slot, nowMs);
    const sum = this.#sums[slot]! * kept + PRIOR * this.#poolMean();
    const count = this.#counts[slot]! * kept + PRIOR;
    const level = Math.exp(sum / count);
    const failed = (this.#failures[slot]! * kept) / count;
    this.#levels[slot] = failed > TOLERATED_FAILURES ? Math.max(level, this.#levelOfFailing(failed)) : level;
  }

  /** What an endpoint as fast as its pool would have: one that answers faster than it fails is no better. */
  #levelOfFailing(share: number): number {
    return this.#pool[LEVEL]! * Math.exp(FAILURE_LOG * share);
  }

  /** Remembers what `refresh` changes; the result brings it back. */
  save(): () => void {
    return savedArrays(this.#levels);
  }

  #recordInPool(sample: number): void {
    this.#pool[SUM] = this.#pool[SUM]! * this.#poolKept + sample;
    this.#pool[COUNT] = this.#pool[COUNT]! * this.#poolKept + 1;
    this.#pool[LEVEL] = Math.exp(this.#poolMean());
  }

  /** Before the pool's first answer there is nothing to compare with: a failure is judged by its own time. */
  #failed(sample: number): number {
    return this.#pool[COUNT] === 0 ? sample : Math.max(sample, this.#poolMean() + FAILURE_LOG);
  }

  #poolMean(): number {
    return this.#pool[SUM]! / this.#pool[COUNT]!;
  }

  #keptAt(slot: number, nowMs: number): number {
    return Math.exp((this.#seenMs[slot]! - nowMs) / FADE_MS);
  }
}

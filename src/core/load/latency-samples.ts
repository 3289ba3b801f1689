/**
 * What was known of an endpoint at one of its picks, kept until that pick's answer: one sample of each slot at a time.
 *
 * An outcome says only which slot it is of. The answers of a slot are taken to come in the order of its picks, so the sample's
 * is the one after those in flight before it.
 *
 * Source  original.
 * Cost    O(1), 28 bytes a slot; only `forget` allocates, when a slot is higher than any before.
 * Errors  none.
 */
import { grownFloat64, grownInt32 } from './grow.ts';
import { FAILURES, IN_FLIGHT, LATENCY, type LatencyFeatures } from './latency-features.ts';
import { savedArrays } from './saved.ts';

/** The time of day changes too little until the answer to be kept. */
const KEPT = [IN_FLIGHT, LATENCY, FAILURES] as const;
const FREE = 0;
/** In flight may be counted in other units than picks, bytes for one: the sample ends soon all the same. */
const MOST_BEFORE = 64;

export class LatencySamples {
  #kept = new Float64Array(0);
  /** Outcomes until the sample's, its own included. */
  #left = new Int32Array(0);

  /** The slot has a new occupant; to be called before it is used. */
  forget(slot: number): void {
    this.#kept = grownFloat64(this.#kept, slot, KEPT.length);
    this.#left = grownInt32(this.#left, slot);
    this.#left[slot] = FREE;
  }

  knows(slot: number): boolean {
    return slot < this.#left.length;
  }

  /** A pick of `slot` may be the next sample. */
  isFree(slot: number): boolean {
    return this.#left[slot] === FREE;
  }

  /** This pick, with so many in flight before it, is the sample. */
  keep(slot: number, features: LatencyFeatures, inFlight: number): void {
    for (let i = 0; i < KEPT.length; i++) this.#kept[slot * KEPT.length + i] = features[KEPT[i]!]!;
    this.#left[slot] = Math.min(MOST_BEFORE, Math.max(0, inFlight)) + 1;
  }

  /** Remembers every sample; the result brings them back. */
  save(): () => void {
    return savedArrays(this.#kept, this.#left);
  }

  /** An outcome of `slot`: true when it is the sample's. */
  countDown(slot: number): boolean {
    return this.#left[slot]! !== FREE && --this.#left[slot]! === FREE;
  }

  /** The features of the sample, all but the time. */
  fill(into: LatencyFeatures, slot: number): void {
    into[0] = 1;
    for (let i = 0; i < KEPT.length; i++) into[KEPT[i]!] = this.#kept[slot * KEPT.length + i]!;
  }
}

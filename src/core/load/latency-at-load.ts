/**
 * What a request will take at an endpoint that has so many under way: the median of its recent latencies at about that many.
 *
 * A latency that was seen at less than half, or more than twice the number is taken in proportion: else an endpoint that was
 * crowded and is empty now would look slow until it is tried. And the estimate is multiplied by √(under way + 1): medians of
 * few latencies are noise, and without it the luckiest of equals is crowded until it is slower than all others.
 *
 * Knowledge fades. An estimate is multiplied by e^(−age / 10 s) for the time without an outcome, so that an endpoint that was
 * slow, or failed, is tried again; endpoints that are used are not touched by it. A failure counts as at least `FAILURE_MS`,
 * and `FAILURE_MS` times the share of failures among the recent outcomes is added: the median alone would forgive
 * an endpoint that fails two requests of five.
 *
 * Source  the median near the current in-flight: Wydrowski et al., "Load is not what you should balance", NSDI 2024.
 *         The proportion, the root, the
 *         penalty and the fading are ours.
 * Cost    O(window) per read, O(1) per record; allocates only when a slot is higher than any before.
 * Errors  none; a slot without data has the mean of all slots, 0 while there is none.
 */
import type { Clock } from '../kernel/clock.ts';
import type { Outcome } from '../kernel/outcome.ts';
import { grownFloat64, grownInt32 } from './grow.ts';
import { FAILURE_MS } from './mean-latency.ts';

/** Outcomes kept for each slot. */
const WINDOW = 16;

/** The median is of so many, those with in-flight counts nearest to the one asked for. */
const NEAREST = 9;

/** As Finagle's peak EWMA decays. */
const FADE_MS = 10_000;

/** The mean of all slots is over about so many latencies. */
const MEAN_OF = 100;

export class LatencyAtLoad {
  readonly #clock: Clock;
  #latencies = new Float64Array(0);
  #loads = new Float64Array(0);
  /** Failures among the kept outcomes, and which they are: one bit for each place. */
  #failed = new Int32Array(0);
  /** Outcomes ever recorded; its remainder by the window is the next place. Restarts at one window to stay small. */
  #recorded = new Int32Array(0);
  #lastAt = new Float64Array(0);
  readonly #mean = new Float64Array(1);
  #means = 0;
  /** The latest median of each slot and the load it is for, −1 after an outcome: most are asked for again. */
  #medians = new Float64Array(0);
  #medianLoads = new Float64Array(0);
  readonly #distances = new Float64Array(NEAREST);
  readonly #near = new Float64Array(NEAREST);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An outcome of `slot`, which now has `load` requests under way. Without a latency it says nothing. */
  record(slot: number, load: number, { ok, latencyMs }: Outcome): void {
    if (latencyMs < 0) return;
    if (slot >= this.#recorded.length) this.#reach(slot);
    const recorded = this.#recorded[slot]!;
    const place = recorded % WINDOW;
    this.#latencies[slot * WINDOW + place] = ok ? latencyMs : Math.max(latencyMs, FAILURE_MS);
    this.#loads[slot * WINDOW + place] = load;
    this.#failed[slot] = ok ? this.#failed[slot]! & ~(1 << place) : this.#failed[slot]! | (1 << place);
    this.#recorded[slot] = recorded + 1 < 2 * WINDOW ? recorded + 1 : WINDOW;
    this.#lastAt[slot] = this.#clock.now();
    this.#medianLoads[slot] = -1;
    if (ok) this.#addToMean(latencyMs);
  }

  /** Milliseconds at `load` requests under way. `toldMs` ≥ 0, what the endpoint itself says, replaces what was seen. */
  of(slot: number, load: number, toldMs = -1): number {
    if (slot >= this.#recorded.length) return toldMs >= 0 ? toldMs : this.#mean[0]! * Math.sqrt(load + 1);
    const count = Math.min(this.#recorded[slot]!, WINDOW);
    const penaltyMs = count === 0 ? 0 : (FAILURE_MS * ones(this.#failed[slot]!)) / count;
    const ownMs = count === 0 ? this.#mean[0]! : this.#medianAt(slot, load, count);
    const latencyMs = toldMs >= 0 ? toldMs : ownMs * Math.sqrt(load + 1);
    return (latencyMs + penaltyMs) * Math.exp((this.#lastAt[slot]! - this.#clock.now()) / FADE_MS);
  }

  /** The slot belongs to another endpoint now, of which nothing is known. */
  forget(slot: number): void {
    if (slot >= this.#recorded.length) this.#reach(slot);
    this.#failed[slot] = 0;
    this.#recorded[slot] = 0;
    this.#medianLoads[slot] = -1;
    this.#lastAt[slot] = this.#clock.now();
  }

  #medianAt(slot: number, load: number, count: number): number {
    if (this.#medianLoads[slot] !== load) {
      this.#medians[slot] = this.#medianNear(slot, load, count);
      this.#medianLoads[slot] = load;
    }
    return this.#medians[slot]!;
  }

  /** Of equally near ones the newest count; of two in the middle the upper. */
  #medianNear(slot: number, load: number, count: number): number {
    let near = 0;
    const recorded = this.#recorded[slot]!;
    for (let back = 1; back <= count; back++) {
      const sample = slot * WINDOW + ((recorded - back + WINDOW) % WINDOW);
      const distance = Math.abs(this.#loads[sample]! - load);
      if (near === NEAREST && distance >= this.#distances[NEAREST - 1]!) continue;
      if (near < NEAREST) near++;
      let place = near - 1;
      for (; place > 0 && this.#distances[place - 1]! > distance; place--) {
        this.#distances[place] = this.#distances[place - 1]!;
        this.#near[place] = this.#near[place - 1]!;
      }
      this.#distances[place] = distance;
      this.#near[place] = this.#latencies[sample]! * proportion(load + 1, this.#loads[sample]! + 1);
    }
    return this.#medianOf(near);
  }

  #medianOf(count: number): number {
    for (let i = 1; i < count; i++) {
      const value = this.#near[i]!;
      let place = i;
      for (; place > 0 && this.#near[place - 1]! > value; place--) this.#near[place] = this.#near[place - 1]!;
      this.#near[place] = value;
    }
    return this.#near[count >> 1]!;
  }

  #addToMean(latencyMs: number): void {
    if (this.#means < MEAN_OF) this.#means++;
    this.#mean[0]! += (latencyMs - this.#mean[0]!) / this.#means;
  }

  #reach(slot: number): void {
    this.#latencies = grownFloat64(this.#latencies, slot, WINDOW);
    this.#loads = grownFloat64(this.#loads, slot, WINDOW);
    this.#failed = grownInt32(this.#failed, slot);
    this.#recorded = grownInt32(this.#recorded, slot);
    this.#lastAt = grownFloat64(this.#lastAt, slot);
    this.#medians = grownFloat64(this.#medians, slot);
    this.#medianLoads = grownFloat64(this.#medianLoads, slot);
  }
}

/** 1 where both are about the same. */
function proportion(load: number, seenAt: number): number {
  return load > 2 * seenAt || 2 * load < seenAt ? load / seenAt : 1;
}

/** Bits that are set, of 16. */
function ones(bits: number): number {
  let count = 0;
  for (let rest = bits & 0xffff; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/**
 * Slow start: an endpoint that becomes eligible (new, recovered, returned) begins with a part of its weight and reaches the
 * whole of it when the window is over.
 *
 * Formula  factor = max(floor, (t / window) ^ (1 / aggression)), t since it became eligible.
 * Skipped  when more than `maxShare` of the eligible weight would be warming: then nobody is cold beside the others, and the
 *          few warm ones would drown. All that warm are at full weight at once.
 * Steps    weights change in steps, the same moment for all that warm, so that hash tables are not rebuilt all the time: one
 *          re-weighting per step, however many warm. Full weight comes at most one step after the window.
 *
 * Source  Envoy, "slow start mode" (aggression 1.0, floor 10 %); steps and skipping are ours.
 * Cost    `weightOf`, `enter`, `leave` O(1); `settle` O(slots); `advance` is one comparison until a step is due, then
 *         O(warming). Allocates only when a slot is higher than any before.
 * Errors  none; a slot that did not enter has weight 0.
 */
import type { Clock } from '../kernel/clock.ts';
import { grownFloat64, grownInt32 } from '../load/grow.ts';

/**
 * Hears each change of a slot's effective weight. A slot that entered has its full weight until this says otherwise.
 * It must not call the guard but for `weightOf`.
 */
export type SlowStartListener = (slot: number, weight: number) => void;

/** How a newcomer's weight grows to its full one. */
export interface SlowStartOptions {
  /** Milliseconds until the full weight, > 0. */
  readonly windowMs: number;
  /** The least factor, 0 to 1. Default 0.1. */
  readonly floor?: number;
  /** 1 rises in a line; more rises fast and flattens; > 0. Default 1. */
  readonly aggression?: number;
  /** The share of the eligible weight that may be warming, 0 to 1. Default 0.5. */
  readonly maxShare?: number;
}

export interface SlowStartDeps {
  readonly clock: Clock;
  readonly listener: SlowStartListener;
}

/** A step is a tenth of the window, and not less than a second. */
const STEPS = 10;
const LEAST_STEP_MS = 1000;

/** Rounding errors of the sums of weights must not decide. */
const TOLERANCE = 1e-9;

/** A factor before the first `settle`. */
const UNTOLD = -1;

export class SlowStart {
  readonly #windowMs: number;
  readonly #floor: number;
  readonly #exponent: number;
  readonly #maxShare: number;
  readonly #stepMs: number;
  readonly #clock: Clock;
  readonly #listener: SlowStartListener;
  /** By slot; 0 where it did not enter. */
  #weights = new Float64Array(16);
  /** By slot: the factor that the listener knows, or `UNTOLD`. */
  #factors = new Float64Array(16);
  #sinceMs = new Float64Array(16);
  /** The first `#count` are the slots that warm. */
  #warming = new Int32Array(16);
  #count = 0;
  /** By slot: its place in `#warming` plus 1; 0 where it doesn't warm. */
  #places = new Int32Array(16);
  /** Element 0: a double in a field would be allocated anew on each change. */
  readonly #due = new Float64Array([Number.POSITIVE_INFINITY]);

  constructor(options: SlowStartOptions, deps: SlowStartDeps) {
    this.#windowMs = options.windowMs;
    this.#floor = options.floor ?? 0.1;
    this.#exponent = 1 / (options.aggression ?? 1);
    this.#maxShare = options.maxShare ?? 0.5;
    this.#stepMs = Math.max(options.windowMs / STEPS, LEAST_STEP_MS);
    this.#clock = deps.clock;
    this.#listener = deps.listener;
  }

  /** When the next re-weighting is due, on the clock; Infinity when nothing warms. */
  get nextDueMs(): number {
    return this.#due[0]!;
  }

  /** How many warm. */
  get warmingCount(): number {
    return this.#count;
  }

  /** 1 at full weight, and for a slot that did not enter. */
  factorOf(slot: number): number {
    return this.#isWarming(slot) && this.#factors[slot] !== UNTOLD ? this.#factors[slot]! : 1;
  }

  /** The effective weight, as last told. */
  weightOf(slot: number): number {
    return slot < this.#weights.length ? this.#weights[slot]! * this.factorOf(slot) : 0;
  }

  /**
   * The slot became eligible with its configured `weight` ≥ 0 and begins to warm. One that is in already only changes its
   * weight; one of weight 0 leaves. Call `settle` after the last of the changes that belong together, so that a pool's first members are one.
   */
  enter(slot: number, weight: number): void {
    if (weight === 0) {
      this.leave(slot);
      return;
    }
    if (slot >= this.#weights.length) this.#reach(slot);
    const isIn = this.#weights[slot] !== 0;
    this.#weights[slot] = weight;
    if (isIn) return;
    this.#factors[slot] = UNTOLD;
    this.#sinceMs[slot] = this.#clock.now();
    this.#warming[this.#count++] = slot;
    this.#places[slot] = this.#count;
  }

  /** The slot is not eligible any more, or belongs to another endpoint now. Nobody is told; `settle` afterwards. */
  leave(slot: number): void {
    if (slot >= this.#weights.length) return;
    if (this.#isWarming(slot)) this.#stopWarming(slot);
    this.#weights[slot] = 0;
  }

  /** After a batch of changes: newcomers warm, or nobody does when that would be most of the pool. */
  settle(): void {
    if (this.#count > 0 && this.#isMostWarming()) this.#endAll();
    if (this.#count === 0) return;
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#warming[i]!;
      if (this.#factors[slot] === UNTOLD) this.#tell(slot, this.#curve(0));
    }
    if (this.#due[0] === Number.POSITIVE_INFINITY) this.#due[0] = this.#clock.now() + this.#stepMs;
  }

  /** Re-weighs all that warm, when a step is due. */
  advance(nowMs: number): void {
    if (nowMs < this.#due[0]!) return;
    // Backwards: the last one takes the place of one that ends.
    for (let i = this.#count - 1; i >= 0; i--) {
      const slot = this.#warming[i]!;
      const elapsedMs = nowMs - this.#sinceMs[slot]!;
      if (elapsedMs >= this.#windowMs) this.#end(slot);
      else this.#tell(slot, this.#curve(elapsedMs));
    }
    this.#due[0] = this.#count === 0 ? Number.POSITIVE_INFINITY : nowMs + this.#stepMs;
  }

  #curve(elapsedMs: number): number {
    return Math.max(this.#floor, (elapsedMs / this.#windowMs) ** this.#exponent);
  }

  /** Summed anew, so that rounding errors don't add up. */
  #isMostWarming(): boolean {
    let eligible = 0;
    for (let slot = 0; slot < this.#weights.length; slot++) eligible += this.#weights[slot]!;
    let warming = 0;
    for (let i = 0; i < this.#count; i++) warming += this.#weights[this.#warming[i]!]!;
    return warming > eligible * (this.#maxShare + TOLERANCE);
  }

  #endAll(): void {
    while (this.#count > 0) this.#end(this.#warming[this.#count - 1]!);
    this.#due[0] = Number.POSITIVE_INFINITY;
  }

  #end(slot: number): void {
    const wasTold = this.#factors[slot] !== UNTOLD;
    this.#stopWarming(slot);
    if (wasTold) this.#listener(slot, this.#weights[slot]!);
  }

  #tell(slot: number, factor: number): void {
    if (this.#factors[slot] === factor) return;
    this.#factors[slot] = factor;
    this.#listener(slot, this.#weights[slot]! * factor);
  }

  #stopWarming(slot: number): void {
    const place = this.#places[slot]! - 1;
    const last = this.#warming[--this.#count]!;
    this.#warming[place] = last;
    this.#places[last] = place + 1;
    this.#places[slot] = 0;
    if (this.#count === 0) this.#due[0] = Number.POSITIVE_INFINITY;
  }

  #isWarming(slot: number): boolean {
    return slot < this.#places.length && this.#places[slot] !== 0;
  }

  #reach(slot: number): void {
    this.#weights = grownFloat64(this.#weights, slot);
    this.#factors = grownFloat64(this.#factors, slot);
    this.#sinceMs = grownFloat64(this.#sinceMs, slot);
    this.#warming = grownInt32(this.#warming, slot);
    this.#places = grownInt32(this.#places, slot);
  }
}

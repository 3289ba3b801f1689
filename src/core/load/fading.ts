/**
 * A number for each slot that fades exponentially with time, all at one rate.
 *
 * Each is kept as value × exp((t − origin)/τ), and a read multiplies by exp((origin − now)/τ), which is the same number for
 * every slot: one exponential for each reading of the clock, however many slots are read.
 *
 * Source  Cormode, Shkapenyuk, Srivastava and Xu, "Forward decay", ICDE 2009.
 * Cost    O(1); every 100 τ one pass over all slots; allocates only when a slot is higher than any before.
 * Errors  none; a slot never set reads 0.
 */
import { grownFloat64 } from './grow.ts';

/** exp(100) is 10^43: far from the greatest double whatever is kept, and the pass over all slots is rare. */
const MOST_DECAYS = 100;

const ORIGIN = 0;
const READ_AT = 1;
const FACTOR = 2;

export class Fading {
  readonly #decayMs: number;
  #forward = new Float64Array(0);
  /** Doubles that change: in a field each write would allocate. */
  readonly #now = new Float64Array([-Infinity, Number.NaN, 1]);

  /** `decayMs` > 0 is τ: after it, 37 % is left. */
  constructor(decayMs: number) {
    this.#decayMs = decayMs;
  }

  /** Times given must not go back. */
  of(slot: number, nowMs: number): number {
    if (slot >= this.#forward.length) return 0;
    // First the factor: it may move the origin, and with it what is kept for the slot.
    const factor = this.#factorAt(nowMs);
    return this.#forward[slot]! * factor;
  }

  /** `value` up to 10^200. */
  set(slot: number, value: number, nowMs: number): void {
    this.#forward = grownFloat64(this.#forward, slot);
    const factor = this.#factorAt(nowMs);
    this.#forward[slot] = value / factor;
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
}

import { isPanic } from '../../core/guards/panic.ts';
import type { Occupant } from './occupant.ts';

/**
 * What the verdicts on a pool's endpoints come to: who may be picked.
 *
 * Order   mode, weight and address beat all; a check's `down` is overridden only by panic; an open breaker and an ejection
 *         are ignored when they would leave nobody.
 * Panic   fewer than `panicBelow` of the willing endpoints, backups among them, are not `down`: then checks are likely to be
 *         wrong, or the rest would be overrun, and all of them serve.
 * Cost    O(1) per change, but O(endpoints) where panic begins or ends, or the last one goes or the first comes back.
 */
export class Verdicts {
  readonly #panicBelow: number;
  /** Willing ones; of these the healthy; of either, those that no guard holds back. */
  #willing = 0;
  #healthy = 0;
  #willingFree = 0;
  #healthyFree = 0;
  #panicking = false;
  #lifted = false;

  /** `panicBelow` 0: never. */
  constructor(panicBelow: number) {
    this.#panicBelow = panicBelow;
  }

  /** Checks are not believed. */
  get panicking(): boolean {
    return this.#panicking;
  }

  /** Breakers and ejections are not believed. */
  get lifted(): boolean {
    return this.#lifted;
  }

  /** Around each change of an occupant's verdicts: `remove`, change, `add`. */
  add(occupant: Occupant): void {
    this.#count(occupant, 1);
  }

  remove(occupant: Occupant): void {
    this.#count(occupant, -1);
  }

  /** After a change: true when everyone is to be judged anew, not only whom it concerned. */
  settle(): boolean {
    const panicking = isPanic(this.#healthy, this.#willing, this.#panicBelow);
    const served = panicking ? this.#willing : this.#healthy;
    const free = panicking ? this.#willingFree : this.#healthyFree;
    const lifted = free === 0 && served > 0;
    const changed = panicking !== this.#panicking || lifted !== this.#lifted;
    this.#panicking = panicking;
    this.#lifted = lifted;
    return changed;
  }

  isEligible(occupant: Occupant): boolean {
    return occupant.willing && (occupant.healthy || this.#panicking) && (this.#lifted || !isHeldBack(occupant));
  }

  #count(occupant: Occupant, by: number): void {
    if (!occupant.willing) return;
    const free = isHeldBack(occupant) ? 0 : by;
    this.#willing += by;
    this.#willingFree += free;
    if (!occupant.healthy) return;
    this.#healthy += by;
    this.#healthyFree += free;
  }
}

function isHeldBack({ breaker, ejected }: Occupant): boolean {
  return breaker === 'open' || ejected;
}

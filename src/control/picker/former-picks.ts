import type { PickCounts } from './request-counts.ts';

/** Picks under way, by slot, that a former policy took, or none: their outcomes are none of the present one's business. */
export class FormerPicks {
  #counts = new Int32Array(0);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** All that is under way now belongs to the past. */
  reset(slots: number, underWay: PickCounts): void {
    this.#counts = new Int32Array(slots);
    this.#total = 0;
    for (let slot = 0; slot < slots; slot++) {
      this.#counts[slot] = underWay.ownRequestsOf(slot);
      this.#total += this.#counts[slot]!;
    }
  }

  /** A pick that no policy took. */
  add(slot: number): void {
    if (slot >= this.#counts.length) {
      const longer = new Int32Array(2 * (slot + 1));
      longer.set(this.#counts);
      this.#counts = longer;
    }
    this.#counts[slot]!++;
    this.#total++;
  }

  /** True when a pick of `slot` that ended was one of them. */
  take(slot: number): boolean {
    const count = slot < this.#counts.length ? this.#counts[slot]! : 0;
    if (count === 0) return false;
    this.#counts[slot] = count - 1;
    this.#total--;
    return true;
  }
}

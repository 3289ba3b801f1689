/**
 * A quantile of the last values, exact.
 *
 * Source  nearest rank: the least of the values that a share `quantile` of them does not exceed.
 * Cost    O(window) per value (one walk over a sorted array), O(1) per read; allocates nothing after it was made.
 * Errors  none; without values, Infinity.
 */
import { savedArrays } from './saved.ts';

export class RecentQuantile {
  readonly #quantile: number;
  readonly #recent: Float64Array;
  readonly #sorted: Float64Array;
  #count = 0;
  #next = 0;

  /** `quantile` 0 (the least) to 1 (the greatest), of the last `window` ≥ 1 values. */
  constructor(quantile: number, window: number) {
    this.#quantile = quantile;
    this.#recent = new Float64Array(window);
    this.#sorted = new Float64Array(window);
  }

  add(value: number): void {
    if (this.#count < this.#recent.length) this.#insert(this.#count++, value);
    else this.#replace(this.#recent[this.#next]!, value);
    this.#recent[this.#next] = value;
    this.#next = this.#next + 1 < this.#recent.length ? this.#next + 1 : 0;
  }

  value(): number {
    if (this.#count === 0) return Number.POSITIVE_INFINITY;
    return this.#sorted[Math.max(0, Math.ceil(this.#quantile * this.#count) - 1)]!;
  }

  /** Remembers the values; the result brings them back. */
  save(): () => void {
    const restore = savedArrays(this.#recent, this.#sorted);
    const [count, next] = [this.#count, this.#next];
    return () => {
      restore();
      this.#count = count;
      this.#next = next;
    };
  }

  /** Opens the place of `value` among the first `end`, which are in order. */
  #insert(end: number, value: number): void {
    let place = end;
    for (; place > 0 && this.#sorted[place - 1]! > value; place--) this.#sorted[place] = this.#sorted[place - 1]!;
    this.#sorted[place] = value;
  }

  #replace(old: number, value: number): void {
    if (value === old) return;
    let place = 0;
    while (this.#sorted[place] !== old) place++;
    const last = this.#sorted.length - 1;
    for (; place < last && this.#sorted[place + 1]! < value; place++) this.#sorted[place] = this.#sorted[place + 1]!;
    this.#insert(place, value);
  }
}

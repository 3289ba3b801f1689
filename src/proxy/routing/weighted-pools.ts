/**
 * Spreads requests over pools in proportion to their weights, as evenly in time as possible: nginx's smooth rule.
 * The pool to take next; allocates nothing.
 */
export class WeightedPools {
  readonly #pools: readonly { readonly pool: string; readonly weight: number }[];
  readonly #current: Float64Array;
  readonly #total: number;

  constructor(pools: readonly { readonly pool: string; readonly weight: number }[]) {
    this.#pools = pools;
    this.#current = new Float64Array(pools.length);
    this.#total = pools.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** What `next` will answer. */
  peek(): string {
    let best = 0;
    const after = (i: number) => this.#current[i]! + this.#pools[i]!.weight;
    for (let i = 1; i < this.#pools.length; i++) if (after(i) > after(best)) best = i;
    return this.#pools[best]!.pool;
  }

  next(): string {
    let best = 0;
    for (let i = 0; i < this.#pools.length; i++) {
      this.#current[i]! += this.#pools[i]!.weight;
      if (this.#current[i]! > this.#current[best]!) best = i;
    }
    this.#current[best]! -= this.#total;
    return this.#pools[best]!.pool;
  }
}

/**
 * Weights in a binary tree of sums: draws an index in proportion to its weight while single weights change.
 *
 * Parents are summed anew on a change, never adjusted by a difference, so rounding errors don't add up and an index of
 * weight 0 is never found.
 *
 * Source  Wong and Easton, "An efficient method for weighted sampling without replacement", SIAM J. Comput. 9(1), 1980.
 * Cost    `set` and `find` O(log n), allocating nothing; `reset` allocates.
 * Errors  `find` answers −1 when every weight is 0.
 */
import { savedArrays } from './saved.ts';

export class WeightTree {
  /** Node 1 is the root, node i has the children 2i and 2i + 1, the leaves begin at `#leaves`. */
  #sums = new Float64Array(2);
  #leaves = 1;

  get total(): number {
    return this.#sums[1]!;
  }

  /** Room for the indexes 0..size − 1, with the weights that `weightAt` gives. */
  reset(size: number, weightAt: (index: number) => number): void {
    let leaves = 1;
    while (leaves < size) leaves *= 2;
    this.#leaves = leaves;
    this.#sums = new Float64Array(2 * leaves);
    for (let index = 0; index < size; index++) this.#sums[leaves + index] = weightAt(index);
    for (let node = leaves - 1; node >= 1; node--) this.#sumUp(node);
  }

  set(index: number, weight: number): void {
    this.#sums[this.#leaves + index] = weight;
    for (let node = (this.#leaves + index) >>> 1; node >= 1; node >>>= 1) this.#sumUp(node);
  }

  /** The index whose stretch of [0, total) holds `point`. */
  find(point: number): number {
    const sums = this.#sums;
    if (sums[1] === 0) return -1;
    let rest = point;
    let node = 1;
    while (node < this.#leaves) {
      const left = sums[2 * node]!;
      // A point that rounding pushed past the end must not lead into an empty branch.
      if (rest < left || sums[2 * node + 1] === 0) {
        node = 2 * node;
      } else {
        rest -= left;
        node = 2 * node + 1;
      }
    }
    return node - this.#leaves;
  }

  /** Remembers the weights; the result brings them back. No `reset` may come between. */
  save(): () => void {
    return savedArrays(this.#sums);
  }

  #sumUp(node: number): void {
    this.#sums[node] = this.#sums[2 * node]! + this.#sums[2 * node + 1]!;
  }
}

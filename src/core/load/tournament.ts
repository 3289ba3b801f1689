/**
 * A knock-out tournament over slots: the least score wins, equal scores are settled by the least turn.
 *
 * Source  Knuth, "The Art of Computer Programming" vol. 3, 5.4.1 (tree of winners).
 * Cost    `set` and `remove` O(log n), `first` O(1), `firstAllowed` O((avoided + 1) log n); only `reset` allocates.
 * Errors  none; −1 when nobody takes part.
 */
import type { Avoid } from '../kernel/policy.ts';
import { capacityFor } from './grow.ts';
import { savedArrays } from './saved.ts';

const NOBODY = -1;

export class Tournament {
  /** Node 1 is the final, node i is played by the winners of 2i and 2i + 1, slot s enters at `#leaves + s`. */
  #winners = new Int32Array(2).fill(NOBODY);
  #leaves = 1;
  #scores = new Float64Array(1);
  #turns = new Float64Array(1);

  /** Room for slots up to `highest`, nobody takes part. */
  reset(highest: number): void {
    this.#leaves = capacityFor(highest);
    this.#winners = new Int32Array(2 * this.#leaves).fill(NOBODY);
    this.#scores = new Float64Array(this.#leaves);
    this.#turns = new Float64Array(this.#leaves);
  }

  /** Enters `slot`, or changes what it plays with. */
  set(slot: number, score: number, turn: number): void {
    this.#scores[slot] = score;
    this.#turns[slot] = turn;
    this.#winners[this.#leaves + slot] = slot;
    this.#replay(slot);
  }

  remove(slot: number): void {
    this.#winners[this.#leaves + slot] = NOBODY;
    this.#replay(slot);
  }

  /** As last set. */
  scoreOf(slot: number): number {
    return this.#scores[slot]!;
  }

  /** The slot of the overall winner. */
  first(): number {
    return this.#winners[1]!;
  }

  /** The best slot that is not avoided. */
  firstAllowed(avoid: Avoid): number {
    return this.#search(1, NOBODY, avoid);
  }

  /** Remembers everything; the result brings it back. No `reset` may come between. */
  save(): () => void {
    return savedArrays(this.#winners, this.#scores, this.#turns);
  }

  /** Visits only branches whose winner beats `best`, and looks below a winner only when it is avoided. */
  #search(node: number, best: number, avoid: Avoid): number {
    const winner = this.#winners[node]!;
    if (winner === NOBODY || this.#better(best, winner) === best) return best;
    if (!avoid.has(winner)) return winner;
    if (node >= this.#leaves) return best;
    return this.#search(2 * node + 1, this.#search(2 * node, best, avoid), avoid);
  }

  #replay(slot: number): void {
    for (let node = (this.#leaves + slot) >>> 1; node >= 1; node >>>= 1) {
      const winner = this.#better(this.#winners[2 * node]!, this.#winners[2 * node + 1]!);
      // The same winner, and not the one that changed: nothing above is different.
      if (winner === this.#winners[node] && winner !== slot) return;
      this.#winners[node] = winner;
    }
  }

  #better(a: number, b: number): number {
    if (a === NOBODY) return b;
    if (b === NOBODY) return a;
    const difference = this.#scores[a]! - this.#scores[b]!;
    if (difference !== 0) return difference < 0 ? a : b;
    return this.#turns[a]! <= this.#turns[b]! ? a : b;
  }
}

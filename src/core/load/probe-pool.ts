/**
 * Answers of endpoints to the question how busy they are, the latest of each, until they are old, used up or displaced.
 *
 * Source  Wydrowski et al., "Load is not what you should balance: Introducing Prequal", NSDI 2024, section 4.
 * Cost    O(answers) per call; allocates nothing after it was made.
 * Errors  none.
 */
import { savedArrays } from './saved.ts';

export class ProbePool {
  /**
   * The first `count` entries of these belong together, the oldest first. Owned by this object: read them, don't keep them
   * over a call.
   */
  count = 0;
  readonly slots: Int32Array;
  /** Requests under way per weight. */
  readonly loads: Float64Array;
  readonly latencies: Float64Array;
  readonly #askedAt: Float64Array;
  readonly #usesLeft: Int32Array;
  #worstIsNext = false;

  /** Never holds more than `most` answers. */
  constructor(most: number) {
    this.slots = new Int32Array(most);
    this.loads = new Float64Array(most);
    this.latencies = new Float64Array(most);
    this.#askedAt = new Float64Array(most);
    this.#usesLeft = new Int32Array(most);
  }

  /** Replaces the slot's last answer, or else the oldest when there are `limit` answers. */
  add(slot: number, load: number, latencyMs: number, nowMs: number, uses: number, limit: number): void {
    const known = this.#indexOf(slot);
    if (known >= 0) this.#removeAt(known);
    while (this.count >= limit) this.#removeAt(0);
    const at = this.count++;
    this.slots[at] = slot;
    this.loads[at] = load;
    this.latencies[at] = latencyMs;
    this.#askedAt[at] = nowMs;
    this.#usesLeft[at] = uses;
  }

  /** The endpoint gets a request, which will add `load`; the answer leaves after its last use. */
  use(at: number, load: number): void {
    this.loads[at]! += load;
    if (--this.#usesLeft[at]! <= 0) this.#removeAt(at);
  }

  /** Removes, in turn, the oldest and the worst: of those above `hotAbove` the most loaded, if there is none the slowest. */
  removeOne(hotAbove: number): void {
    if (this.count === 0) return;
    this.#removeAt(this.#worstIsNext ? this.#worst(hotAbove) : 0);
    this.#worstIsNext = !this.#worstIsNext;
  }

  /** Removes the answers to what was asked before. */
  removeOlder(thanMs: number): void {
    while (this.count > 0 && this.#askedAt[0]! < thanMs) this.#removeAt(0);
  }

  remove(slot: number): void {
    const at = this.#indexOf(slot);
    if (at >= 0) this.#removeAt(at);
  }

  clear(): void {
    this.count = 0;
  }

  /** Remembers every answer; the result brings them back. */
  save(): () => void {
    const restore = savedArrays(this.slots, this.loads, this.latencies, this.#askedAt, this.#usesLeft);
    const [count, worstIsNext] = [this.count, this.#worstIsNext];
    return () => {
      restore();
      this.count = count;
      this.#worstIsNext = worstIsNext;
    };
  }

  #worst(hotAbove: number): number {
    let worst = 0;
    for (let at = 1; at < this.count; at++) {
      const hot = this.loads[at]! > hotAbove;
      const worstIsHot = this.loads[worst]! > hotAbove;
      if (hot !== worstIsHot ? hot : this.#isWorse(at, worst, hot)) worst = at;
    }
    return worst;
  }

  #isWorse(a: number, b: number, hot: boolean): boolean {
    return hot ? this.loads[a]! > this.loads[b]! : this.latencies[a]! > this.latencies[b]!;
  }

  #indexOf(slot: number): number {
    for (let at = 0; at < this.count; at++) if (this.slots[at] === slot) return at;
    return -1;
  }

  /** The others keep their order. */
  #removeAt(at: number): void {
    this.count--;
    for (let i = at; i < this.count; i++) {
      this.slots[i] = this.slots[i + 1]!;
      this.loads[i] = this.loads[i + 1]!;
      this.latencies[i] = this.latencies[i + 1]!;
      this.#askedAt[i] = this.#askedAt[i + 1]!;
      this.#usesLeft[i] = this.#usesLeft[i + 1]!;
    }
  }
}

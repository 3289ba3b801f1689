/**
 * Who is compared at a pick: every eligible endpoint up to 64, above that a few drawn by weight.
 *
 * Source  draws: Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10), 2001.
 * Cost    `gather` O(eligible) up to 64, then O(choices × log n), O(n) when most are to be avoided; only `update`
 *         allocates.
 * Order   of equal scores one is drawn by weight.
 * Errors  none; no candidates when none is eligible and not avoided.
 */
import type { Endpoint } from '../kernel/endpoint.ts';
import type { Avoid } from '../kernel/policy.ts';
import type { Rng } from '../kernel/rng.ts';
import { EligibleSet } from './eligible.ts';
import { WeightTree } from './weight-tree.ts';

/** A look at 64 costs about 0.3 µs; beyond, two draws and more are nearly as good and cost the same in any pool. */
export const SCAN_LIMIT = 64;

/** With half of the weight avoided, one draw in 256 finds nobody. */
const TRIES = 8;

export class Candidates {
  readonly eligible = new EligibleSet();
  /** The first `count` entries are the candidates of the latest `gather`; a slot may be drawn twice. Read only. */
  slots = new Int32Array(0);
  count = 0;
  readonly #choices: number;
  readonly #rng: Rng;
  readonly #weights = new WeightTree();
  #gathered = new Int32Array(0);
  #large = false;

  /** `choices` ≥ 1 are drawn where not all are compared. */
  constructor(choices: number, rng: Rng) {
    this.#choices = choices;
    this.#rng = rng;
  }

  /** `joined` is told each slot that has a new occupant. */
  update(members: readonly Endpoint[], joined?: (slot: number) => void): void {
    const { eligible } = this;
    eligible.update(members, joined);
    this.#gathered = new Int32Array(Math.max(members.length, this.#choices));
    this.#large = members.length > SCAN_LIMIT;
    if (!this.#large) return;
    const highest = members.reduce((max, { slot }) => Math.max(max, slot), 0);
    this.#weights.reset(highest + 1, (slot) => (eligible.has(slot) ? eligible.weightOf(slot) : 0));
  }

  /** False when nothing changed. */
  setEligible(slot: number, eligible: boolean): boolean {
    if (!this.eligible.set(slot, eligible)) return false;
    if (this.#large) this.#weights.set(slot, eligible ? this.eligible.weightOf(slot) : 0);
    return true;
  }

  /** Fills `slots` and `count`. */
  gather(avoid: Avoid | null): void {
    this.slots = this.#gathered;
    this.count = 0;
    if (this.eligible.count > SCAN_LIMIT) this.#drawSome(avoid);
    if (this.count > 0) return;
    if (avoid === null) this.#takeAll();
    else this.#takeAllowed(avoid);
  }

  /** The candidate of the least score, −1 when there is none. */
  least(avoid: Avoid | null, scoreOf: (slot: number) => number): number {
    this.gather(avoid);
    let best = -1;
    let leastScore = 0;
    let tiedWeight = 0;
    for (let i = 0; i < this.count; i++) {
      const slot = this.slots[i]!;
      const score = scoreOf(slot);
      if (best >= 0 && score > leastScore) continue;
      const weight = this.eligible.weightOf(slot);
      const tied = best >= 0 && score === leastScore;
      tiedWeight = tied ? tiedWeight + weight : weight;
      if (tied && this.#rng.next() * tiedWeight >= weight) continue;
      best = slot;
      leastScore = score;
    }
    return best;
  }

  #drawSome(avoid: Avoid | null): void {
    const weights = this.#weights;
    for (let tries = 0; tries < TRIES * this.#choices && this.count < this.#choices; tries++) {
      const slot = weights.find(this.#rng.next() * weights.total);
      if (avoid?.has(slot) || this.#isDrawnAgain(slot, tries)) continue;
      this.slots[this.count++] = slot;
    }
  }

  /** The same one twice is no choice; but an endpoint of nearly all the weight may keep the others from being found. */
  #isDrawnAgain(slot: number, tries: number): boolean {
    if (tries >= 2 * this.#choices) return false;
    for (let i = 0; i < this.count; i++) if (this.slots[i] === slot) return true;
    return false;
  }

  #takeAll(): void {
    this.slots = this.eligible.slots;
    this.count = this.eligible.count;
  }

  #takeAllowed(avoid: Avoid): void {
    const { slots, count } = this.eligible;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      if (!avoid.has(slot)) this.slots[this.count++] = slot;
    }
  }
}

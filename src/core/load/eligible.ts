/**
 * The members that may be picked, in the order of membership, kept by events so that a pick never filters.
 *
 * Members start eligible; eligibility is kept over `update` for a member with the same slot and id. A member of weight 0
 * is never among them.
 *
 * Cost    `update` O(members); `set` O(log n) and one memmove; `draw` O(1), O(n) when most are to be avoided.
 * Errors  `update` throws `contract-broken` when two members share a slot.
 */
import type { Endpoint } from '../kernel/endpoint.ts';
import { EquipoiseError } from '../kernel/errors.ts';
import type { Avoid } from '../kernel/policy.ts';
import type { Rng } from '../kernel/rng.ts';
import { capacityFor } from './grow.ts';

const NOT_MEMBER = -1;

/** With half of the endpoints avoided, one draw in 256 falls back to a scan. */
const DRAWS = 8;

export class EligibleSet {
  /** The first `count` entries are the eligible slots. Owned by this object: read it, don't keep it over an event. */
  slots = new Int32Array(0);
  count = 0;
  /** True when all members that may be picked at all have the same weight. */
  isEven = true;
  #ids: (string | undefined)[] = [];
  #ranks = new Int32Array(0);
  #weights = new Float64Array(0);
  #eligible = new Uint8Array(0);
  /** Eligible and of a weight above 0: one byte to read for `has`. */
  #pickable = new Uint8Array(0);

  /** Replaces the members. `joined` is told each slot that has a new occupant: forget what was learned of it. */
  update(members: readonly Endpoint[], joined?: (slot: number) => void): void {
    const previousIds = this.#ids;
    const previousEligible = this.#eligible;
    this.#clear(members);
    members.forEach((member, rank) => {
      const { slot, id, weight } = member;
      if (this.#ranks[slot] !== NOT_MEMBER) {
        throw new EquipoiseError('contract-broken', `endpoints '${this.#ids[slot]}' and '${id}' share slot ${slot}`);
      }
      const stays = previousIds[slot] === id;
      this.#ids[slot] = id;
      this.#ranks[slot] = rank;
      this.#weights[slot] = weight;
      this.#eligible[slot] = stays ? previousEligible[slot]! : 1;
      this.#pickable[slot] = weight > 0 ? this.#eligible[slot]! : 0;
      if (this.has(slot)) this.slots[this.count++] = slot;
      if (!stays) joined?.(slot);
    });
    const heavy = members.filter(({ weight }) => weight > 0);
    this.isEven = heavy.every(({ weight }) => weight === heavy[0]!.weight);
  }

  /** False when nothing changed: no member, weight 0, or said before. */
  set(slot: number, eligible: boolean): boolean {
    if (!this.isMember(slot) || (this.#eligible[slot] === 1) === eligible) return false;
    this.#eligible[slot] = eligible ? 1 : 0;
    if (this.#weights[slot] === 0) return false;
    this.#pickable[slot] = this.#eligible[slot]!;
    const position = this.#positionOf(slot);
    if (eligible) {
      this.slots.copyWithin(position + 1, position, this.count++);
      this.slots[position] = slot;
    } else {
      this.slots.copyWithin(position, position + 1, this.count--);
    }
    return true;
  }

  isMember(slot: number): boolean {
    return slot < this.#ranks.length && this.#ranks[slot] !== NOT_MEMBER;
  }

  /** May be picked: a member, eligible, of a weight above 0. */
  has(slot: number): boolean {
    return slot < this.#pickable.length && this.#pickable[slot] === 1;
  }

  /** Of a member. */
  weightOf(slot: number): number {
    return this.#weights[slot]!;
  }

  /** Uniform among the eligible that are not avoided; −1 when there is none. */
  draw(rng: Rng, avoid: Avoid | null): number {
    // Short enough that engines inline it: a call would cost more than the draw.
    if (avoid !== null || this.count === 0) return this.#drawAllowed(rng, avoid);
    return this.slots[rng.below(this.count)]!;
  }

  /** True when an eligible one is not avoided. */
  hasAllowed(avoid: Avoid | null): boolean {
    if (avoid === null) return this.count > 0;
    for (let i = 0; i < this.count; i++) if (!avoid.has(this.slots[i]!)) return true;
    return false;
  }

  #drawAllowed(rng: Rng, avoid: Avoid | null): number {
    const { slots, count } = this;
    if (avoid === null || count === 0) return -1;
    // Drawing again until one is allowed keeps the allowed ones equally likely.
    for (let draws = 0; draws < DRAWS; draws++) {
      const slot = slots[rng.below(count)]!;
      if (!avoid.has(slot)) return slot;
    }
    return this.#drawByScan(rng, avoid);
  }

  /** A reservoir of one. */
  #drawByScan(rng: Rng, avoid: Avoid): number {
    let chosen = -1;
    let allowed = 0;
    for (let i = 0; i < this.count; i++) {
      const slot = this.slots[i]!;
      if (!avoid.has(slot) && rng.below(++allowed) === 0) chosen = slot;
    }
    return chosen;
  }

  #clear(members: readonly Endpoint[]): void {
    const highest = members.reduce((max, { slot }) => Math.max(max, slot), 0);
    const capacity = capacityFor(highest);
    this.slots = new Int32Array(members.length);
    this.count = 0;
    this.#ids = new Array<string | undefined>(capacity).fill(undefined);
    this.#ranks = new Int32Array(capacity).fill(NOT_MEMBER);
    this.#weights = new Float64Array(capacity);
    this.#eligible = new Uint8Array(capacity);
    this.#pickable = new Uint8Array(capacity);
  }

  /** Where the slot is, or belongs, in the order of membership. */
  #positionOf(slot: number): number {
    const rank = this.#ranks[slot]!;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranks[this.slots[middle]!]! < rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

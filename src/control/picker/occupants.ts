import type { MemberSnapshot } from '../membership/snapshot.ts';
import type { Group } from './group.ts';
import { createOccupant, type Occupant } from './occupant.ts';

/** Who has which slot. A slot is given to another endpoint only after its last one left and has no pick under way. */
export class Occupants {
  readonly #bySlot: (Occupant | undefined)[] = [];
  readonly #byKey = new Map<number, Occupant>();
  readonly #freeSlots: number[] = [];
  readonly #leftListeners: ((slot: number) => void)[] = [];

  /** Members only. */
  get size(): number {
    return this.#byKey.size;
  }

  /** One more than the highest slot that was ever given. */
  get slots(): number {
    return this.#bySlot.length;
  }

  at(slot: number): Occupant | undefined {
    return this.#bySlot[slot];
  }

  byKey(key: number): Occupant | undefined {
    return this.#byKey.get(key);
  }

  /** In the order they joined. */
  members(): IterableIterator<Occupant> {
    return this.#byKey.values();
  }

  join(member: MemberSnapshot, group: Group): Occupant {
    const occupant = createOccupant(this.#takeSlot(), member, group);
    this.#bySlot[occupant.slot] = occupant;
    this.#byKey.set(member.key, occupant);
    return occupant;
  }

  /** It is no member any more. `isIdle`: no pick of it is under way; otherwise `free` it after the last. */
  leave(occupant: Occupant, isIdle: boolean): void {
    this.#byKey.delete(occupant.key);
    occupant.member = false;
    this.#tellLeft(occupant.slot);
    if (isIdle) this.free(occupant);
  }

  free(occupant: Occupant): void {
    this.#bySlot[occupant.slot] = undefined;
    this.#freeSlots.push(occupant.slot);
  }

  onLeft(listener: (slot: number) => void): void {
    this.#leftListeners.push(listener);
  }

  #takeSlot(): number {
    const slot = this.#freeSlots.pop();
    if (slot === undefined) return this.#bySlot.length;
    this.#tellLeft(slot);
    return slot;
  }

  #tellLeft(slot: number): void {
    for (const listener of this.#leftListeners) listener(slot);
  }
}

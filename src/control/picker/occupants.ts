import { EquipoiseError } from '../../core/kernel/errors.ts';
import type { MemberSnapshot } from '../membership/snapshot.ts';
import type { Group } from './group.ts';
import { createOccupant, type Occupant } from './occupant.ts';

/** Who has which slot. The membership gives a slot to another endpoint only after its last one left and has no pick under way. */
export class Occupants {
  readonly #bySlot: (Occupant | undefined)[] = [];
  readonly #byKey = new Map<number, Occupant>();
  readonly #leftListeners = new Set<(slot: number) => void>();

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
    const { slot } = member;
    this.#clear(slot);
    const occupant = createOccupant(slot, member, group);
    this.#bySlot[slot] = occupant;
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
  }

  /** Returns how to stop it. */
  onLeft(listener: (slot: number) => void): () => void {
    this.#leftListeners.add(listener);
    return () => void this.#leftListeners.delete(listener);
  }

  /** Makes room for the next endpoint of `slot`; connections that came back after the last pick are told once more. */
  #clear(slot: number): void {
    const before = this.#bySlot[slot];
    if (before !== undefined) {
      throw new EquipoiseError('contract-broken', `slot ${slot} of '${before.id}' was given to another endpoint`);
    }
    if (slot < this.#bySlot.length) this.#tellLeft(slot);
    // Without holes: an array that has some is slower to read.
    while (this.#bySlot.length < slot) this.#bySlot.push(undefined);
  }

  #tellLeft(slot: number): void {
    for (const listener of this.#leftListeners) listener(slot);
  }
}

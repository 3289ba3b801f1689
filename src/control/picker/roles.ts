import type { Avoid } from '../../core/kernel/policy.ts';
import type { Role } from '../pool-options.ts';
import type { Occupant } from './occupant.ts';

/** Which role the endpoint of each slot has, for picks that ask for one. */
export class Roles {
  readonly #bySlot: (Role | undefined)[] = [];
  readonly #listeners = new Set<(slot: number) => void>();
  /** Slots whose role has changed since the last `tell`. */
  #changed: number[] = [];

  of(slot: number): Role | undefined {
    return this.#bySlot[slot];
  }

  /** Of an endpoint that took over the slot: nobody has anything of it yet. */
  begin(slot: number, role: Role | undefined): void {
    while (this.#bySlot.length <= slot) this.#bySlot.push(undefined);
    this.#bySlot[slot] = role;
  }

  /** Of an endpoint that stays. */
  change(slot: number, role: Role | undefined): void {
    if (this.#bySlot[slot] === role) return;
    this.#bySlot[slot] = role;
    this.#changed.push(slot);
  }

  /** Once the policy knows all that is new: listeners may end picks. */
  tell(): void {
    if (this.#changed.length === 0) return;
    const changed = this.#changed;
    this.#changed = [];
    for (const slot of changed) for (const listener of this.#listeners) listener(slot);
  }

  /** `listener` hears of each slot whose endpoint has another role now. Returns how to stop it. */
  onChange(listener: (slot: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/**
 * Who serves a role of which guards hold back everyone: breakers and ejections are ignored where they would leave nobody,
 * for a role as for a pool. The first in the membership's order that checks don't call down; −1: nobody.
 */
export function heldBackOf(occupants: readonly Occupant[], roles: Roles, role: Role, avoid: Avoid): number {
  let found = -1;
  for (const { slot, willing, healthy, eligible } of occupants) {
    if (roles.of(slot) !== role) continue;
    if (eligible) return -1;
    if (found < 0 && willing && healthy && !avoid.has(slot)) found = slot;
  }
  return found;
}

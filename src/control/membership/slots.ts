/**
 * Gives out slots: small integers that stay with an endpoint for its life, and go to another one only after its last pick
 * has ended in every worker.
 */
export class Slots {
  readonly #isInUse: (slot: number, leftAtVersion: number) => boolean;
  /** Of endpoints that left: the slot, and the version of the membership since when it is not theirs. */
  #left: { readonly slot: number; readonly version: number }[] = [];
  #next = 0;

  constructor(isInUse: (slot: number, leftAtVersion: number) => boolean) {
    this.#isInUse = isInUse;
  }

  /** The first that nobody uses any more, or a new one. */
  take(): number {
    const index = this.#left.findIndex(({ slot, version }) => !this.#isInUse(slot, version));
    if (index < 0) return this.#next++;
    return this.#left.splice(index, 1)[0]!.slot;
  }

  /** The endpoint of `slot` is no member from `version` on. */
  leave(slot: number, version: number): void {
    this.#left.push({ slot, version });
  }
}

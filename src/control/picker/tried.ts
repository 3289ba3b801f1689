import type { Avoid } from '../../core/kernel/policy.ts';

/** The slots a request was already sent to; a few at most. Made once per connection and reused. */
export class Tried implements Avoid {
  readonly #slots: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(slot: number): void {
    if (!this.has(slot)) this.#slots[this.#size++] = slot;
  }

  clear(): void {
    this.#size = 0;
  }

  has(slot: number): boolean {
    for (let i = 0; i < this.#size; i++) if (this.#slots[i] === slot) return true;
    return false;
  }

  /** The slot tried as the `index`-th, from 0; −1 beyond `size`. */
  at(index: number): number {
    return index < this.#size ? this.#slots[index]! : -1;
  }
}

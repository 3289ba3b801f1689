/**
 * What one thread decides for all workers, in shared memory: which endpoints are ejected, and what part of its weight an
 * endpoint has that warms up. A worker notices a change by one load.
 *
 * Word    by slot: bit 0 ejected, above it what is missing of the whole weight, in parts of 2^20: 0 is a slot that serves with
 *         all of its weight, so zeroed memory needs no set-up.
 * Source  original.
 * Cost    `isNew` is a load; `refresh` is O(capacity) after a change.
 */

const EJECTED = 1;
const WHOLE = 2 ** 20;

/** The memory of one pool; `structuredClone` and `postMessage` share it. */
export interface SharedVerdictsMemory {
  /** A word per slot. */
  readonly words: Int32Array;
  /** One word, counted up by each change. */
  readonly changes: Int32Array;
}

/** Zeroed memory for slots 0 to `capacity` − 1. */
export function createSharedVerdicts(capacity: number): SharedVerdictsMemory {
  const shared = (length: number) => new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * length));
  return { words: shared(capacity), changes: shared(1) };
}

/** The one who decides says so. `factor` is 0 to 1. A slot beyond the capacity is nobody's. */
export function writeVerdict(memory: SharedVerdictsMemory, slot: number, ejected: boolean, factor: number): void {
  const { words, changes } = memory;
  const word = (Math.round((1 - factor) * WHOLE) << 1) | (ejected ? EJECTED : 0);
  if (slot >= words.length || words[slot] === word) return;
  Atomics.store(words, slot, word);
  Atomics.add(changes, 0, 1);
}

export interface VerdictListener {
  ejectionChanged(slot: number, ejected: boolean): void;
  factorChanged(slot: number, factor: number): void;
}

/** The verdicts as one worker knows them; they change by `refresh` alone. */
export class VerdictReader {
  readonly #memory: SharedVerdictsMemory;
  readonly #known: Int32Array;
  #seen = 0;

  constructor(memory: SharedVerdictsMemory) {
    this.#memory = memory;
    this.#known = memory.words.slice();
  }

  get isNew(): boolean {
    return Atomics.load(this.#memory.changes, 0) !== this.#seen;
  }

  isEjected(slot: number): boolean {
    return (this.#wordOf(slot) & EJECTED) !== 0;
  }

  factorOf(slot: number): number {
    return 1 - (this.#wordOf(slot) >>> 1) / WHOLE;
  }

  /** The slot belongs to another endpoint now, of which the present verdict holds. */
  adopt(slot: number): void {
    if (slot < this.#known.length) this.#known[slot] = Atomics.load(this.#memory.words, slot);
  }

  refresh(listener: VerdictListener): void {
    this.#seen = Atomics.load(this.#memory.changes, 0);
    for (let slot = 0; slot < this.#known.length; slot++) {
      const before = this.#known[slot]!;
      const word = Atomics.load(this.#memory.words, slot);
      if (word === before) continue;
      this.#known[slot] = word;
      if (((word ^ before) & EJECTED) !== 0) listener.ejectionChanged(slot, this.isEjected(slot));
      if (word >>> 1 !== before >>> 1) listener.factorChanged(slot, this.factorOf(slot));
    }
  }

  #wordOf(slot: number): number {
    return slot < this.#known.length ? this.#known[slot]! : 0;
  }
}

import { CLIENT_SHARE, type DescriptorBudget } from './descriptors.ts';

/**
 * One budget of descriptors for several workers: the sums, then a column per worker, which is what must be given back when
 * it dies. `structuredClone` and `postMessage` share the words.
 */
export interface DescriptorMemory {
  readonly words: Int32Array;
  readonly capacity: number;
}

const USED = 0;
const CLIENTS = 1;
const COLUMN = 2;

export function createDescriptorMemory(capacity: number, workers: number): DescriptorMemory {
  const bytes = Int32Array.BYTES_PER_ELEMENT * COLUMN * (workers + 1);
  return { words: new Int32Array(new SharedArrayBuffer(bytes)), capacity };
}

/** The budget as `worker`, from 0, uses it. */
export function shareDescriptors({ words, capacity }: DescriptorMemory, worker: number): DescriptorBudget {
  const own = COLUMN * (worker + 1);
  function tryTakeOf(kind: number, limit: number): boolean {
    if (Atomics.add(words, kind, 1) < limit) {
      words[own + kind]!++;
      return true;
    }
    Atomics.sub(words, kind, 1);
    return false;
  }
  function releaseOf(kind: number): void {
    // Never below zero: a release too many must not widen the budget.
    if (words[own + kind]! <= 0) return;
    words[own + kind]!--;
    Atomics.sub(words, kind, 1);
  }
  return {
    capacity,
    get used() {
      return Atomics.load(words, USED);
    },
    tryTake: () => tryTakeOf(USED, capacity),
    release: () => releaseOf(USED),
    tryTakeForClient() {
      if (!tryTakeOf(CLIENTS, capacity * CLIENT_SHARE)) return false;
      if (tryTakeOf(USED, capacity)) return true;
      releaseOf(CLIENTS);
      return false;
    },
    releaseForClient() {
      releaseOf(CLIENTS);
      releaseOf(USED);
    },
  };
}

/** A worker died, and its sockets with it. */
export function releaseDescriptors({ words }: DescriptorMemory, worker: number): void {
  for (const kind of [USED, CLIENTS]) {
    const at = COLUMN * (worker + 1) + kind;
    Atomics.sub(words, kind, words[at]!);
    words[at] = 0;
  }
}

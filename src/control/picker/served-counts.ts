import type { TrafficCounts } from '../membership/traffic-witness.ts';

const SUCCESSES = 0;
const FAILURES = 1;
/** Words of a slot. */
const WORDS = 2;

/** How picks ended by slot, a column per worker. `structuredClone` and `postMessage` share it. The counts wrap. */
export interface ServedMemory {
  readonly columns: Int32Array;
  readonly capacity: number;
}

/** Zeroed memory for slots 0 to `capacity` − 1: 8 bytes each per worker, of which the system backs what is touched. */
export function createServedMemory(capacity: number, workers: number): ServedMemory {
  const length = WORDS * capacity * workers;
  return { columns: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * length)), capacity };
}

/** One worker's part: it only counts, and goes on in the column of one that died. O(1), allocates nothing. */
export class ServedTally {
  readonly #column: Int32Array;

  constructor({ columns, capacity }: ServedMemory, worker: number) {
    this.#column = columns.subarray(WORDS * capacity * worker, WORDS * capacity * (worker + 1));
  }

  /** A slot beyond the capacity is not counted. */
  record(slot: number, ok: boolean): void {
    const at = WORDS * slot + (ok ? SUCCESSES : FAILURES);
    if (at < this.#column.length) this.#column[at]!++;
  }
}

/** The sums over all workers, for whoever decides on checks. */
export function trafficOf({ columns, capacity }: ServedMemory): TrafficCounts {
  const sum = (slot: number, word: number): number => {
    let total = 0;
    if (slot >= capacity) return total;
    for (let at = WORDS * slot + word; at < columns.length; at += WORDS * capacity) total += columns[at]!;
    return total;
  };
  return { successesOf: (slot) => sum(slot, SUCCESSES), failuresOf: (slot) => sum(slot, FAILURES) };
}

/**
 * Outcomes of several workers by slot, in shared memory: each counts in a column of its own, and whoever decides on ejections
 * collects what has come since he last asked. Failures in a row are counted over all workers.
 *
 * Source  original.
 * Cost    O(1) per outcome: two plain writes, an atomic one after a failure or the first success after it. `collect` is
 *         O(workers).
 * Errors  none; a slot beyond the capacity is not counted.
 */

/** Words of a column per slot. */
const REQUESTS = 0;
const FAILURES = 1;
/** Words of a run per slot: failures since the last success, and the longest run since it was collected. */
const RUN = 0;
const LONGEST = 1;
const WORDS = 2;

/** The memory of one pool; `structuredClone` and `postMessage` share it. The counts wrap. */
export interface SharedOutcomesMemory {
  readonly runs: Int32Array;
  readonly columns: Int32Array;
  readonly capacity: number;
  readonly workers: number;
}

/** Zeroed memory for slots 0 to `capacity` − 1. */
export function createSharedOutcomes(capacity: number, workers: number): SharedOutcomesMemory {
  const shared = (length: number) => new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * length));
  return { runs: shared(WORDS * capacity), columns: shared(WORDS * capacity * workers), capacity, workers };
}

/** One worker's part: it only counts. A worker that takes a dead one's place goes on in its column. */
export class OutcomeTally {
  readonly #runs: Int32Array;
  readonly #column: Int32Array;
  readonly #capacity: number;
  readonly #tellAt: number;
  readonly #onRun: () => void;

  /** `onRun` is called when `tellAt` failures in a row have come, whoever had them; 0: never. */
  constructor(memory: SharedOutcomesMemory, worker: number, tellAt: number, onRun: () => void) {
    this.#runs = memory.runs;
    this.#capacity = memory.capacity;
    this.#column = memory.columns.subarray(columnOf(memory, worker), columnOf(memory, worker + 1));
    this.#tellAt = tellAt;
    this.#onRun = onRun;
  }

  record(slot: number, ok: boolean): void {
    if (slot >= this.#capacity) return;
    const at = WORDS * slot;
    const runs = this.#runs;
    let run = 0;
    if (ok) {
      if (Atomics.load(runs, at + RUN) !== 0) Atomics.store(runs, at + RUN, 0);
    } else {
      run = Atomics.add(runs, at + RUN, 1) + 1;
      if (run > Atomics.load(runs, at + LONGEST)) Atomics.store(runs, at + LONGEST, run);
      this.#column[at + FAILURES]!++;
    }
    // Last: whoever collects never finds an outcome without its failure.
    this.#column[at + REQUESTS]!++;
    if (!ok && run === this.#tellAt) this.#onRun();
  }
}

/** What came since the last time. The same object at every call. */
export interface Collected {
  requests: number;
  failures: number;
  /** The longest run of failures in it, those before it included. */
  run: number;
}

/** The part of the one who decides. */
export class OutcomeCollector {
  readonly #memory: SharedOutcomesMemory;
  /** By slot: the sums of the columns at the last time. */
  readonly #requests: Int32Array;
  readonly #failures: Int32Array;
  readonly #collected: Collected = { requests: 0, failures: 0, run: 0 };

  constructor(memory: SharedOutcomesMemory) {
    this.#memory = memory;
    this.#requests = new Int32Array(memory.capacity);
    this.#failures = new Int32Array(memory.capacity);
  }

  /** Nothing of what came before counts: the slot belongs to another endpoint now. */
  begin(slot: number): void {
    if (slot >= this.#memory.capacity) return;
    Atomics.store(this.#memory.runs, WORDS * slot + RUN, 0);
    this.collect(slot);
  }

  collect(slot: number): Readonly<Collected> {
    const collected = this.#collected;
    const { runs, capacity } = this.#memory;
    collected.requests = collected.failures = collected.run = 0;
    if (slot >= capacity) return collected;
    const requests = this.#sum(slot, REQUESTS);
    collected.requests = (requests - this.#requests[slot]!) | 0;
    this.#requests[slot] = requests;
    // A failure may be written whose request is not yet: the next time.
    const failures = (this.#sum(slot, FAILURES) - this.#failures[slot]!) | 0;
    collected.failures = Math.min(failures, collected.requests);
    this.#failures[slot]! += collected.failures;
    const longest = Atomics.exchange(runs, WORDS * slot + LONGEST, 0);
    collected.run = Math.max(longest, Atomics.load(runs, WORDS * slot + RUN));
    return collected;
  }

  #sum(slot: number, word: number): number {
    const { columns, workers } = this.#memory;
    let sum = 0;
    for (let worker = 0; worker < workers; worker++) {
      sum = (sum + columns[columnOf(this.#memory, worker) + WORDS * slot + word]!) | 0;
    }
    return sum;
  }
}

const columnOf = ({ capacity }: SharedOutcomesMemory, worker: number) => worker * WORDS * capacity;

/**
 * In-flight picks of several workers by slot, in shared memory, so that a limit is exact over all of them.
 *
 * Each table has one total per slot, changed atomically, and a column per worker that only this worker writes: when a
 * worker dies, its column is what has to be subtracted. Requests are counted for limits, cost units for policies.
 *
 * Source  original.
 * Cost    O(1), two atomic additions and two stores per pick; allocates nothing.
 * Errors  a slot beyond the capacity is the caller's broken promise; it reads 0 and is not counted.
 */
import type { InFlight } from '../kernel/policy.ts';

const TABLES = 2;
const REQUESTS = 0;
const COST = 1;

/** Where the counts lie: made once by the owner of the membership, given to each worker. `structuredClone` shares it. */
export interface SharedCountsMemory {
  readonly words: Int32Array;
  /** Slots 0 to `capacity` − 1. */
  readonly capacity: number;
  readonly workers: number;
}

/** Zeroed memory: 8 bytes × capacity × (workers + 1), of which the system backs what is touched. */
export function createSharedCounts(capacity: number, workers: number): SharedCountsMemory {
  // The last word: one more than the highest slot that was ever picked.
  const length = TABLES * capacity * (workers + 1) + 1;
  return { words: new Int32Array(new SharedArrayBuffer(4 * length)), capacity, workers };
}

/** The counts as one worker sees and changes them. */
export class SharedInFlight implements InFlight {
  readonly #words: Int32Array;
  readonly #capacity: number;
  /** Where the totals and this worker's own columns begin. */
  readonly #costs: number;
  readonly #ownRequests: number;
  readonly #ownCosts: number;
  readonly #reachAt: number;
  /** What this worker knows of the last word. */
  #reach = 0;

  /** `worker` is 0 to `memory.workers` − 1. */
  constructor(memory: SharedCountsMemory, worker: number) {
    this.#words = memory.words;
    this.#capacity = memory.capacity;
    this.#costs = tableOf(memory, COST);
    this.#ownRequests = columnOf(memory, REQUESTS, worker);
    this.#ownCosts = columnOf(memory, COST, worker);
    this.#reachAt = memory.words.length - 1;
  }

  /** Counts a pick of `slot`; false, and nothing is counted, when `limit` requests of all workers are under way. */
  tryStart(slot: number, cost: number, limit: number): boolean {
    if (slot >= this.#reach && !this.#extend(slot)) return false;
    const before = Atomics.add(this.#words, slot, 1);
    if (before >= limit) {
      Atomics.sub(this.#words, slot, 1);
      return false;
    }
    this.#words[this.#ownRequests + slot]!++;
    Atomics.add(this.#words, this.#costs + slot, cost);
    this.#words[this.#ownCosts + slot]! += cost;
    return true;
  }

  /** A counted pick of `slot` ended; exactly once, with its cost. */
  finish(slot: number, cost: number): void {
    Atomics.sub(this.#words, slot, 1);
    this.#words[this.#ownRequests + slot]!--;
    Atomics.sub(this.#words, this.#costs + slot, cost);
    this.#words[this.#ownCosts + slot]! -= cost;
  }

  /** Cost units of all workers. */
  of(slot: number): number {
    return slot < this.#capacity ? Atomics.load(this.#words, this.#costs + slot) : 0;
  }

  /** Requests of all workers. */
  requestsOf(slot: number): number {
    return slot < this.#capacity ? Atomics.load(this.#words, slot) : 0;
  }

  /** Requests of this worker. */
  ownRequestsOf(slot: number): number {
    return slot < this.#capacity ? this.#words[this.#ownRequests + slot]! : 0;
  }

  /** O(slots that were ever picked). */
  total(): number {
    const reach = Atomics.load(this.#words, this.#reachAt);
    let sum = 0;
    for (let slot = 0; slot < reach; slot++) sum += Atomics.load(this.#words, this.#costs + slot);
    return sum;
  }

  /** Before anything of `slot` is counted; false beyond the capacity. */
  #extend(slot: number): boolean {
    if (slot >= this.#capacity) return false;
    let reach = Atomics.load(this.#words, this.#reachAt);
    while (reach <= slot) {
      const found = Atomics.compareExchange(this.#words, this.#reachAt, reach, slot + 1);
      reach = found === reach ? slot + 1 : found;
    }
    this.#reach = reach;
    return true;
  }
}

/** A worker died: what it had under way is subtracted, and its column is free for the next one. Returns how many requests. */
export function releaseWorker(memory: SharedCountsMemory, worker: number): number {
  let lost = 0;
  for (const table of [REQUESTS, COST]) {
    const totals = tableOf(memory, table);
    const column = columnOf(memory, table, worker);
    for (let slot = 0; slot < memory.capacity; slot++) {
      const count = memory.words[column + slot]!;
      if (count === 0) continue;
      memory.words[column + slot] = 0;
      Atomics.sub(memory.words, totals + slot, count);
      if (table === REQUESTS) lost += count;
    }
  }
  return lost;
}

const tableOf = ({ capacity, workers }: SharedCountsMemory, table: number) => table * capacity * (workers + 1);

const columnOf = (memory: SharedCountsMemory, table: number, worker: number) =>
  tableOf(memory, table) + memory.capacity * (worker + 1);

import { createGuardMemory, type GuardMemory, releaseGuards } from '../control/picker/guard-share.ts';
import { createServedMemory, type ServedMemory } from '../control/picker/served-counts.ts';
import { createSharedCounts, releaseWorker, type SharedCountsMemory } from '../core/load/shared-in-flight.ts';

/** What the workers share of one pool. `structuredClone` and `postMessage` share it, they don't copy it. */
export interface PoolMemory {
  readonly counts: SharedCountsMemory;
  readonly guards: GuardMemory;
  readonly served: ServedMemory;
  /** A word per worker: how many wait there. */
  readonly waiting: Int32Array;
  /** One word: where `round-robin` stands. */
  readonly cursor: Int32Array;
}

/** Slots of endpoints that left are used again, but not before their last request has ended. */
const SLOTS_PER_ENDPOINT = 4;
const FEWEST_SLOTS = 16_384;

/** Room for `endpoints` and as many as will do for those that come and go. */
export function createPoolMemory(endpoints: number, workers: number): PoolMemory {
  const capacity = Math.max(FEWEST_SLOTS, SLOTS_PER_ENDPOINT * endpoints);
  return {
    // A column more: the main thread never picks, and must not take a worker's picks for its own.
    counts: createSharedCounts(capacity, workers + 1),
    guards: createGuardMemory(capacity, workers),
    served: createServedMemory(capacity, workers),
    waiting: new Int32Array(new SharedArrayBuffer(workers * Int32Array.BYTES_PER_ELEMENT)),
    cursor: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  };
}

/** A worker died. Returns how many requests it had under way. */
export function releasePoolMemory({ counts, guards, waiting }: PoolMemory, worker: number): number {
  Atomics.store(waiting, worker, 0);
  releaseGuards(guards, worker);
  return releaseWorker(counts, worker);
}

/**
 * What workers share of a pool's circuit breakers: one word of state per slot, so that a breaker opens once for all of them
 * and a half-open one admits its probes once. Each worker notes the probes it has under way in a column that only it writes:
 * when it dies, their places are free again.
 *
 * Source  original.
 * Cost    a plain write per probe; nothing for other picks. Releasing a worker is O(capacity).
 */
import { probesReturned } from './breaker-word.ts';

const WORDS_PER_SLOT = 2;
/** A word of a column: bits 0–5 probes under way, the era they began in above. */
const COUNT_BITS = 6;
const COUNT = (1 << COUNT_BITS) - 1;

/** The memory of one pool; `structuredClone` and `postMessage` share it. */
export interface SharedBreakersMemory {
  /** Two words a slot: the state, and when it becomes half-open. */
  readonly words: Int32Array;
  /** One word, counted up by each change of a state. */
  readonly changes: Int32Array;
  /** Probes under way, a column per worker. */
  readonly probes: Int32Array;
  readonly workers: number;
}

/** The same as one worker sees it. */
export interface SharedBreakers {
  readonly words: Int32Array;
  readonly changes: Int32Array;
  /** This worker's column. */
  readonly probes: Int32Array;
}

/** Zeroed memory, in which every breaker is closed, for slots 0 to `capacity` − 1. */
export function createSharedBreakers(capacity: number, workers: number): SharedBreakersMemory {
  const shared = (length: number) => new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * length));
  return { words: shared(WORDS_PER_SLOT * capacity), changes: shared(1), probes: shared(capacity * workers), workers };
}

/** `worker` is 0 to `memory.workers` − 1. */
export function breakersOf({ words, changes, probes, workers }: SharedBreakersMemory, worker: number): SharedBreakers {
  const capacity = probes.length / workers;
  return { words, changes, probes: probes.subarray(worker * capacity, (worker + 1) * capacity) };
}

export function probeStarted(probes: Int32Array, slot: number, era: number): void {
  const word = probes[slot]!;
  probes[slot] = word >>> COUNT_BITS === era ? word + 1 : (era << COUNT_BITS) | 1;
}

/** A probe ended without a verdict; with one, a new era begins, to which no count belongs. */
export function probeEnded(probes: Int32Array, slot: number, era: number): void {
  const word = probes[slot]!;
  if (word >>> COUNT_BITS === era && (word & COUNT) > 0) probes[slot] = word - 1;
}

/** A worker died: its probes' places are free, and its column for the next one. */
export function releaseProbes(memory: SharedBreakersMemory, worker: number): void {
  const { words, probes } = breakersOf(memory, worker);
  for (let slot = 0; slot < probes.length; slot++) {
    const own = probes[slot]!;
    if (own === 0) continue;
    probes[slot] = 0;
    const at = slot * WORDS_PER_SLOT;
    let word: number;
    do {
      word = Atomics.load(words, at);
    } while (Atomics.compareExchange(words, at, word, probesReturned(word, own >>> COUNT_BITS, own & COUNT)) !== word);
  }
}

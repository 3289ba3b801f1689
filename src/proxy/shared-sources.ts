/**
 * Connections by the address they come from, over all workers: a count–min sketch in shared memory. Each address has a cell in
 * each of four rows and counts in all of them; the least of the four is what is believed.
 *
 * Exact    but for addresses that share a cell with others in every row: then too many are counted, never too few. With
 *          1,000 addresses connected at a time this happens to 1 address in 80,000, with 10,000 to 1 in 25, and adds what
 *          the least of those others has open. The seed is drawn, so that nobody can choose an address to share a victim's.
 * Source   Cormode, Muthukrishnan, "An improved data stream summary: the count-min sketch and its applications", 2005.
 * Cost     two hashes and four atomic additions per connection. 256 KiB, and as much per worker, of which the system backs
 *          what is touched.
 */
import { murmur3 } from '../core/hash/murmur3.ts';

const ROWS = 4;
const CELLS = 2 ** 14;
const TABLE = ROWS * CELLS;

/** The totals, then a table per worker, which is what is subtracted when it dies. `postMessage` shares the words. */
export interface SourceMemory {
  readonly words: Int32Array;
  readonly seed: number;
}

/** Counts connections of one listener by where they come from. */
export interface SourceCounter {
  /** Counts one; returns how many are open from there now. */
  enter(address: string): number;
  /** One that was counted is gone. */
  leave(address: string): void;
}

/** `seed` is any 32-bit integer. */
export function createSourceMemory(workers: number, seed: number): SourceMemory {
  const bytes = Int32Array.BYTES_PER_ELEMENT * TABLE * (workers + 1);
  return { words: new Int32Array(new SharedArrayBuffer(bytes)), seed };
}

/** As `worker`, from 0, counts. */
export function countSources({ words, seed }: SourceMemory, worker: number, listener: string): SourceCounter {
  const own = TABLE * (worker + 1);
  const first = murmur3(listener, seed);
  const second = murmur3(listener, first);
  function change(address: string, by: number): number {
    const start = murmur3(address, first);
    // Odd: the cells of the rows differ however few bits of it count.
    const step = murmur3(address, second) | 1;
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < ROWS; row++) {
      const at = row * CELLS + ((start + Math.imul(row, step)) & (CELLS - 1));
      least = Math.min(least, Atomics.add(words, at, by) + by);
      words[own + at]! += by;
    }
    return least;
  }
  return { enter: (address) => change(address, 1), leave: (address) => void change(address, -1) };
}

/** A worker died, and its connections with it. */
export function releaseSources({ words }: SourceMemory, worker: number): void {
  const own = TABLE * (worker + 1);
  for (let at = 0; at < TABLE; at++) {
    const count = words[own + at]!;
    if (count === 0) continue;
    words[own + at] = 0;
    Atomics.sub(words, at, count);
  }
}

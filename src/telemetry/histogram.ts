/**
 * A log-linear histogram of milliseconds: 16 buckets per power of two, from 2^-10 ms (about 1 µs) to 2^22 ms (70 min).
 *
 * Source  original, after Gil Tene's HdrHistogram; the bucket is read off the bits of the value as a 32-bit float.
 * Cost    `record` is one conversion and two additions, and allocates nothing; 4 KiB each.
 * Errors  a bucket is at most 1/16 of its lower bound wide, so a quantile is off by at most 3.2 %. What lies outside the
 *         range is counted at its ends; NaN and negative numbers count as 0.
 */
const LOWEST_EXPONENT = -10;
const HIGHEST_EXPONENT = 22;
const PER_OCTAVE_BITS = 4;
const BUCKETS = (HIGHEST_EXPONENT - LOWEST_EXPONENT) << PER_OCTAVE_BITS;
const MANTISSA_BITS = 23;
const EXPONENT_BIAS = 127;
const SHIFT = MANTISSA_BITS - PER_OCTAVE_BITS;
const FIRST = (EXPONENT_BIAS + LOWEST_EXPONENT) << PER_OCTAVE_BITS;
const LOWEST = 2 ** LOWEST_EXPONENT;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Bounds that fall between two buckets, so that cumulative counts at them are exact: 2^-2 ms (250 µs) to 2^16 ms. */
export const BOUNDS_MS: readonly number[] = Array.from({ length: 19 }, (_, i) => 2 ** (i - 2));

/** What `structuredClone` copies. */
export interface HistogramData {
  readonly counts: Float64Array;
  readonly totals: Float64Array;
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  /** Count, sum. An array keeps the sum from being boxed. */
  readonly #totals = new Float64Array(2);

  get count(): number {
    return this.#totals[0]!;
  }

  /** Of all recorded values, in milliseconds. */
  get sum(): number {
    return this.#totals[1]!;
  }

  /** Milliseconds. */
  record(ms: number): void {
    const value = Math.max(ms || 0, 0); // NaN would spoil the sum for good
    this.#counts[bucketOf(value)]!++;
    this.#totals[0]!++;
    this.#totals[1]! += value;
  }

  /** The value that the share `q` (0..1) of all values does not exceed; 0 without values. */
  quantile(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= rank) return (lowerBound(bucket) + lowerBound(bucket + 1)) / 2;
    }
    return 0;
  }

  /** How many values lie below each of `BOUNDS_MS`. */
  cumulative(): number[] {
    const result: number[] = [];
    let seen = 0;
    let bucket = 0;
    for (const bound of BOUNDS_MS) {
      const end = bucketOf(bound);
      while (bucket < end) seen += this.#counts[bucket++]!;
      result.push(seen);
    }
    return result;
  }

  /** Adds what `other` has recorded. */
  merge(other: Histogram): void {
    this.add({ counts: other.#counts, totals: other.#totals });
  }

  /** Every number of it, for another thread; `add` takes it. */
  data(): HistogramData {
    return { counts: this.#counts.slice(), totals: this.#totals.slice() };
  }

  /** Adds what a histogram of another thread has recorded. */
  add({ counts, totals }: HistogramData): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#counts[bucket]! += counts[bucket]!;
    for (let i = 0; i < totals.length; i++) this.#totals[i]! += totals[i]!;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#totals.fill(0);
  }
}

function bucketOf(ms: number): number {
  if (ms < LOWEST) return 0;
  float[0] = ms;
  const bucket = (bits[0]! >>> SHIFT) - FIRST;
  return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

function lowerBound(bucket: number): number {
  bits[0] = (bucket + FIRST) << SHIFT;
  return float[0]!;
}

import type { RetryFields } from '../../control/pool-options.ts';
import type { Rng } from '../../core/kernel/rng.ts';

/** The longest pause before a retry, in times of `backoff`. */
const MOST_BACKOFFS = 10;
const STATUSES = 600;

/** A pool's rules of retrying, read from its options once. */
export class RetryRules {
  readonly attempts: number;
  readonly bufferBytes: number;
  readonly maxRetryAfterMs: number;
  readonly #backoffMs: number;
  /** By status; null: none. */
  readonly #isRetried: Uint8Array | null;

  constructor({ attempts, backoff, statuses, bufferBytes, maxRetryAfter }: RetryFields) {
    this.attempts = attempts;
    this.bufferBytes = bufferBytes;
    this.maxRetryAfterMs = maxRetryAfter;
    this.#backoffMs = backoff;
    this.#isRetried = attempts > 0 && statuses.length > 0 ? new Uint8Array(STATUSES) : null;
    for (const status of statuses) if (this.#isRetried !== null) this.#isRetried[status] = 1;
  }

  retries(status: number): boolean {
    return this.#isRetried !== null && this.#isRetried[status] === 1;
  }

  /**
   * Milliseconds before retry number `retry`, from 1: the first goes to another endpoint at once; later ones are spread, so
   * that those that failed together do not come back together.
   *
   * Source  Envoy, retry back off: uniform below (2^N − 1) × base, at most 10 × base.
   */
  backoffMs(retry: number, rng: Rng): number {
    if (retry <= 1) return 0;
    return rng.next() * Math.min(2 ** retry - 1, MOST_BACKOFFS) * this.#backoffMs;
  }
}

/**
 * One budget for retries and hedges: how many further tries a pool may make, so that retries never multiply an outage.
 *
 * Two bounds, both must allow it:
 *   rate         a token bucket: over the last `ttlMs`, further tries ≤ `ratio` × requests + `minPerSecond` × ttl.
 *   concurrency  further tries under way < max(`minActive`, `ratio` × requests under way).
 * A bucket alone lets all saved tokens go at once; a share of what is under way alone lets a fast failure repeat without end.
 *
 * Source  rate: Finagle's RetryBudget (leaky token bucket, ttl 10 s, 20 %, 10 a second, ten slices); concurrency: Envoy's
 *         retry_budget (20 %, at least 3).
 * Cost    O(1); allocates nothing. After a pause the ten slices are cleared once.
 * Errors  none.
 */
import type { Clock } from '../kernel/clock.ts';

export interface RetryBudgetOptions {
  /** Further tries per request, ≥ 0; of requests in the window, and of those under way. Default 0.2. */
  readonly ratio?: number;
  /** Further tries a second that few requests may have all the same, ≥ 0. Default 10. */
  readonly minPerSecond?: number;
  /** How long a request's token lives, milliseconds > 0. Default 10,000. */
  readonly ttlMs?: number;
  /** Further tries that may be under way however few requests are, ≥ 0. Default 3. */
  readonly minActive?: number;
}

const SLICES = 10;

/** Ratio × requests may fall short of a whole token by rounding. */
const TOLERANCE = 1e-9;

export class RetryBudget {
  readonly #ratio: number;
  readonly #reserve: number;
  readonly #minActive: number;
  readonly #sliceMs: number;
  readonly #clock: Clock;
  /** Per slice of the window: requests that began, further tries that were granted. */
  readonly #requests = new Int32Array(SLICES);
  readonly #tries = new Int32Array(SLICES);
  #requestSum = 0;
  #trySum = 0;
  readonly #originMs: number;
  /** Slices since the origin; a whole number. */
  #slice = 0;
  #activeRequests = 0;
  #activeTries = 0;

  constructor(options: RetryBudgetOptions, clock: Clock) {
    const { ratio = 0.2, minPerSecond = 10, ttlMs = 10_000, minActive = 3 } = options;
    this.#ratio = ratio;
    this.#reserve = (minPerSecond * ttlMs) / 1000;
    this.#minActive = minActive;
    this.#sliceMs = ttlMs / SLICES;
    this.#clock = clock;
    this.#originMs = clock.now();
  }

  /** Whole further tries that the bucket has left now, whatever is under way; for people. */
  get tokens(): number {
    this.#turn();
    return Math.max(0, Math.floor(this.#balance()));
  }

  /** Further tries under way. */
  get activeTries(): number {
    return this.#activeTries;
  }

  /** A request began: its first try, not a further one. `nowMs`: the clock's time, where the caller knows it. */
  start(nowMs = this.#clock.now()): void {
    this.#turn(nowMs);
    this.#requests[this.#place()]!++;
    this.#requestSum++;
    this.#activeRequests++;
  }

  /** A request ended, once per `start`. */
  finish(): void {
    this.#activeRequests--;
  }

  /** May a retry or a hedge begin? Takes a token and counts it under way when true: `finishTry` when it ends. */
  tryAgain(): boolean {
    this.#turn();
    if (this.#activeTries >= Math.max(this.#minActive, this.#ratio * this.#activeRequests - TOLERANCE)) return false;
    if (this.#balance() < 1) return false;
    this.#tries[this.#place()]!++;
    this.#trySum++;
    this.#activeTries++;
    return true;
  }

  /** A retry or hedge ended, once per `tryAgain` that was true. */
  finishTry(): void {
    this.#activeTries--;
  }

  /** Below 0 when the requests that paid for tries are older than the ttl and the tries are not yet. */
  #balance(): number {
    return this.#reserve + this.#ratio * this.#requestSum - this.#trySum + TOLERANCE;
  }

  #place(): number {
    return this.#slice % SLICES;
  }

  /** Drops the slices that are older than the ttl. */
  #turn(nowMs = this.#clock.now()): void {
    const slice = Math.floor((nowMs - this.#originMs) / this.#sliceMs);
    const behind = Math.min(slice - this.#slice, SLICES);
    if (behind <= 0) return;
    this.#slice = slice;
    for (let back = 0; back < behind; back++) {
      const place = (slice - back) % SLICES;
      this.#requestSum -= this.#requests[place]!;
      this.#trySum -= this.#tries[place]!;
      this.#requests[place] = 0;
      this.#tries[place] = 0;
    }
  }
}

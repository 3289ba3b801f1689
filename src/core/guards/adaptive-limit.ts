/**
 * Adaptive concurrency limit: finds out how many requests may be under way before they only wait for each other, from
 * the latencies of live traffic.
 *
 * Window   `windowMs` at least, and `minSamples` latencies: their mean is `short`. `long` is the exponential mean of the windows
 *          (600 of them, plain mean for the first 10). After an overload, while long > 2 × short, long shrinks by 5 % a window.
 * Formula  gradient = tolerance × long / short, within 0.5 to 1
 *          limit    = 0.8 × limit + 0.2 × (gradient × limit + √limit), within min to max
 * Drops    a window in which a request was dropped (time-out, refused for overload) takes 0.9 × the limit instead.
 * Idle     the limit doesn't grow in a window in which less than half of it was under way at most. Nothing changes in time
 *          without requests. The limit is never pinned down to measure: a service that is slow for long becomes the norm.
 *
 * Source  Netflix concurrency-limits, Gradient2Limit (windows, tolerance 1.5, smoothing 0.2, half-used rule) and AIMDLimit
 *         (0.9); √limit as room to grow: Envoy's gradient controller.
 * Cost    O(1); allocates nothing.
 * Errors  `contract-broken` when `min` > `max` or `min` < 1.
 */
import type { Clock } from '../kernel/clock.ts';
import { EquipoiseError } from '../kernel/errors.ts';

export interface AdaptiveLimitOptions {
  /** Default 20, or the nearest of `min` and `max`. */
  readonly initial?: number;
  /** Least limit, ≥ 1. Default 3. */
  readonly min?: number;
  /** Greatest limit. Default 1000. */
  readonly max?: number;
  /** How many times its long mean the latency may be before the limit shrinks, ≥ 1. Default 1.5. */
  readonly tolerance?: number;
  /** Least length of a window, milliseconds ≥ 0. Default 1000. */
  readonly windowMs?: number;
  /** Least latencies in a window, ≥ 1. Default 10. */
  readonly minSamples?: number;
}

const LONG_WINDOWS = 600;
const WARM_UP_WINDOWS = 10;
const RECOVERY = 0.95;
const LEAST_GRADIENT = 0.5;
const SMOOTHING = 0.2;
const BACK_OFF = 0.9;

/** Places in `#numbers`. */
const LIMIT = 0;
const LONG_MS = 1;
const SUM_MS = 2;
const WINDOW_ENDS_MS = 3;

export class AdaptiveLimit {
  #min!: number;
  #max!: number;
  #tolerance!: number;
  #windowMs!: number;
  #minSamples!: number;
  readonly #clock: Clock;
  /** Doubles in fields would be allocated anew on each change. */
  readonly #numbers = new Float64Array(4);
  #inFlight = 0;
  #windows = 0;
  /** Of this window. */
  #samples = 0;
  #mostInFlight = 0;
  #dropped = false;

  constructor(options: AdaptiveLimitOptions, clock: Clock) {
    const { initial = 20 } = options;
    this.#clock = clock;
    this.#numbers[LIMIT] = initial;
    this.configure(options);
    this.#numbers[WINDOW_ENDS_MS] = clock.now() + this.#windowMs;
  }

  /** By other options from now on: what is under way and what was learned stay, the limit within `min` to `max`. */
  configure({ min = 3, max = 1000, tolerance = 1.5, windowMs = 1000, minSamples = 10 }: AdaptiveLimitOptions): void {
    if (!(min >= 1 && min <= max)) {
      throw new EquipoiseError('contract-broken', `adaptive limit: min ${min} is not 1 to max ${max}`);
    }
    this.#min = min;
    this.#max = max;
    this.#tolerance = tolerance;
    this.#windowMs = windowMs;
    this.#minSamples = minSamples;
    this.#numbers[LIMIT] = this.#within(this.#numbers[LIMIT]!);
  }

  /** Requests that may be under way. */
  get limit(): number {
    return Math.floor(this.#numbers[LIMIT]!);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** May a request begin? Counts it under way when true: one of `done`, `drop`, `neutral` ends it. */
  tryStart(): boolean {
    if (this.#inFlight >= this.limit) return false;
    this.#inFlight++;
    if (this.#inFlight > this.#mostInFlight) this.#mostInFlight = this.#inFlight;
    return true;
  }

  /** It was served; `latencyMs` ≥ 0 to the first byte, −1 when there is none to learn from. */
  done(latencyMs: number): void {
    this.#inFlight--;
    if (latencyMs < 0) return;
    this.#numbers[SUM_MS]! += latencyMs;
    this.#samples++;
    this.#endWindow();
  }

  /** It was not served for overload: a time-out, an endpoint's 429 or 503. */
  drop(): void {
    this.#inFlight--;
    this.#dropped = true;
    this.#samples++;
    this.#endWindow();
  }

  /** It ended and says nothing: its client went away, or the endpoint failed for another reason. */
  neutral(): void {
    this.#inFlight--;
  }

  #endWindow(): void {
    if (this.#samples < this.#minSamples) return;
    const nowMs = this.#clock.now();
    if (nowMs < this.#numbers[WINDOW_ENDS_MS]!) return;
    this.#numbers[LIMIT] = this.#within(this.#dropped ? this.#numbers[LIMIT]! * BACK_OFF : this.#nextLimit());
    this.#numbers[SUM_MS] = 0;
    this.#numbers[WINDOW_ENDS_MS] = nowMs + this.#windowMs;
    this.#samples = 0;
    this.#mostInFlight = this.#inFlight;
    this.#dropped = false;
  }

  #nextLimit(): number {
    const limit = this.#numbers[LIMIT]!;
    const shortMs = this.#numbers[SUM_MS]! / this.#samples;
    const longMs = this.#learn(shortMs);
    // All in no time: 0 / 0 says that nothing waits.
    const gradient = shortMs === 0 ? 1 : Math.min(1, Math.max(LEAST_GRADIENT, (this.#tolerance * longMs) / shortMs));
    const next = limit + SMOOTHING * (gradient * limit + Math.sqrt(limit) - limit);
    return next > limit && this.#mostInFlight < limit / 2 ? limit : next;
  }

  /** The long mean with this window, as it is to be compared. */
  #learn(shortMs: number): number {
    this.#windows++;
    const share = this.#windows <= WARM_UP_WINDOWS ? 1 / this.#windows : 2 / (LONG_WINDOWS + 1);
    const longMs = this.#numbers[LONG_MS]! + share * (shortMs - this.#numbers[LONG_MS]!);
    this.#numbers[LONG_MS] = longMs > 2 * shortMs ? longMs * RECOVERY : longMs;
    return longMs;
  }

  #within(limit: number): number {
    return Math.min(this.#max, Math.max(this.#min, limit));
  }
}

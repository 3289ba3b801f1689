import type { HedgeFields } from '../../control/pool-options.ts';
import { Histogram } from '../../telemetry/histogram.ts';

/** How often the percentile is taken anew. */
const WINDOW_MS = 2000;
/** Fewer latencies than these say nothing: the window goes on. */
const FEWEST = 50;
const LEAST_MS = 1;

/**
 * How long a first try may take before a second one is made: a percentile of the pool's latencies of late, at least 1 ms.
 *
 * Only first tries count, one that lost to its hedge with the time it had taken by then: if the hedges' shorter times
 * counted in their place, the percentile would sink and the hedges would multiply.
 *
 * Source  Dean and Barroso, "The tail at scale", CACM 56(2), 2013: hedged requests.
 * Cost    O(1) to record, one pass over a histogram every two seconds; allocates nothing.
 */
export class HedgeDelay {
  readonly #percentile: number | undefined;
  readonly #afterMs: number;
  readonly #latencies = new Histogram();
  /** The delay; when the window ends. */
  readonly #numbers = new Float64Array(2);

  constructor({ percentile, after = 0 }: HedgeFields, nowMs: number) {
    this.#percentile = percentile;
    this.#afterMs = after;
    this.#numbers[0] = percentile === undefined ? after : Number.POSITIVE_INFINITY;
    this.#numbers[1] = nowMs + WINDOW_MS;
  }

  /** Milliseconds; Infinity while the percentile isn't known. */
  get ms(): number {
    return this.#numbers[0]!;
  }

  /** The latency of a first try, milliseconds ≥ 0. */
  record(latencyMs: number, nowMs: number): void {
    if (this.#percentile === undefined) return;
    this.#latencies.record(latencyMs);
    if (nowMs < this.#numbers[1]! || this.#latencies.count < FEWEST) return;
    this.#numbers[0] = Math.max(LEAST_MS, this.#afterMs, this.#latencies.quantile(this.#percentile / 100));
    this.#numbers[1] = nowMs + WINDOW_MS;
    this.#latencies.clear();
  }
}

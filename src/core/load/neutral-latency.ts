/**
 * What a newcomer is believed to take until it has answered: as long as the others do.
 *
 * Either a fixed number, or the mean of everybody's latest answers (each weighs 1/64 of what it finds; the first 64 are
 * averaged evenly), or 30 ms when nobody has answered yet. Failures say nothing of how long an answer takes: they don't
 * count, so an endpoint that fails does not keep newcomers from being asked.
 *
 * Source  the 30 ms: linkerd2-proxy's default round-trip time; the mean is ours.
 * Cost    O(1), allocates nothing.
 * Errors  none.
 */
import type { Outcome } from '../kernel/outcome.ts';

export const UNKNOWN_MS = 30;

const WINDOW = 64;

/** Past any latency; keeps sums finite. */
const MOST_MS = 1e15;

export class NeutralLatency {
  readonly #fixed: boolean;
  /** Element 0 of an array: a double in a field would be allocated anew on each change. */
  readonly #ms = new Float64Array(1);
  #recorded = 0;

  /** `fixedMs` ≥ 0 replaces the mean. */
  constructor(fixedMs?: number) {
    this.#fixed = fixedMs !== undefined;
    this.#ms[0] = fixedMs ?? UNKNOWN_MS;
  }

  get ms(): number {
    return this.#ms[0]!;
  }

  record(outcome: Outcome): void {
    if (this.#fixed || !outcome.ok || outcome.latencyMs < 0) return;
    if (this.#recorded < WINDOW) this.#recorded++;
    this.#ms[0]! += (Math.min(outcome.latencyMs, MOST_MS) - this.#ms[0]!) / this.#recorded;
  }
}

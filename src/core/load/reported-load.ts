/**
 * The latest load report of each slot, until it expires.
 *
 * Source  the expiry: `weight_expiration_period` of Envoy's and gRPC's client-side weighted round robin, 3 minutes.
 * Cost    O(1) per record and read; allocates only when a slot is higher than any before.
 * Errors  none; what was never said, or too long ago, reads `NOT_SAID`.
 */
import type { Clock } from '../kernel/clock.ts';
import type { LoadReport } from '../kernel/load-report.ts';
import { grownFloat64 } from './grow.ts';

export const REPORT_EXPIRY_MS = 180_000;

/** Below every number that can be said. */
export const NOT_SAID = -1;

/** The time and the five numbers of one slot. */
const PER_SLOT = 6;
const AT = 0;
const UTILIZATION = 1;
const IN_FLIGHT = 2;
const LATENCY = 3;
const REQUESTS = 4;
const ERRORS = 5;

export class ReportedLoad {
  readonly #clock: Clock;
  readonly #expiryMs: number;
  #values = new Float64Array(0);
  /** Every slot below was recorded or forgotten at least once; the others read as never said. */
  #reached = 0;

  /** A report counts for `expiryMs` > 0, default 3 minutes. */
  constructor(clock: Clock, expiryMs = REPORT_EXPIRY_MS) {
    this.#clock = clock;
    this.#expiryMs = expiryMs;
  }

  /** Replaces what the slot said before. The report is copied; none, or one that says nothing, leaves the last one. */
  record(slot: number, report: LoadReport | undefined): void {
    if (report === undefined || !saysAnything(report)) return;
    this.#reach(slot);
    const first = slot * PER_SLOT;
    this.#values[first + AT] = this.#clock.now();
    this.#values[first + UTILIZATION] = report.utilization;
    this.#values[first + IN_FLIGHT] = report.inFlight;
    this.#values[first + LATENCY] = report.latencyMs;
    this.#values[first + REQUESTS] = report.requestsPerSecond;
    this.#values[first + ERRORS] = report.errorsPerSecond;
  }

  /** The slot belongs to another endpoint now. */
  forget(slot: number): void {
    if (slot < this.#reached) this.#values[slot * PER_SLOT + AT] = Number.NEGATIVE_INFINITY;
  }

  /** Milliseconds since the slot's report; Infinity when it has none that counts. */
  ageMs(slot: number): number {
    if (slot >= this.#reached) return Number.POSITIVE_INFINITY;
    const ageMs = this.#clock.now() - this.#values[slot * PER_SLOT + AT]!;
    return ageMs <= this.#expiryMs ? ageMs : Number.POSITIVE_INFINITY;
  }

  utilizationOf(slot: number): number {
    return this.#of(slot, UTILIZATION);
  }

  inFlightOf(slot: number): number {
    return this.#of(slot, IN_FLIGHT);
  }

  latencyMsOf(slot: number): number {
    return this.#of(slot, LATENCY);
  }

  requestsPerSecondOf(slot: number): number {
    return this.#of(slot, REQUESTS);
  }

  errorsPerSecondOf(slot: number): number {
    return this.#of(slot, ERRORS);
  }

  #of(slot: number, which: number): number {
    return this.ageMs(slot) === Number.POSITIVE_INFINITY ? NOT_SAID : this.#values[slot * PER_SLOT + which]!;
  }

  #reach(slot: number): void {
    this.#values = grownFloat64(this.#values, slot, PER_SLOT);
    for (; this.#reached <= slot; this.#reached++) {
      this.#values[this.#reached * PER_SLOT + AT] = Number.NEGATIVE_INFINITY;
    }
  }
}

function saysAnything({ utilization, inFlight, latencyMs, requestsPerSecond, errorsPerSecond }: LoadReport): boolean {
  return Math.max(utilization, inFlight, latencyMs, requestsPerSecond, errorsPerSecond) >= 0;
}

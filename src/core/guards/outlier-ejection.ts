/**
 * Outlier ejection: takes endpoints out that fail more than the others do, and lets them return after a while.
 *
 * Outcomes are only counted (`record`); decisions are taken in `advance`, once for all workers: each worker's counts may be
 * added by `add`. An ejection is due at once after failures in a row, else at the end of the interval:
 *   consecutive failures  ≥ `consecutiveFailures` in a row.
 *   success rate          of the endpoints with ≥ `minRequests` in the interval, if they are ≥ `minEndpoints`: below
 *                         mean − `deviations` × σ (population), and by at least `minGap` below the mean. If they are fewer but
 *                         two at least: by at least `fewGap` below the rate of the others taken together, because among n
 *                         rates none lies more than √(n − 1) σ below the mean.
 *   failure rate          ≥ `failureRate` of ≥ `minRequests` in the interval; off unless given.
 * Time out: `baseEjectionMs` × times ejected, at most `maxEjectionMs`; an interval in which it served without being ejected
 * takes one time back. The worst go first; never more than the share `maxEjected` of the members, and never so many that
 * fewer than `minEligible` serve. When members leave, those nearest to their return come back early to keep that.
 *
 * Source  Envoy, "outlier detection" (1.9 σ, 5 endpoints, 100 requests, 10 s, 30 s × times, 300 s); the gaps, the rule for
 *         few and the least number are ours.
 * Cost    `record` O(1), allocating only when a slot is higher than any before. `advance` is one comparison until something
 *         is due, then O(members log members) and may allocate.
 * Errors  none; what is recorded of a slot that is no member is dropped.
 */
import type { Clock } from '../kernel/clock.ts';
import { grownFloat64, grownInt32 } from '../load/grow.ts';
import { OutcomeCounts } from './outcome-counts.ts';
import { type Suspect, suspectsByFailureRate, suspectsBySuccessRate, type Tally } from './outlier-rules.ts';

/** Hears each ejection and return, with the reason in words. `untilMs` is the end of an ejection on the clock, −1 for a return. */
export type OutlierListener = (slot: number, ejected: boolean, reason: string, untilMs: number) => void;

/** By which rules an endpoint is taken out for a while, and how many may be out. */
export interface OutlierEjectionOptions {
  /** Failures in a row that eject, ≥ 1; 0 turns the rule off. Default 5. */
  readonly consecutiveFailures?: number;
  /** Milliseconds from one evaluation of the rates to the next, > 0. Default 10,000. */
  readonly intervalMs?: number;
  /** Requests in an interval below which an endpoint's rate is not judged, ≥ 1. Default 100. */
  readonly minRequests?: number;
  /** Judged endpoints from which on their spread is compared, ≥ 2. Default 5. */
  readonly minEndpoints?: number;
  /** Standard deviations below the mean, ≥ 0. Default 1.9. */
  readonly deviations?: number;
  /** The least distance from the mean, 0 to 1: of equal endpoints, the unlucky stay. Default 0.05. */
  readonly minGap?: number;
  /** The distance from the others where the judged are fewer than `minEndpoints`, 0 to 1. Default 0.3. */
  readonly fewGap?: number;
  /** Share of failures that ejects, 0 to 1. Absent: off. */
  readonly failureRate?: number;
  /** Default 30,000. */
  readonly baseEjectionMs?: number;
  /** Default the greater of 300,000 and `baseEjectionMs`. */
  readonly maxEjectionMs?: number;
  /** Share of the members that may be ejected, 0 to 1. Default 0.5. */
  readonly maxEjected?: number;
  /** Endpoints that must go on serving, ≥ 0. Default 1. */
  readonly minEligible?: number;
}

export interface OutlierEjectionDeps {
  readonly clock: Clock;
  readonly listener: OutlierListener;
}

const DEFAULTS = {
  consecutiveFailures: 5,
  intervalMs: 10_000,
  minRequests: 100,
  minEndpoints: 5,
  deviations: 1.9,
  minGap: 0.05,
  fewGap: 0.3,
  failureRate: Number.POSITIVE_INFINITY,
  baseEjectionMs: 30_000,
  maxEjected: 0.5,
  minEligible: 1,
};
const MAX_EJECTION_MS = 300_000;

/** Bits of a slot's flags. */
const MEMBER = 1;
const SERVING = 2;
const EJECTED = 4;

/** Places in `#due`: the earliest of all, the end of the interval. */
const ANY = 0;
const INTERVAL = 1;
const NEVER = Number.POSITIVE_INFINITY;
const AT_ONCE = Number.NEGATIVE_INFINITY;

/** A share of the members may fall short of a whole number by rounding. */
const TOLERANCE = 1e-9;

export class OutlierEjection {
  readonly #options: Required<OutlierEjectionOptions>;
  readonly #clock: Clock;
  readonly #listener: OutlierListener;
  readonly #members = new Set<number>();
  readonly #counts = new OutcomeCounts();
  #ejectedCount = 0;
  /** Members that serve and are not ejected. */
  #eligibleCount = 0;
  /** By slot. */
  #flags = new Int32Array(16);
  /** By slot: times ejected, less those taken back. */
  #times = new Int32Array(16);
  /** By slot: the end of its ejection. */
  #untilMs = new Float64Array(16);
  /** Doubles in fields would be allocated anew on each change. */
  readonly #due = new Float64Array([NEVER, NEVER]);

  constructor(options: OutlierEjectionOptions, deps: OutlierEjectionDeps) {
    const { baseEjectionMs = DEFAULTS.baseEjectionMs } = options;
    this.#options = { ...DEFAULTS, maxEjectionMs: Math.max(MAX_EJECTION_MS, baseEjectionMs), ...options };
    this.#clock = deps.clock;
    this.#listener = deps.listener;
  }

  /** When `advance` has something to do, on the clock: −Infinity at once, Infinity when nothing is due. */
  get nextDueMs(): number {
    return this.#due[ANY]!;
  }

  get ejectedCount(): number {
    return this.#ejectedCount;
  }

  isEjected(slot: number): boolean {
    return this.#has(slot, EJECTED);
  }

  /** Milliseconds until it returns at the latest; 0 when it is not ejected. */
  ejectedForMs(slot: number): number {
    return this.isEjected(slot) ? Math.max(0, this.#untilMs[slot]! - this.#clock.now()) : 0;
  }

  /** The slot is a member from now on, of which nothing is known. */
  join(slot: number): void {
    this.forget(slot);
    if (slot >= this.#flags.length) this.#reach(slot);
    this.#members.add(slot);
    this.#flags[slot] = MEMBER | SERVING;
    this.#eligibleCount++;
  }

  /** The slot is no member any more. Nobody is told of its end. */
  forget(slot: number): void {
    if (!this.#has(slot, MEMBER)) return;
    if (this.#isEligible(slot)) this.#eligibleCount--;
    if (this.#has(slot, EJECTED)) this.#ejectedCount--;
    this.#members.delete(slot);
    this.#flags[slot] = 0;
    this.#times[slot] = 0;
    this.#counts.forget(slot);
    this.#checkCap();
  }

  /** What others say of a member: mode and checks. One that doesn't serve is not ejected and doesn't count as eligible. */
  setServing(slot: number, serving: boolean): void {
    if (!this.#has(slot, MEMBER) || this.#has(slot, SERVING) === serving) return;
    this.#flags[slot]! ^= SERVING;
    if (serving) this.#counts.forget(slot);
    if (!this.#has(slot, EJECTED)) this.#eligibleCount += serving ? 1 : -1;
    this.#checkCap();
  }

  /** How a pick ended; not for one that says nothing of the endpoint. */
  record(slot: number, ok: boolean): void {
    if (!this.#has(slot, MEMBER)) return;
    this.#counts.record(slot, ok);
    this.#beginIfIdle();
    // Once per run: when the cap forbids it then, the end of the interval asks again.
    if (!ok && this.#counts.runOf(slot) === this.#options.consecutiveFailures) this.#due[ANY] = AT_ONCE;
  }

  /** What a worker counted since it last handed over; `run`: its failures since its last success. */
  add(slot: number, requests: number, failures: number, run: number): void {
    if (!this.#has(slot, MEMBER) || requests === 0) return;
    this.#counts.add(slot, requests, failures, run);
    this.#beginIfIdle();
    if (failures > 0 && run >= this.#options.consecutiveFailures) this.#due[ANY] = AT_ONCE;
  }

  /** Lets return what has been out long enough, and decides on ejections. */
  advance(nowMs: number): void {
    if (nowMs < this.#due[ANY]!) return;
    this.#returnWhoMay(nowMs);
    const intervalEnds = nowMs >= this.#due[INTERVAL]!;
    const tallies = intervalEnds ? this.#tallies() : [];
    const suspects = [
      ...this.#suspectsByRun(),
      ...suspectsBySuccessRate(tallies, this.#options),
      ...suspectsByFailureRate(tallies, this.#options.failureRate),
    ];
    suspects.sort((a, b) => b.failureRate - a.failureRate);
    for (const each of suspects) if (this.#mayEject(each.slot)) this.#eject(each, nowMs);
    if (intervalEnds) this.#beginInterval(suspects);
    this.#setDue();
  }

  /** The first outcome begins an interval, so that an idle pool is never due. */
  #beginIfIdle(): void {
    if (this.#due[INTERVAL] !== NEVER) return;
    this.#due[INTERVAL] = this.#clock.now() + this.#options.intervalMs;
    this.#due[ANY] = Math.min(this.#due[ANY]!, this.#due[INTERVAL]!);
  }

  #tallies(): Tally[] {
    const tallies: Tally[] = [];
    for (const slot of this.#members) {
      const requests = this.#counts.requestsOf(slot);
      if (requests < this.#options.minRequests || !this.#isEligible(slot)) continue;
      tallies.push({ slot, requests, failures: this.#counts.failuresOf(slot) });
    }
    return tallies;
  }

  #suspectsByRun(): Suspect[] {
    const { consecutiveFailures } = this.#options;
    const suspects: Suspect[] = [];
    for (const slot of this.#members) {
      const run = this.#counts.runOf(slot);
      if (consecutiveFailures === 0 || run < consecutiveFailures || !this.#isEligible(slot)) continue;
      suspects.push({ slot, reason: `${run} failures in a row`, failureRate: 1 });
    }
    return suspects;
  }

  #mayEject(slot: number): boolean {
    return (
      this.#isEligible(slot) &&
      this.#ejectedCount + 1 <= this.#mostEjected() &&
      this.#eligibleCount - 1 >= this.#options.minEligible
    );
  }

  #mostEjected(): number {
    return Math.floor(this.#options.maxEjected * this.#members.size + TOLERANCE);
  }

  #eject({ slot, reason }: Suspect, nowMs: number): void {
    this.#times[slot]!++;
    this.#untilMs[slot] = nowMs + this.#ejectionMs(slot);
    this.#flags[slot]! |= EJECTED;
    this.#ejectedCount++;
    this.#eligibleCount--;
    this.#listener(slot, true, reason, this.#untilMs[slot]!);
  }

  #ejectionMs(slot: number): number {
    return Math.min(this.#options.baseEjectionMs * this.#times[slot]!, this.#options.maxEjectionMs);
  }

  #returnWhoMay(nowMs: number): void {
    for (const slot of this.#members) {
      if (!this.#has(slot, EJECTED) || nowMs < this.#untilMs[slot]!) continue;
      this.#return(slot, `after ${this.#ejectionMs(slot) / 1000} s`);
    }
    while (this.#ejectedCount > this.#mostEjected()) {
      this.#return(this.#nextToReturn(MEMBER), `early: ${this.#ejectedCount} of ${this.#members.size} were out`);
    }
    while (this.#eligibleCount < this.#options.minEligible) {
      const slot = this.#nextToReturn(SERVING);
      if (slot < 0) return;
      this.#return(slot, `early: ${this.#eligibleCount} were left to serve`);
    }
  }

  #return(slot: number, reason: string): void {
    this.#flags[slot]! &= ~EJECTED;
    this.#ejectedCount--;
    if (this.#has(slot, SERVING)) this.#eligibleCount++;
    this.#counts.forget(slot);
    this.#listener(slot, false, reason, -1);
  }

  /** The ejected one whose time ends first, of those with the flag; −1 when there is none. */
  #nextToReturn(flag: number): number {
    let next = -1;
    for (const slot of this.#members) {
      if (!this.#has(slot, EJECTED) || !this.#has(slot, flag)) continue;
      if (next < 0 || this.#untilMs[slot]! < this.#untilMs[next]!) next = slot;
    }
    return next;
  }

  /** Takes one time back from those that served without a suspicion. */
  #beginInterval(suspects: readonly Suspect[]): void {
    const suspected = new Set(suspects.map(({ slot }) => slot));
    for (const slot of this.#members) {
      const behaved = this.#counts.requestsOf(slot) > 0 && this.#isEligible(slot) && !suspected.has(slot);
      if (behaved && this.#times[slot]! > 0) this.#times[slot]!--;
      this.#counts.clear(slot);
    }
    this.#due[INTERVAL] = NEVER;
  }

  #setDue(): void {
    let earliest = NEVER;
    for (const slot of this.#members) if (this.#has(slot, EJECTED)) earliest = Math.min(earliest, this.#untilMs[slot]!);
    this.#due[ANY] = Math.min(earliest, this.#due[INTERVAL]!);
  }

  #checkCap(): void {
    const tooMany = this.#ejectedCount > this.#mostEjected() || this.#eligibleCount < this.#options.minEligible;
    if (this.#ejectedCount > 0 && tooMany) this.#due[ANY] = AT_ONCE;
  }

  #isEligible(slot: number): boolean {
    return (this.#flags[slot]! & (SERVING | EJECTED)) === SERVING;
  }

  #has(slot: number, flag: number): boolean {
    return slot < this.#flags.length && (this.#flags[slot]! & flag) !== 0;
  }

  #reach(slot: number): void {
    this.#flags = grownInt32(this.#flags, slot);
    this.#times = grownInt32(this.#times, slot);
    this.#untilMs = grownFloat64(this.#untilMs, slot);
  }
}

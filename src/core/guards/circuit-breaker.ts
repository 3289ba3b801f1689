/**
 * Circuit breakers, one per slot: closed → open after failures in a row → half-open after a while → closed by a success,
 * open again by a failure.
 *
 * Open and closed are slow verdicts, told to a listener. How many probes a half-open breaker has under way flips per
 * request: ask `admits` at the pick. That every breaker is open is seen in `openCount`; the picker then tries anyway, and a
 * success of such a pick closes the breaker.
 *
 * Source  Nygard, "Release It!", 2nd ed. 2018, ch. 5; eras as in Sony's gobreaker; the growing open time as in Netflix
 *         Ribbon's ServerStats.
 * Cost    O(1); `admits`, `start`, `done` allocate nothing but when a slot is higher than any before. `advance` is one
 *         comparison until something is due, then O(slots).
 * Errors  `contract-broken`: options out of range, a slot beyond the storage that was passed in.
 */
import type { Clock } from '../kernel/clock.ts';
import { EquipoiseError } from '../kernel/errors.ts';
import { capacityFor, grownInt32 } from '../load/grow.ts';
import {
  admits,
  closed,
  eraOf,
  HALF_OPEN,
  halfOpened,
  judged,
  MAX_FAILURES,
  MAX_PROBES,
  NO_TICKET,
  OPEN,
  openingsOf,
  probeTicketOf,
  released,
  started,
  stateOf,
  ticketOf,
} from './breaker-word.ts';
import { probeEnded, probeStarted, type SharedBreakers } from './shared-breakers.ts';

/** `closed`: requests pass; `open`: none does; `half-open`: a few are tried. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Hears each change of state. `untilMs` is when an open breaker becomes half-open, on the clock; −1 for other states.
 * It must not call the breaker.
 */
export type BreakerListener = (slot: number, state: BreakerState, untilMs: number) => void;

/** When a breaker opens, and for how long. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open it, 1 to 1023. Default 5. */
  readonly failures?: number;
  /** Milliseconds it stays open, 1 to 2^30. Default 10,000. */
  readonly openForMs?: number;
  /** Probes that a half-open one admits at a time, 1 to 63. Default 1. */
  readonly halfOpen?: number;
  /** Each opening in a row lasts this many times as long as the one before, ≥ 1. Default 1: always as long. */
  readonly growth?: number;
  /** What the open time grows to at most, `openForMs` to 2^30 milliseconds. Default the greater of 300,000 and `openForMs`. */
  readonly maxOpenForMs?: number;
}

export interface CircuitBreakerDeps {
  readonly clock: Clock;
  readonly listener: BreakerListener;
  /** What workers share, so that a breaker is one for all of them. Default: its own, which grows. */
  readonly shared?: SharedBreakers;
  /** The clock's time from which those who share count milliseconds: the same moment for all. Default 0. */
  readonly epochMs?: number;
}

const WORDS_PER_SLOT = 2;
const STATES: readonly BreakerState[] = ['closed', 'open', 'half-open'];
const LONGEST_MS = 2 ** 30;

export class CircuitBreaker {
  readonly #failures: number;
  readonly #openForMs: number;
  readonly #halfOpen: number;
  readonly #growth: number;
  readonly #maxOpenForMs: number;
  readonly #clock: Clock;
  readonly #listener: BreakerListener;
  readonly #epochMs: number;
  readonly #shared: SharedBreakers | null;
  /** How many changes of those who share were looked at. */
  #seen = 0;
  #words: Int32Array;
  /** By slot, the state the listener knows; it differs from the word where another worker changed that. */
  #told: Uint8Array;
  #openCount = 0;
  /** Element 0: a double in a field would be allocated anew on each change. */
  readonly #due = new Float64Array([Number.POSITIVE_INFINITY]);

  constructor(options: CircuitBreakerOptions, deps: CircuitBreakerDeps) {
    const { failures = 5, openForMs = 10_000, halfOpen = 1, growth = 1 } = options;
    const { maxOpenForMs = Math.max(300_000, openForMs) } = options;
    this.#failures = within('failures', failures, 1, MAX_FAILURES);
    this.#openForMs = within('openForMs', openForMs, 1, LONGEST_MS);
    this.#halfOpen = within('halfOpen', halfOpen, 1, MAX_PROBES);
    this.#growth = within('growth', growth, 1, Number.MAX_VALUE);
    this.#maxOpenForMs = within('maxOpenForMs', maxOpenForMs, openForMs, LONGEST_MS);
    this.#clock = deps.clock;
    this.#listener = deps.listener;
    this.#epochMs = deps.epochMs ?? 0;
    this.#shared = deps.shared ?? null;
    this.#words = deps.shared?.words ?? new Int32Array(capacityFor(0) * WORDS_PER_SLOT);
    this.#told = new Uint8Array(Math.floor(this.#words.length / WORDS_PER_SLOT));
  }

  /** When `advance` has something to do, on the clock; Infinity when nothing is due, −Infinity when another has changed a state. */
  get nextDueMs(): number {
    const isNews = this.#shared !== null && Atomics.load(this.#shared.changes, 0) !== this.#seen;
    return isNews ? Number.NEGATIVE_INFINITY : this.#due[0]!;
  }

  /** How many are open; half-open ones are not. */
  get openCount(): number {
    return this.#openCount;
  }

  stateOf(slot: number): BreakerState {
    return STATES[stateOf(this.#wordOf(slot))]!;
  }

  /** Milliseconds until an open one half-opens; 0 when it is not open. */
  openForMs(slot: number): number {
    return stateOf(this.#wordOf(slot)) === OPEN ? this.#remainingMs(slot, this.#clock.now()) : 0;
  }

  /** May a pick of `slot` begin now? False while it is open, and while a half-open one has all its probes under way. */
  admits(slot: number): boolean {
    return admits(this.#wordOf(slot), this.#halfOpen);
  }

  /**
   * A pick of `slot` began, admitted or tried anyway. Returns a ticket, a small integer to hand back when it ends: by it
   * a probe is told from a pick that began before.
   */
  start(slot: number): number {
    if (slot >= this.#told.length) this.#reach(slot);
    let word: number;
    let next: number;
    do {
      word = this.#wordOf(slot);
      next = started(word, this.#halfOpen);
      if (next === word) return ticketOf(word);
    } while (!this.#swap(slot, word, next));
    if (this.#shared !== null) probeStarted(this.#shared.probes, slot, eraOf(next));
    return probeTicketOf(next);
  }

  /**
   * A pick of `slot` ended well or not, said as soon as that is known (first byte, connection made), not when a tunnel closes.
   * Without its ticket it is taken for one that began in the present state: a probe, if one is under way.
   */
  done(slot: number, ok: boolean, ticket = NO_TICKET): void {
    if (slot >= this.#told.length) this.#reach(slot);
    let word: number;
    let next: number;
    do {
      word = this.#wordOf(slot);
      next = judged(word, ok, ticket, this.#failures);
      if (next === word) return;
      if (stateOf(next) === OPEN && stateOf(word) !== OPEN) this.#setReopening(slot, openingsOf(next));
    } while (!this.#swap(slot, word, next));
    if (stateOf(next) !== stateOf(word)) this.#tell(slot, this.#clock.now());
  }

  /** A pick of `slot` ended and says nothing of the endpoint (its client went away): a probe's place is free again. */
  neutral(slot: number, ticket = NO_TICKET): void {
    if (slot >= this.#told.length) return;
    let word: number;
    let next: number;
    do {
      word = this.#wordOf(slot);
      next = released(word, ticket);
      if (next === word) return;
    } while (!this.#swap(slot, word, next));
    if (this.#shared !== null) probeEnded(this.#shared.probes, slot, eraOf(next));
  }

  /** Takes the slot's state, which others brought about, for told. */
  adopt(slot: number): BreakerState {
    if (slot >= this.#told.length) return 'closed';
    this.#note(slot, stateOf(this.#wordOf(slot)));
    // When it half-opens is looked up by the next `advance`.
    this.#due[0] = Number.NEGATIVE_INFINITY;
    return STATES[this.#told[slot]!]!;
  }

  /** The slot belongs to another endpoint now: closed, and nobody is told. */
  forget(slot: number): void {
    if (slot >= this.#told.length) return;
    let word: number;
    do {
      word = this.#wordOf(slot);
    } while (!this.#swap(slot, word, closed(word)));
    this.#note(slot, 0);
  }

  /** Half-opens what is due. */
  advance(nowMs: number): void {
    if (nowMs >= this.nextDueMs) this.refresh(nowMs);
  }

  /** As `advance`, whether anything is due or not. */
  refresh(nowMs: number): void {
    if (this.#shared !== null) this.#seen = Atomics.load(this.#shared.changes, 0);
    this.#due[0] = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#told.length; slot++) {
      const word = this.#wordOf(slot);
      if (stateOf(word) === OPEN && this.#remainingMs(slot, nowMs) === 0) this.#swap(slot, word, halfOpened(word));
      this.#tell(slot, nowMs);
    }
  }

  #wordOf(slot: number): number {
    return slot < this.#told.length ? this.#words[slot * WORDS_PER_SLOT]! : 0;
  }

  /** The only write of a state. */
  #swap(slot: number, seen: number, next: number): boolean {
    const at = slot * WORDS_PER_SLOT;
    if (this.#shared === null) {
      this.#words[at] = next;
      return true;
    }
    if (Atomics.compareExchange(this.#words, at, seen, next) !== seen) return false;
    if (stateOf(seen) !== stateOf(next)) Atomics.add(this.#shared.changes, 0, 1);
    return true;
  }

  /** Before the state says open: who sees it open must find its time. */
  #setReopening(slot: number, openings: number): void {
    const openForMs = Math.min(this.#openForMs * this.#growth ** (openings - 1), this.#maxOpenForMs);
    this.#words[slot * WORDS_PER_SLOT + 1] = Math.ceil(this.#clock.now() - this.#epochMs + openForMs) | 0;
  }

  /** 0 when due. The word wraps after 25 days: more than the longest open time lies in the past, not ahead. */
  #remainingMs(slot: number, nowMs: number): number {
    const remainingMs = (this.#words[slot * WORDS_PER_SLOT + 1]! - this.#sinceEpoch(nowMs)) | 0;
    return remainingMs <= 0 || remainingMs > this.#maxOpenForMs + 1 ? 0 : remainingMs;
  }

  #sinceEpoch(nowMs: number): number {
    return Math.floor(nowMs - this.#epochMs) | 0;
  }

  #tell(slot: number, nowMs: number): void {
    const state = stateOf(this.#wordOf(slot));
    const open = state === OPEN;
    const untilMs = open ? this.#epochMs + Math.floor(nowMs - this.#epochMs) + this.#remainingMs(slot, nowMs) : -1;
    if (open && untilMs < this.#due[0]!) this.#due[0] = untilMs;
    if (this.#told[slot] === state) return;
    this.#note(slot, state);
    this.#listener(slot, state === HALF_OPEN ? 'half-open' : open ? 'open' : 'closed', untilMs);
  }

  #note(slot: number, state: number): void {
    if (this.#told[slot] === OPEN) this.#openCount--;
    if (state === OPEN) this.#openCount++;
    this.#told[slot] = state;
  }

  #reach(slot: number): void {
    if (this.#shared !== null) {
      throw new EquipoiseError(
        'contract-broken',
        `circuit breaker: slot ${slot} is beyond its ${this.#told.length} slots`,
      );
    }
    this.#words = grownInt32(this.#words as Int32Array<ArrayBuffer>, slot, WORDS_PER_SLOT);
    const told = new Uint8Array(this.#words.length / WORDS_PER_SLOT);
    told.set(this.#told);
    this.#told = told;
  }
}

function within(name: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new EquipoiseError('contract-broken', `circuit breaker: ${name} is ${value}, not ${least} to ${most}`);
}

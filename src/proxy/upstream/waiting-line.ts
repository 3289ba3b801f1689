import type { QueueFields } from '../../control/pool-options.ts';
import { BoundedQueue, type DropReason, type Offer, REFUSED, TAKEN } from '../../core/guards/bounded-queue.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import { Alarm } from '../../transport/alarm.ts';
import type { FineTimers } from '../../transport/fine-timers.ts';

/** Who waits for a place at an endpoint. */
export interface Waiter {
  /** Its ticket in the line, kept by the line; `NOT_WAITING` while it is in none. */
  ticket: number;
  /** 0 (first) to 7, `USUAL_URGENCY` where nothing is said. */
  readonly urgency: number;
  /** Is there a place for it? It takes it when it answers `TAKEN`; `admitted` comes next. */
  tryPick(): Offer;
  admitted(): void;
  /** It left the line without a place. */
  dropped(reason: DropReason): void;
}

export const NOT_WAITING = -1;

/** RFC 9218 §4.1. */
export const USUAL_URGENCY = 3;
const URGENCIES = 8;
const LEAST_URGENT = URGENCIES - 1;

/**
 * Places may come free unheard: in another worker, or when an endpoint recovers, or joins, or may serve more. Time-outs are
 * looked for then as well.
 */
const POLL_MS = 10;

/**
 * So many places in a row, or those of this long, go to this line while others wait in another worker's; then one is left for
 * them to find. Without it the line of whoever had the place last would be served to its end first. A place that is left
 * lies idle for up to `POLL_MS`, so a row is ten times as long.
 */
const MOST_IN_A_ROW = 16;
const LONGEST_ROW_MS = 100;

/** How many wait in each worker's line, in memory that they share. */
export interface WaitingElsewhere {
  readonly words: Int32Array;
  /** Whose line this is. */
  readonly worker: number;
}

/**
 * The line in front of a pool in one worker, of all listeners: who comes while somebody waits goes behind. A pick that ends
 * here lets the next one in; what ends elsewhere is found out by looking.
 */
export class WaitingLine {
  readonly #clock: Clock;
  readonly #timers: FineTimers;
  readonly #poll = new Alarm(() => this.#look());
  #queue: BoundedQueue<Waiter>;
  #isLooking = false;
  readonly #shared: WaitingElsewhere | undefined;
  #inARow = 0;
  /** When the first of them came. */
  #rowSinceMs = 0;
  /** Found a place in the look that is under way. */
  readonly #admitted: Waiter[] = [];

  /** `shared`: absent where there are no other workers. */
  constructor(options: QueueFields, clock: Clock, timers: FineTimers, shared?: WaitingElsewhere) {
    this.#clock = clock;
    this.#timers = timers;
    this.#shared = shared;
    this.#queue = this.#createQueue(options);
  }

  /** Who waits goes on waiting in its turn, also where the line is shorter now; its time-out may only come earlier. */
  configure({ size, timeout }: QueueFields): void {
    this.#queue = this.#queue.resized(size, timeout, (waiter, ticket) => {
      waiter.ticket = ticket;
    });
  }

  get length(): number {
    return this.#queue.length;
  }

  /** False when it is full. */
  push(waiter: Waiter): boolean {
    waiter.ticket = this.#queue.push(waiter, LEAST_URGENT - waiter.urgency);
    this.#tell();
    if (waiter.ticket === REFUSED) return false;
    if (this.#queue.length === 1) this.#timers.arm(this.#poll, POLL_MS);
    return true;
  }

  /** It waits no more; harmless when it does not. */
  leave(waiter: Waiter): void {
    if (waiter.ticket === NOT_WAITING) return;
    this.#queue.remove(waiter.ticket);
    waiter.ticket = NOT_WAITING;
    this.#tell();
  }

  /** A place came free: looks soon, since who freed it is in the middle of something. */
  wake(): void {
    if (this.#isLooking || this.#queue.length === 0) return;
    if (this.#isTheirTurn()) {
      // After they have looked.
      this.#timers.arm(this.#poll, POLL_MS);
      return;
    }
    this.#isLooking = true;
    queueMicrotask(this.#admit);
  }

  /** Counts a place that came free; true when it is to be left to another worker's line. */
  #isTheirTurn(): boolean {
    if (!this.#othersWait()) {
      this.#inARow = 0;
      return false;
    }
    const nowMs = this.#clock.now();
    if (this.#inARow === 0) this.#rowSinceMs = nowMs;
    this.#inARow++;
    if (this.#inARow <= MOST_IN_A_ROW && nowMs - this.#rowSinceMs < LONGEST_ROW_MS) return false;
    this.#inARow = 0;
    return true;
  }

  #othersWait(): boolean {
    if (this.#shared === undefined) return false;
    const { words, worker } = this.#shared;
    for (let each = 0; each < words.length; each++) if (each !== worker && Atomics.load(words, each) > 0) return true;
    return false;
  }

  #tell(): void {
    if (this.#shared !== undefined) Atomics.store(this.#shared.words, this.#shared.worker, this.#queue.length);
  }

  #look(): void {
    this.#queue.advance(this.#clock.now());
    this.#admit();
    if (this.#queue.length > 0) this.#timers.arm(this.#poll, POLL_MS);
  }

  readonly #admit = (): void => {
    this.#isLooking = false;
    this.#queue.offer(this.#offer);
    this.#tell();
    for (const waiter of this.#admitted.splice(0)) waiter.admitted();
  };

  readonly #offer = (waiter: Waiter): Offer => {
    const answer = waiter.tryPick();
    if (answer === TAKEN) {
      waiter.ticket = NOT_WAITING;
      this.#admitted.push(waiter);
    }
    return answer;
  };

  #createQueue({ size, timeout }: QueueFields): BoundedQueue<Waiter> {
    const listener = (waiter: Waiter, reason: DropReason) => {
      waiter.ticket = NOT_WAITING;
      waiter.dropped(reason);
    };
    return new BoundedQueue({ size, timeoutMs: timeout, classes: URGENCIES }, { clock: this.#clock, listener });
  }
}

import type { QueueFields } from '../../control/pool-options.ts';
import { BoundedQueue, type DropReason, type Offer, REFUSED, STOP, TAKEN } from '../../core/guards/bounded-queue.ts';
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
 * For so long a line has what comes free in its worker while others wait in another one; then that is left for them to find.
 * Without it the line of whoever had the places first would be served to its end. What is left lies idle for up to `POLL_MS`,
 * so a turn is ten times as long.
 */
const TURN_MS = 100;

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
  /** When the turn began, with a place; −1: it has not. */
  #turnSinceMs = -1;
  /** The turn is over: what comes free until the poll is left to the others. */
  #isLeaving = false;
  /** What is free now others had before, or have left: it is taken, and begins another turn. */
  #isPolling = false;
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

  /** A place may have come free: looks soon, since who freed it is in the middle of something. */
  wake(): void {
    if (this.#isLooking || this.#isLeaving || this.#queue.length === 0) return;
    this.#isLooking = true;
    queueMicrotask(this.#admit);
  }

  /** The others may look first. */
  #leavePlace(): Offer {
    this.#isLeaving = true;
    this.#timers.arm(this.#poll, POLL_MS);
    return STOP;
  }

  get #isTheirTurn(): boolean {
    if (this.#turnSinceMs < 0 || this.#isPolling || !this.#othersWait()) return false;
    return this.#clock.now() - this.#turnSinceMs >= TURN_MS;
  }

  #goOnWithTurn(): void {
    if (!this.#othersWait()) this.#turnSinceMs = -1;
    else if (this.#isPolling || this.#turnSinceMs < 0) this.#turnSinceMs = this.#clock.now();
    this.#isPolling = false;
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
    this.#isLeaving = false;
    this.#isPolling = true;
    this.#admit();
    this.#isPolling = false;
    if (this.#queue.length > 0) this.#timers.arm(this.#poll, POLL_MS);
  }

  readonly #admit = (): void => {
    this.#isLooking = false;
    this.#queue.offer(this.#offer);
    this.#tell();
    for (const waiter of this.#admitted.splice(0)) waiter.admitted();
  };

  readonly #offer = (waiter: Waiter): Offer => {
    if (this.#isTheirTurn) return this.#leavePlace();
    const answer = waiter.tryPick();
    if (answer === TAKEN) {
      this.#goOnWithTurn();
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

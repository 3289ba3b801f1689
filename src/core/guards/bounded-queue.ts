/**
 * A bounded queue of those that wait for an endpoint: classes of priority, first come first served inside a class, one
 * time-out for all.
 *
 * Order    the highest class first, always: a class waits as long as a higher one has work.
 * Full     (`size` of them, or more that it took over): a newcomer takes the place of the newest of the lowest class, if that is lower than its own; else it is refused.
 * Leaving  by `shift`, by `remove` when the client goes away, or dropped, of which the listener hears: `displaced` or
 *          `timeout`. Each entry leaves exactly once.
 *
 * Source  original.
 * Cost    every call O(1) but `advance`, which is O(1) per dropped entry; the memory of `size` entries is taken at once.
 * Errors  `contract-broken`: a size or number of classes out of range, a class that doesn't exist.
 */
import type { Clock } from '../kernel/clock.ts';
import { EquipoiseError } from '../kernel/errors.ts';

export type DropReason = 'displaced' | 'timeout';

/** Hears of each entry that was dropped, after it left; it may call the queue. */
export type DropListener<T> = (item: T, reason: DropReason) => void;

export interface BoundedQueueOptions {
  /** Entries that may wait, 1 to 65,536. */
  readonly size: number;
  /** Milliseconds an entry may wait, > 0; Infinity: without end. */
  readonly timeoutMs: number;
  /** Classes of priority, 1 to 31; 0 is the lowest. Default 1. */
  readonly classes?: number;
}

export interface BoundedQueueDeps<T> {
  readonly clock: Clock;
  readonly listener: DropListener<T>;
}

/** What `push` answers when it refuses. */
export const REFUSED = -1;

/** What is answered to an offer: it is taken, left to the next in turn, or nobody need be asked. */
export type Offer = typeof TAKEN | typeof PASSED | typeof STOP;
export const TAKEN = 0;
export const PASSED = 1;
export const STOP = 2;

const MAX_SIZE = 65_536;
const MAX_CLASSES = 31;
const NONE = -1;

/** Tickets are place + size × generation, kept within 2^30 so that they stay small integers. */
const TICKETS = 2 ** 30;

export class BoundedQueue<T> {
  readonly #size: number;
  readonly #classCount: number;
  /** Places: more than `size` where it began with more. */
  readonly #capacity: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #listener: DropListener<T>;
  readonly #items: (T | undefined)[];
  /** By place: its ticket while it is taken, else `NONE`. */
  readonly #tickets: Int32Array;
  readonly #generations: Int32Array;
  readonly #classes: Uint8Array;
  readonly #dueMs: Float64Array;
  /** Lists of places, first to last: one per class, then one of all in order of arrival. */
  readonly #ofClass: PlaceLists;
  readonly #arrivals: PlaceLists;
  readonly #free: Int32Array;
  #length = 0;
  /** Bit k: class k has entries. */
  #occupied = 0;

  /** `waiting`: how many it is to take over. */
  constructor(options: BoundedQueueOptions, deps: BoundedQueueDeps<T>, waiting = 0) {
    const { size, timeoutMs, classes = 1 } = options;
    if (!(Number.isInteger(size) && size >= 1 && size <= MAX_SIZE)) throw outOfRange('size', size, MAX_SIZE);
    if (!(Number.isInteger(classes) && classes >= 1 && classes <= MAX_CLASSES)) {
      throw outOfRange('classes', classes, MAX_CLASSES);
    }
    const capacity = Math.max(size, waiting);
    this.#size = size;
    this.#classCount = classes;
    this.#capacity = capacity;
    this.#timeoutMs = timeoutMs;
    this.#clock = deps.clock;
    this.#listener = deps.listener;
    this.#items = new Array<T | undefined>(capacity).fill(undefined);
    this.#tickets = new Int32Array(capacity).fill(NONE);
    this.#generations = new Int32Array(capacity);
    this.#classes = new Uint8Array(capacity);
    this.#dueMs = new Float64Array(capacity);
    this.#ofClass = new PlaceLists(classes, capacity);
    this.#arrivals = new PlaceLists(1, capacity);
    this.#free = Int32Array.from({ length: capacity }, (_, index) => capacity - 1 - index);
  }

  /**
   * A queue of another size and time-out to which all entries move, more than `size` if there are: each keeps its turn, and its
   * time-out unless a newcomer's ends earlier. `moved` hears of each one's new ticket.
   */
  resized(size: number, timeoutMs: number, moved: (item: T, ticket: number) => void): BoundedQueue<T> {
    const options = { size, timeoutMs, classes: this.#classCount };
    const next = new BoundedQueue<T>(options, { clock: this.#clock, listener: this.#listener }, this.#length);
    for (let place = this.#arrivals.first(0); place !== NONE; place = this.#arrivals.first(0)) {
      const dueMs = this.#dueMs[place]!;
      const priority = this.#classes[place]!;
      const item = this.#take(place);
      moved(item, next.#place(item, priority, dueMs));
    }
    return next;
  }

  /** Entries that wait. */
  get length(): number {
    return this.#length;
  }

  /** When the first entry times out, on the clock; Infinity when none will. */
  get nextDueMs(): number {
    const oldest = this.#arrivals.first(0);
    return oldest === NONE ? Number.POSITIVE_INFINITY : this.#dueMs[oldest]!;
  }

  /** A ticket to `remove` it by, or `REFUSED`. `priority` is a class, higher first. */
  push(item: T, priority = 0): number {
    if (priority >>> 0 !== priority || priority >= this.#ofClass.count)
      throw outOfRange('class', priority, this.#ofClass.count - 1);
    if (this.#length < this.#size) return this.#place(item, priority);
    const lowest = lowestBit(this.#occupied);
    if (lowest >= priority) return REFUSED;
    const displaced = this.#take(this.#ofClass.last(lowest));
    const ticket = this.#place(item, priority);
    this.#listener(displaced, 'displaced');
    return ticket;
  }

  /** The entry whose turn it is, or undefined. Entries past their time-out are still served until `advance`. */
  shift(): T | undefined {
    return this.#length === 0 ? undefined : this.#take(this.#ofClass.first(highestBit(this.#occupied)));
  }

  /**
   * Shows the entries in the order of their turns to `take` until it answers `STOP`; those that it answers `TAKEN` for leave.
   * It must not call the queue.
   */
  offer(take: (item: T) => Offer): void {
    for (let priority = this.#ofClass.count - 1; priority >= 0; priority--) {
      let place = this.#ofClass.first(priority);
      while (place !== NONE) {
        const next = this.#ofClass.next(place);
        const answer = take(this.#items[place] as T);
        if (answer === TAKEN) this.#take(place);
        else if (answer === STOP) return;
        place = next;
      }
    }
  }

  /** False when the entry left already. */
  remove(ticket: number): boolean {
    const place = ticket % this.#capacity;
    if (ticket < 0 || this.#tickets[place] !== ticket) return false;
    this.#take(place);
    return true;
  }

  /** Drops what waited too long, the oldest first. */
  advance(nowMs: number): void {
    while (nowMs >= this.nextDueMs) this.#listener(this.#take(this.#arrivals.first(0)), 'timeout');
  }

  /** `dueMs`: at the latest. */
  #place(item: T, priority: number, dueMs = Number.POSITIVE_INFINITY): number {
    const place = this.#free[this.#capacity - ++this.#length]!;
    const ticket = place + this.#capacity * this.#generations[place]!;
    this.#items[place] = item;
    this.#tickets[place] = ticket;
    this.#classes[place] = priority;
    this.#dueMs[place] = Math.min(this.#clock.now() + this.#timeoutMs, dueMs);
    this.#ofClass.append(priority, place);
    this.#arrivals.append(0, place);
    this.#occupied |= 1 << priority;
    return ticket;
  }

  #take(place: number): T {
    const item = this.#items[place] as T;
    const priority = this.#classes[place]!;
    const generation = this.#generations[place]! + 1;
    this.#items[place] = undefined;
    this.#tickets[place] = NONE;
    this.#generations[place] = (generation + 1) * this.#capacity > TICKETS ? 0 : generation;
    this.#ofClass.remove(priority, place);
    this.#arrivals.remove(0, place);
    if (this.#ofClass.first(priority) === NONE) this.#occupied &= ~(1 << priority);
    this.#free[this.#capacity - this.#length--] = place;
    return item;
  }
}

/** Doubly linked lists over one set of places; a place is in one of them at most. */
class PlaceLists {
  readonly count: number;
  readonly #firsts: Int32Array;
  readonly #lasts: Int32Array;
  readonly #nexts: Int32Array;
  readonly #previous: Int32Array;

  constructor(count: number, places: number) {
    this.count = count;
    this.#firsts = new Int32Array(count).fill(NONE);
    this.#lasts = new Int32Array(count).fill(NONE);
    this.#nexts = new Int32Array(places);
    this.#previous = new Int32Array(places);
  }

  first(list: number): number {
    return this.#firsts[list]!;
  }

  next(place: number): number {
    return this.#nexts[place]!;
  }

  last(list: number): number {
    return this.#lasts[list]!;
  }

  append(list: number, place: number): void {
    const last = this.#lasts[list]!;
    this.#nexts[place] = NONE;
    this.#previous[place] = last;
    if (last === NONE) this.#firsts[list] = place;
    else this.#nexts[last] = place;
    this.#lasts[list] = place;
  }

  remove(list: number, place: number): void {
    const next = this.#nexts[place]!;
    const previous = this.#previous[place]!;
    if (previous === NONE) this.#firsts[list] = next;
    else this.#nexts[previous] = next;
    if (next === NONE) this.#lasts[list] = previous;
    else this.#previous[next] = previous;
  }
}

function highestBit(bits: number): number {
  return 31 - Math.clz32(bits);
}

function lowestBit(bits: number): number {
  return highestBit(bits & -bits);
}

function outOfRange(name: string, value: number, most: number): EquipoiseError {
  return new EquipoiseError('contract-broken', `queue: ${name} is ${value}, at most ${most}`);
}

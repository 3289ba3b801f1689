/**
 * One coarse timer for every time-out of the data plane: an intrusive hashed wheel.
 *
 * Postponing is one field write; an entry is moved only when its slot comes round. Precision is one tick
 * (`tickMs`, 100 ms): a deadline never fires early and at most two ticks late.
 *
 * Source  Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987 (scheme 6).
 * Cost    O(1) to arm, postpone, cancel; allocates nothing.
 */
export interface TimerEntry {
  /** Called once when the deadline passes; the entry is then unarmed. */
  onTimeout(): void;
  /** The wheel's own fields; start with `NOT_ARMED`, `NOT_ARMED`, null, null. */
  deadlineTick: number;
  slotTick: number;
  nextEntry: TimerEntry | null;
  previousEntry: TimerEntry | null;
}

export const NOT_ARMED = -1;
const SLOTS = 1024;
const MASK = SLOTS - 1;

export class TimerWheel {
  readonly tickMs: number;
  #tick = 0;
  #linked = 0;
  readonly #slots: (TimerEntry | null)[] = new Array<TimerEntry | null>(SLOTS).fill(null);
  readonly #onError: (error: unknown) => void;
  /** Where the walk of `advance` goes on; kept right by `#unlink`, since a time-out may unlink or move any entry. */
  #cursor: TimerEntry | null = null;

  /** `onError` receives what an `onTimeout` threw; the other entries are served regardless. Default: thrown later. */
  constructor(tickMs = 100, onError: (error: unknown) => void = throwLater) {
    this.tickMs = tickMs;
    this.#onError = onError;
  }

  /** Entries still linked in the wheel; 0 lets the owner stop its interval. */
  get linked(): number {
    return this.#linked;
  }

  /** Arms `entry`, or moves its deadline, to at least `timeoutMs` from now; Infinity never comes, negative means 0. */
  arm(entry: TimerEntry, timeoutMs: number): void {
    // One more tick, because the current one has partly passed. A deadline in the past would never come round.
    const deadline = this.#tick + 1 + (timeoutMs > 0 ? Math.ceil(timeoutMs / this.tickMs) : 0);
    entry.deadlineTick = deadline;
    if (entry.slotTick !== NOT_ARMED) {
      // Later than where it lies: it is moved when its slot comes round.
      if (deadline >= entry.slotTick) return;
      this.#unlink(entry);
    }
    this.#link(entry, deadline);
  }

  /** Forgets the deadline; the entry stays linked until its slot comes round, so that re-arming stays a field write. */
  disarm(entry: TimerEntry): void {
    entry.deadlineTick = NOT_ARMED;
  }

  /** Unlinks an entry whose owner is going away. */
  remove(entry: TimerEntry): void {
    entry.deadlineTick = NOT_ARMED;
    if (entry.slotTick !== NOT_ARMED) this.#unlink(entry);
  }

  /** Advances one tick; called by the owner's interval, or by a test. */
  advance(): void {
    const tick = ++this.#tick;
    let entry = this.#slots[tick & MASK] ?? null;
    while (entry !== null) {
      this.#cursor = entry.nextEntry;
      if (entry.slotTick === tick) this.#cameRound(entry, tick);
      entry = this.#cursor;
    }
  }

  #cameRound(entry: TimerEntry, tick: number): void {
    this.#unlink(entry);
    if (entry.deadlineTick === NOT_ARMED) return;
    if (entry.deadlineTick > tick) {
      this.#link(entry, entry.deadlineTick);
      return;
    }
    entry.deadlineTick = NOT_ARMED;
    try {
      entry.onTimeout();
    } catch (error) {
      this.#onError(error);
    }
  }

  #link(entry: TimerEntry, tick: number): void {
    const index = tick & MASK;
    const head = this.#slots[index] ?? null;
    entry.slotTick = tick;
    entry.previousEntry = null;
    entry.nextEntry = head;
    if (head !== null) head.previousEntry = entry;
    this.#slots[index] = entry;
    this.#linked++;
  }

  #unlink(entry: TimerEntry): void {
    const { nextEntry, previousEntry } = entry;
    if (entry === this.#cursor) this.#cursor = nextEntry;
    if (nextEntry !== null) nextEntry.previousEntry = previousEntry;
    if (previousEntry !== null) previousEntry.nextEntry = nextEntry;
    else this.#slots[entry.slotTick & MASK] = nextEntry;
    entry.slotTick = NOT_ARMED;
    entry.nextEntry = null;
    entry.previousEntry = null;
    this.#linked--;
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

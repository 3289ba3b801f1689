/**
 * Events in the order of their times; equal times come in the order in which they were added.
 *
 * Source  Williams, "Algorithm 232: Heapsort", CACM 7(6), 1964.
 * Cost    `add` and `remove` O(log n); allocates only to grow.
 * Errors  none; `nextMs` of an empty heap is Infinity, its `remove` answers −1.
 */
export class EventHeap {
  #times = new Float64Array(64);
  #orders = new Float64Array(64);
  #events = new Int32Array(64);
  #count = 0;
  #added = 0;

  get nextMs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  /** `event` is any integer of the caller. */
  add(atMs: number, event: number): void {
    if (this.#count === this.#times.length) this.#grow();
    let at = this.#count++;
    const order = this.#added++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      // An equal time was added before this one.
      if (this.#times[parent]! <= atMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#times[at] = atMs;
    this.#orders[at] = order;
    this.#events[at] = event;
  }

  /** The event that is due first, taken out. */
  remove(): number {
    if (this.#count === 0) return -1;
    const first = this.#events[0]!;
    const last = --this.#count;
    let at = 0;
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && this.#before(child + 1, child)) child++;
      if (!this.#before(child, last)) break;
      this.#move(child, at);
      at = child;
    }
    this.#move(last, at);
    return first;
  }

  #before(a: number, b: number): boolean {
    const difference = this.#times[a]! - this.#times[b]!;
    return difference < 0 || (difference === 0 && this.#orders[a]! < this.#orders[b]!);
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]!;
    this.#orders[to] = this.#orders[from]!;
    this.#events[to] = this.#events[from]!;
  }

  #grow(): void {
    const { length } = this.#times;
    const [times, orders, events] = [this.#times, this.#orders, this.#events];
    this.#times = new Float64Array(2 * length);
    this.#orders = new Float64Array(2 * length);
    this.#events = new Int32Array(2 * length);
    this.#times.set(times);
    this.#orders.set(orders);
    this.#events.set(events);
  }
}

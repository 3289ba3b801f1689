import { describe, expect, test } from 'vitest';
import type { Rng } from '../kernel/rng.ts';
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts';
import { checkWalks } from '../testing/random-walk.ts';
import { BoundedQueue, type DropReason, PASSED, REFUSED, STOP, TAKEN } from './bounded-queue.ts';

function setUp(size = 3, classes = 3, clock: FakeClock = fakeClock()) {
  const dropped: string[] = [];
  const listener = (item: string, reason: DropReason) => void dropped.push(`${item} ${reason}`);
  const queue = new BoundedQueue<string>({ size, timeoutMs: 100, classes }, { clock, listener });
  return { queue, clock, dropped };
}

/** All that waits, in the order in which it is served. */
function drain(queue: BoundedQueue<string>): string {
  let served = '';
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) served += item;
  return served;
}

describe('BoundedQueue', () => {
  /** Pairs: a name and its class. */
  test.each([
    { why: 'nothing waits', pushes: '', served: '', refused: '', dropped: [] },
    { why: 'first come, first served', pushes: 'a1b1c1', served: 'abc', refused: '', dropped: [] },
    { why: 'the highest class first', pushes: 'a0b2c1', served: 'bca', refused: '', dropped: [] },
    { why: 'in turn inside a class', pushes: 'a0b2c0', served: 'bac', refused: '', dropped: [] },
    { why: 'full of equals', pushes: 'a1b1c1d1', served: 'abc', refused: 'd', dropped: [] },
    { why: 'full of higher ones', pushes: 'a1b2c2d0', served: 'bca', refused: 'd', dropped: [] },
    { why: 'full: the newest of the lowest goes', pushes: 'a0b0c1d1', served: 'cda', refused: '', dropped: ['b'] },
    { why: 'full: one class after another', pushes: 'a0b1c1d2e2', served: 'deb', refused: '', dropped: ['a', 'c'] },
  ])('$why', ({ pushes, served, refused, dropped }) => {
    const made = setUp();
    let turnedAway = '';
    for (const [, name, priority] of pushes.matchAll(/(.)(.)/g)) {
      if (made.queue.push(name!, Number(priority)) === REFUSED) turnedAway += name;
    }
    expect(made.queue.length).toBe(served.length);
    expect(drain(made.queue)).toBe(served);
    expect([turnedAway, made.dropped, made.queue.length]).toEqual([refused, dropped.map((d) => `${d} displaced`), 0]);
  });

  test('times out in order of arrival, whatever the class', () => {
    const { queue, clock, dropped } = setUp();
    expect(queue.nextDueMs).toBe(Number.POSITIVE_INFINITY);
    queue.push('a', 2);
    clock.advance(30);
    queue.push('b', 0);
    queue.push('c', 1);
    expect(queue.nextDueMs).toBe(100);
    queue.advance(99);
    expect(dropped).toEqual([]);
    queue.advance(129);
    expect([dropped, queue.nextDueMs]).toEqual([['a timeout'], 130]);
    queue.advance(130);
    expect([dropped, queue.length]).toEqual([['a timeout', 'b timeout', 'c timeout'], 0]);
  });

  test('offers in turn: takes, passes by, stops', () => {
    const { queue } = setUp(5);
    for (const [name, priority] of [
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['d', 1],
      ['e', 0],
    ] as const)
      queue.push(name, priority);
    const asked: string[] = [];
    queue.offer((name) => {
      asked.push(name);
      return name === 'b' ? PASSED : name === 'a' ? STOP : TAKEN;
    });
    expect([asked.join(''), queue.length]).toEqual(['cbda', 3]);
    expect(queue.push('f', 2)).not.toBe(REFUSED);
    expect(drain(queue)).toBe('fbae');
  });

  test('who is removed is gone; a ticket is good for one entry', () => {
    const { queue, dropped } = setUp();
    const [a, b] = [queue.push('a', 1), queue.push('b', 1)];
    expect([queue.remove(a), queue.remove(a), queue.remove(REFUSED), queue.remove(99)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const c = queue.push('c', 0);
    expect(c).not.toBe(a);
    expect(queue.remove(a)).toBe(false);
    expect([queue.remove(b), drain(queue), queue.remove(c)]).toEqual([true, 'c', false]);
    expect(dropped).toEqual([]);
  });

  test('tickets stay small integers for ever', () => {
    const { queue } = setUp(65_536);
    const tickets = Array.from({ length: 40_000 }, () => {
      const ticket = queue.push('x', 0);
      queue.remove(ticket);
      return ticket;
    });
    expect(Math.min(...tickets)).toBe(0);
    expect(Math.max(...tickets)).toBeLessThan(2 ** 30);
    expect(new Set(tickets).size).toBe(16_384);
  });

  test('another size drops nobody: all keep their turn, and newcomers come in when there is room', () => {
    const { queue, dropped } = setUp(4);
    for (const [name, priority] of Object.entries({ a: 0, b: 1, c: 1, d: 0 })) queue.push(name, priority);
    const tickets = new Map<string, number>();
    const small = queue.resized(2, 100, (name, ticket) => tickets.set(name, ticket));
    expect([queue.length, small.length, small.push('e', 0)]).toEqual([0, 4, REFUSED]);
    expect([small.push('f', 1) === REFUSED, dropped]).toEqual([false, ['d displaced']]);
    expect([small.remove(tickets.get('b')!), small.shift()]).toEqual([true, 'c']);
    expect([small.push('g', 0), small.shift(), small.push('g', 0) === REFUSED]).toEqual([REFUSED, 'f', false]);
    expect(drain(small)).toBe('ag');
    expect(drain(small.resized(65_536, 100, () => {}))).toBe('');
  });

  test.each([
    { why: 'a longer time-out is for those who come', timeoutMs: 1000, due: [100, 130] },
    { why: 'a shorter one is for all, from now on', timeoutMs: 20, due: [60, 60] },
    { why: 'one that ends between two', timeoutMs: 75, due: [100, 115] },
  ])('$why', ({ timeoutMs, due }) => {
    const { queue, clock } = setUp();
    queue.push('a', 0);
    clock.advance(30);
    queue.push('b', 2);
    clock.advance(10);
    const resized = queue.resized(3, timeoutMs, () => {});
    const first = resized.nextDueMs;
    resized.advance(first - 1);
    expect(resized.length).toBe(2);
    resized.shift();
    expect([resized.length, resized.shift()]).toEqual([1, 'a']);
    expect(first).toBe(due[0]!);
    const again = setUp();
    again.queue.push('a', 2);
    again.clock.advance(30);
    again.queue.push('b', 0);
    again.clock.advance(10);
    const later = again.queue.resized(3, timeoutMs, () => {});
    later.shift();
    expect(later.nextDueMs).toBe(due[1]!);
  });

  test('a listener may push again', () => {
    const clock = fakeClock();
    const queue: BoundedQueue<number> = new BoundedQueue(
      { size: 2, timeoutMs: 10 },
      { clock, listener: (item) => void queue.push(item + 1) },
    );
    queue.push(0);
    clock.advance(10);
    queue.advance(clock.now());
    expect([queue.length, queue.nextDueMs, queue.shift()]).toEqual([1, 20, 1]);
  });

  test('without a time-out nothing is ever due', () => {
    const listener = () => {
      throw new Error('dropped');
    };
    const options = { size: 2, timeoutMs: Number.POSITIVE_INFINITY };
    const queue = new BoundedQueue<number>(options, { clock: fakeClock(), listener });
    queue.push(1);
    queue.advance(1e12);
    expect([queue.nextDueMs, queue.length]).toEqual([Number.POSITIVE_INFINITY, 1]);
  });

  test.each([
    { size: 0, classes: 1, says: 'size is 0' },
    { size: 65_537, classes: 1, says: 'size is 65537' },
    { size: 2.5, classes: 1, says: 'size is 2.5' },
    { size: 1, classes: 32, says: 'classes is 32' },
  ])('refuses $size entries in $classes classes', ({ size, classes, says }) => {
    expect(() => setUp(size, classes)).toThrow(says);
  });

  test.each([3, -1, 0.5, Number.NaN])('refuses the class %d', (priority) => {
    expect(() => setUp().queue.push('a', priority)).toThrow(`class is ${priority}`);
  });

  test('loses nothing, duplicates nothing, and serves in the order of a naive model', () => {
    checkWalks((rng, steps) => {
      const walk = new Walk(rng);
      for (let i = 0; i < steps; i++) walk.step();
      walk.end();
    });
  });
});

interface Waiting {
  readonly item: number;
  readonly priority: number;
  dueMs: number;
  ticket: number;
}

class Walk {
  readonly rng: Rng;
  readonly clock = fakeClock();
  size: number;
  timeoutMs = 50;
  readonly classes: number;
  queue: BoundedQueue<number>;
  /** In order of arrival. */
  readonly waiting: Waiting[] = [];
  readonly dead: number[] = [];
  expected: string[] = [];
  pushed = 0;
  left = 0;

  constructor(rng: Rng) {
    this.rng = rng;
    this.size = 1 + rng.below(12);
    this.classes = rng.below(8) === 0 ? 31 : 1 + rng.below(4);
    const options = { size: this.size, timeoutMs: 50, classes: this.classes };
    this.queue = new BoundedQueue<number>(options, {
      clock: this.clock,
      listener: (item, reason) => {
        const next = this.expected.shift();
        if (next !== `${item} ${reason}`) throw new Error(`${item} ${reason}, expected ${next}`);
      },
    });
  }

  step(): void {
    const kind = this.rng.below(9);
    if (kind < 4) this.push(this.rng.below(this.classes));
    else if (kind === 4) this.shift();
    else if (kind === 5) this.remove();
    else if (kind === 6) this.wait(this.rng.below(10));
    else if (kind === 7) this.resize(1 + this.rng.below(12), 1 + this.rng.below(60));
    else this.removeDead();
    const dueMs = this.waiting[0]?.dueMs ?? Number.POSITIVE_INFINITY;
    if (this.expected.length > 0) throw new Error(`not dropped: ${this.expected}`);
    if (this.queue.length !== this.waiting.length) throw new Error(`${this.queue.length}, not ${this.waiting.length}`);
    if (this.queue.nextDueMs !== dueMs) throw new Error(`due ${this.queue.nextDueMs}, not ${dueMs}`);
  }

  push(priority: number): void {
    const item = this.pushed++;
    let room = this.waiting.length < this.size;
    if (!room) {
      const lowest = Math.min(...this.waiting.map((each) => each.priority));
      const newest = this.waiting.findLast((each) => each.priority === lowest)!;
      room = lowest < priority;
      if (room) this.leave(newest, 'displaced');
    }
    const ticket = this.queue.push(item, priority);
    if ((ticket !== REFUSED) !== room) throw new Error(`ticket ${ticket}, room ${room}`);
    if (room) this.waiting.push({ item, priority, dueMs: this.clock.now() + this.timeoutMs, ticket });
    else this.left++;
  }

  resize(size: number, timeoutMs: number): void {
    this.size = size;
    this.timeoutMs = timeoutMs;
    const latest = this.clock.now() + timeoutMs;
    for (const each of this.waiting) each.dueMs = Math.min(each.dueMs, latest);
    this.queue = this.queue.resized(size, timeoutMs, (item, ticket) => {
      this.waiting.find((each) => each.item === item)!.ticket = ticket;
    });
    // Good for the queue before.
    this.dead.length = 0;
  }

  shift(): void {
    const highest = Math.max(...this.waiting.map((each) => each.priority));
    const first = this.waiting.find((each) => each.priority === highest);
    const item = this.queue.shift();
    if (item !== first?.item) throw new Error(`served ${item}, not ${first?.item}`);
    if (first !== undefined) this.leave(first);
  }

  remove(): void {
    if (this.waiting.length === 0) return;
    const chosen = this.waiting[this.rng.below(this.waiting.length)]!;
    this.leave(chosen);
    if (!this.queue.remove(chosen.ticket)) throw new Error(`could not remove ${chosen.item}`);
  }

  removeDead(): void {
    if (this.dead.length === 0) return;
    const ticket = this.dead[this.rng.below(this.dead.length)]!;
    if (this.queue.remove(ticket)) throw new Error(`removed by an old ticket ${ticket}`);
  }

  wait(ms: number): void {
    this.clock.advance(ms);
    while (this.waiting[0] !== undefined && this.waiting[0].dueMs <= this.clock.now()) {
      this.leave(this.waiting[0], 'timeout');
    }
    this.queue.advance(this.clock.now());
  }

  leave(entry: Waiting, reason?: DropReason): void {
    this.waiting.splice(this.waiting.indexOf(entry), 1);
    this.dead.push(entry.ticket);
    this.left++;
    if (reason !== undefined) this.expected.push(`${entry.item} ${reason}`);
  }

  end(): void {
    while (this.waiting.length > 0) this.shift();
    if (this.queue.shift() !== undefined || this.left !== this.pushed)
      throw new Error(`${this.left} of ${this.pushed}`);
  }
}

import { describe, expect, test } from 'vitest';
import { fakeScheduler } from '../control/testing/fake-scheduler.ts';
import { Counters } from '../telemetry/counters.ts';
import { type OverloadEvent, watchOverload } from './overload.ts';

const LOOK_MS = 2000;

function setUp() {
  const scheduler = fakeScheduler();
  const events: OverloadEvent[] = [];
  let threads = [new Counters(), new Counters()];
  const stop = watchOverload({ scheduler, counted: () => threads, emit: (event) => events.push(event) });
  const told = () =>
    events.splice(0).map(({ pool, listener, what, from, to, reason }) => {
      return `${pool ?? listener} ${what} ${from} → ${to}: ${reason}`;
    });
  const lose = (thread: number) => {
    threads = threads.filter((_, index) => index !== thread);
  };
  return { threads, told, stop, lose, pass: (ms: number) => scheduler.advance(ms) };
}

describe('an overload', () => {
  test.each([
    { why: 'a full line', count: (c: Counters) => c.pool('web', 'app').turnedAway('full'), want: 'app queue' },
    {
      why: 'somebody displaced',
      count: (c: Counters) => c.pool('web', 'app').turnedAway('displaced'),
      want: 'app queue',
    },
    { why: 'too long a wait', count: (c: Counters) => c.pool('web', 'app').turnedAway('timeout'), want: 'app queue' },
    { why: 'a limit', count: (c: Counters) => c.pool('web', 'app').turnedAway('limit'), want: 'app adaptive-limit' },
    { why: 'a budget', count: (c: Counters) => c.pool('web', 'app').budgetExhausted(), want: 'app retry-budget' },
    {
      why: 'connections',
      count: (c: Counters) => c.listener('web').connectionRefused('limit'),
      want: 'web connections',
    },
    {
      why: 'a source',
      count: (c: Counters) => c.listener('web').connectionRefused('per-source'),
      want: 'web per-source',
    },
    {
      why: 'descriptors',
      count: (c: Counters) => c.listener('web').connectionRefused('descriptors'),
      want: 'web descriptors',
    },
  ])('of $why is told when it begins and when it has ended', ({ count, want }) => {
    const { threads, told, pass } = setUp();
    pass(LOOK_MS);
    expect(told()).toEqual([]);
    for (const each of threads) count(each);
    pass(LOOK_MS);
    expect(told()).toEqual([expect.stringContaining(`${want} off → on: 2 `)]);
    count(threads[1]!);
    pass(10_000);
    expect(told()).toEqual([]);
    pass(LOOK_MS);
    expect(told()).toEqual([`${want} on → off: none for 10s, 3 in all`]);
    pass(60_000);
    expect(told()).toEqual([]);
    count(threads[0]!);
    pass(LOOK_MS);
    expect(told()).toEqual([expect.stringContaining(`${want} off → on: 1 `)]);
  });

  test('goes on as long as something is turned away now and then', () => {
    const { threads, told, pass } = setUp();
    for (let i = 0; i < 10; i++) {
      threads[0]!.pool('web', 'app').turnedAway('full');
      pass(8000);
    }
    expect(told()).toHaveLength(1);
  });

  test('of several listeners to one pool is one; those of two pools are two', () => {
    const { threads, told, pass } = setUp();
    threads[0]!.pool('web', 'app').turnedAway('full');
    threads[1]!.pool('internal', 'app').turnedAway('full');
    threads[1]!.pool('internal', 'db').turnedAway('full');
    pass(LOOK_MS);
    expect(told().map((each) => each.slice(0, 24))).toEqual(['app queue off → on: 2 re', 'db queue off → on: 1 req']);
  });

  test('is not made up when a worker dies that counted some, nor forgotten', () => {
    const { threads, told, pass, lose } = setUp();
    for (const each of threads) each.pool('web', 'app').turnedAway('full');
    pass(LOOK_MS);
    told();
    lose(1);
    pass(LOOK_MS);
    threads[0]!.pool('web', 'app').turnedAway('full');
    pass(8000);
    expect(told()).toEqual([]);
    pass(4000);
    expect(told()).toEqual(['app queue on → off: none for 10s, 3 in all']);
  });

  test('is not told after the end', () => {
    const { threads, told, pass, stop } = setUp();
    stop();
    threads[0]!.pool('web', 'app').turnedAway('full');
    pass(LOOK_MS);
    expect(told()).toEqual([]);
  });
});

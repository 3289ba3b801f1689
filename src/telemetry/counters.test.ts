import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Counters, ListenerCounters } from './counters.ts';
import { stepOf } from './latency-steps.ts';
import { PoolCounters } from './pool-counters.ts';

const requestsOf = (counters: PoolCounters, id: string) => counters.endpoints().get(id)?.requests;

describe('ListenerCounters', () => {
  test('connections, refusals, bytes and answers', () => {
    const counters = new ListenerCounters();
    for (let i = 0; i < 3; i++) counters.connectionArrived();
    counters.connectionOpened();
    counters.connectionOpened();
    counters.connectionClosed();
    counters.connectionRefused('limit');
    counters.bytesReceived(10);
    counters.bytesSent(20);
    counters.answered(404);
    counters.answered(404);
    counters.answered(499);
    const answers: number[][] = [];
    counters.answers((status, count) => answers.push([status, count]));
    expect(counters).toMatchObject({ accepted: 2, open: 1, received: 10, sent: 20, refused: { limit: 1 } });
    expect(answers).toEqual([
      [404, 2],
      [499, 1],
    ]);
  });
});

describe('PoolCounters', () => {
  test.each([
    { status: 101, want: '1xx' },
    { status: 200, want: '2xx' },
    { status: 399, want: '3xx' },
    { status: 499, want: '4xx' },
    { status: 599, want: '5xx' },
    { status: 0, want: 'none' },
    { status: 999, want: 'none' },
  ] as const)('a status $status counts as $want', ({ status, want }) => {
    const counters = new PoolCounters();
    counters.assign(0, 'a');
    counters.request(0, status, 1);
    const total = { none: 0, '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, [want]: 1 };
    expect(requestsOf(counters, 'a')).toEqual(total);
  });

  test('an outcome without latency is not in the histogram', () => {
    const counters = new PoolCounters();
    counters.request(0, 200, -1);
    counters.request(0, 200, 5);
    expect(counters.latency.count).toBe(1);
  });

  test('each endpoint has its own latencies', () => {
    const counters = new PoolCounters();
    counters.assign(0, 'fast');
    counters.assign(1, 'slow');
    counters.request(0, 200, 2);
    counters.request(1, 200, 900);
    counters.request(1, 200, -1);
    for (const [id, ms] of Object.entries({ fast: 2, slow: 900 })) {
      const { latency } = counters.endpoints().get(id)!;
      expect([latency[stepOf(ms)], latency.reduce((sum, each) => sum + each, 0)]).toEqual([1, 1]);
    }
  });

  test('bytes of each endpoint, both ways', () => {
    const counters = new PoolCounters();
    counters.assign(0, 'a');
    counters.assign(1, 'b');
    counters.bytesSent(0, 10);
    counters.bytesSent(0, 5);
    counters.bytesReceived(0, 2 ** 40);
    counters.bytesReceived(1, 7);
    const sum = new PoolCounters();
    sum.add(structuredClone(counters.data()));
    sum.add(structuredClone(counters.data()));
    expect(sum.endpoints().get('a')).toMatchObject({ sent: 30, received: 2 ** 41 });
    expect(sum.endpoints().get('b')).toMatchObject({ sent: 0, received: 14 });
  });

  test('grows to any slot and keeps what it has', () => {
    const counters = new PoolCounters();
    counters.assign(1, 'low');
    counters.assign(5000, 'high');
    counters.request(1, 200, 1);
    counters.connectFailed(5000);
    expect(requestsOf(counters, 'low')?.['2xx']).toBe(1);
    expect(counters.endpoints().get('high')?.connectFailed).toBe(1);
  });

  test('a slot given away leaves its counts under the old id', () => {
    const counters = new PoolCounters();
    counters.assign(0, 'old');
    counters.request(0, 200, 1);
    counters.retried(0);
    counters.assign(0, 'new');
    counters.request(0, 500, 1);
    expect(counters.endpoints().get('old')).toMatchObject({ requests: { '2xx': 1, '5xx': 0 }, retried: 1 });
    expect(counters.endpoints().get('new')).toMatchObject({ requests: { '2xx': 0, '5xx': 1 }, retried: 0 });
  });

  test('an endpoint that comes back goes on counting', () => {
    const counters = new PoolCounters();
    for (const id of ['a', 'b', 'a']) {
      counters.assign(0, id);
      counters.request(0, 200, 1);
    }
    expect(requestsOf(counters, 'a')?.['2xx']).toBe(2);
  });

  test('no request is lost or moved, however slots are given away', () => {
    const step = fc.record({ slot: fc.nat(5), id: fc.constantFrom('a', 'b', 'c', 'd') });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const counters = new PoolCounters();
        const want = new Map<string, number>();
        for (const { slot, id } of steps) {
          counters.assign(slot, id);
          counters.request(slot, 204, 1);
          want.set(id, (want.get(id) ?? 0) + 1);
        }
        const got = new Map([...counters.endpoints()].map(([id, counts]) => [id, counts.requests['2xx']]));
        expect(got).toEqual(want);
      }),
    );
  });

  test('what is kept of endpoints that left is bounded', () => {
    const counters = new PoolCounters();
    for (let i = 0; i < 3000; i++) {
      counters.assign(0, `e${i}`);
      counters.request(0, 200, 1);
    }
    expect(counters.endpoints().size).toBeLessThanOrEqual(1001);
    expect(requestsOf(counters, 'e2999')?.['2xx']).toBe(1);
  });
});

describe('Counters', () => {
  test('a slot assigned before a listener counts is known to it', () => {
    const counters = new Counters();
    counters.assign('main', 2, 'a');
    counters.pool('web', 'main').request(2, 200, 3);
    counters.pool('api', 'main').request(2, 200, 5);
    expect(requestsOf(counters.pool('web', 'main'), 'a')?.['2xx']).toBe(1);
    expect(counters.latency('main').count).toBe(2);
  });

  test('what is configured no more is told for a while, and its amount is bounded', () => {
    const counters = new Counters();
    const configure = (listener: string, pool: string) => {
      counters.keep(
        new Map([
          ['stays', new Set(['main'])],
          [listener, new Set([pool])],
        ]),
      );
      counters.listener(listener).answered(404);
      counters.pool(listener, pool).budgetExhausted();
      counters.pool('stays', 'main').budgetExhausted();
      counters.listener('stays').answered(404);
    };
    for (let at = 0; at < 500; at++) configure(`l${at % 300}`, `p${at}`);
    const pairs = [...counters.traffic].flatMap(([listener, byPool]) =>
      [...byPool.keys()].map((pool) => [listener, pool]),
    );
    expect(pairs.length).toBeLessThanOrEqual(102);
    expect(pairs).toEqual(
      expect.arrayContaining([
        ['stays', 'main'],
        ['l199', 'p499'],
        ['l100', 'p400'],
      ]),
    );
    expect(counters.listeners.size).toBeLessThanOrEqual(202);
    expect(counters.pool('stays', 'main').gate.budgetExhausted).toBe(500);
    // It comes back, leaves again, and is forgotten when 100 others have left after it.
    configure('l100', 'p400');
    for (let at = 0; at < 150; at++) configure('l100', at === 149 ? 'p400' : `q${at}`);
    expect(counters.pool('l100', 'p400').gate.budgetExhausted).toBe(1);
  });

  test('a listener that left is not forgotten while connections of it are open', () => {
    const counters = new Counters();
    counters.listener('old').connectionArrived();
    for (let at = 0; at < 300; at++) {
      counters.listener(`l${at}`);
      counters.keep(new Map());
    }
    expect([...counters.listeners.keys()]).toContain('old');
    expect(counters.listeners.size).toBeLessThanOrEqual(102);
  });

  test('what workers counted adds up, by id, after a trip through structuredClone', () => {
    const [one, two, sum] = [new Counters(), new Counters(), new Counters()];
    for (const [counters, slot] of [
      [one, 2],
      [two, 0],
    ] as const) {
      counters.assign('main', slot, 'a');
      counters.pool('web', 'main').request(slot, 200, 3);
      for (let i = 0; i < 2; i++) counters.listener('web').connectionArrived();
      counters.listener('web').connectionOpened();
      counters.listener('web').answered(404);
      counters.listener('web').connectionRefused('limit');
      sum.add(structuredClone(counters.data()));
    }
    expect(requestsOf(sum.pool('web', 'main'), 'a')?.['2xx']).toBe(2);
    expect([sum.latency('main').count, sum.latency('main').sum]).toEqual([2, 6]);
    const web = sum.listener('web');
    const answers: number[][] = [];
    web.answers((status, count) => answers.push([status, count]));
    expect([web.accepted, web.open, web.refused.limit, answers]).toEqual([2, 2, 2, [[404, 2]]]);
  });
});

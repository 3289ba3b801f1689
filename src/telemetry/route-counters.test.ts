import { describe, expect, test } from 'vitest';
import { Counters } from './counters.ts';

const byRoute = (counters: Counters) =>
  Object.fromEntries(
    [...counters.pool('web', 'main').routes].map(([name, { rows }]) => [
      name,
      Object.fromEntries([...rows.sums()].map(([id, row]) => [id, [...row]])),
    ]),
  );

describe('routes', () => {
  test('a request counts for its route and for the pool', () => {
    const counters = new Counters();
    counters.assign('main', 0, 'a');
    const pool = counters.pool('web', 'main');
    pool.route('/x').request(0, 200, 4);
    pool.route('/x').request(0, 404, 4);
    pool.route('*').request(0, 503, -1);
    expect(byRoute(counters)).toEqual({ '/x': { a: [0, 0, 1, 0, 1, 0] }, '*': { a: [0, 0, 0, 0, 0, 1] } });
    expect(pool.endpoints().get('a')!.requests).toMatchObject({ '2xx': 1, '4xx': 1, '5xx': 1 });
    expect(pool.latency.count).toBe(2);
  });

  test('a slot that is given away keeps what was counted under the id that had it', () => {
    const counters = new Counters();
    counters.assign('main', 0, 'a');
    const route = counters.pool('web', 'main').route('*');
    route.request(0, 200, 1);
    counters.assign('main', 0, 'b');
    route.request(0, 200, 1);
    route.request(0, 200, 1);
    expect(byRoute(counters)).toEqual({ '*': { a: [0, 0, 1, 0, 0, 0], b: [0, 0, 2, 0, 0, 0] } });
  });

  test('workers add up', () => {
    const sum = new Counters();
    for (const name of ['/x', '/x', '/y']) {
      const worker = new Counters();
      worker.assign('main', 0, 'a');
      worker.pool('web', 'main').route(name).request(0, 200, 1);
      sum.add(structuredClone(worker.data()));
    }
    expect(byRoute(sum)).toEqual({ '/x': { a: [0, 0, 2, 0, 0, 0] }, '/y': { a: [0, 0, 1, 0, 0, 0] } });
  });

  test('beyond 200 routes the rest are one', () => {
    const counters = new Counters();
    counters.assign('main', 0, 'a');
    const pool = counters.pool('web', 'main');
    for (let index = 0; index < 300; index++) pool.route(`/${index}`).request(0, 200, 1);
    expect(pool.routes.size).toBe(201);
    expect(pool.routes.get('other')!.rows.sums().get('a')![2]).toBe(100);
  });
});

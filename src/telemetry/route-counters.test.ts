import { describe, expect, test } from 'vitest';
import { Counters } from './counters.ts';

const byRoute = (counters: Counters) =>
  Object.fromEntries(
    [...counters.pool('web', 'main').routes].map(([name, route]) => [
      name,
      Object.fromEntries([...route.counts()].map(([code, counts]) => [code, Object.fromEntries(counts)])),
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
    expect(byRoute(counters)).toEqual({ '/x': { 200: { a: 1 }, 404: { a: 1 } }, '*': { 503: { a: 1 } } });
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
    expect(byRoute(counters)).toEqual({ '*': { 200: { a: 1, b: 2 } } });
  });

  test('of endpoints that left the last 1000 are told', () => {
    const counters = new Counters();
    const route = counters.pool('web', 'main').route('*');
    for (let index = 0; index < 1100; index++) {
      counters.assign('main', 0, `e${index}`);
      route.request(0, 200, 1);
    }
    const told = [...route.counts().get('200')!.keys()];
    expect([told.length, told[0], told.at(-1)]).toEqual([1001, 'e99', 'e1099']);
  });

  test('workers add up', () => {
    const sum = new Counters();
    for (const name of ['/x', '/x', '/y']) {
      const worker = new Counters();
      worker.assign('main', 0, 'a');
      worker.pool('web', 'main').route(name).request(0, 200, 1);
      sum.add(structuredClone(worker.data()));
    }
    expect(byRoute(sum)).toEqual({ '/x': { 200: { a: 2 } }, '/y': { 200: { a: 1 } } });
  });

  test('routes that are configured no more give way to new ones, and not at once', () => {
    const counters = new Counters();
    counters.assign('main', 0, 'a');
    const pool = counters.pool('web', 'main');
    const configure = (...names: string[]) => {
      pool.beginRoutes();
      for (const name of names) pool.route(name).request(0, 200, 1);
    };
    const version = (at: number) => Array.from({ length: 50 }, (_, index) => `/v${at}/${index}`);
    configure('/stays', ...version(0));
    for (let at = 1; at <= 20; at++) {
      configure('/stays', ...version(at));
      const names = [...pool.routes.keys()];
      expect(names).toEqual(expect.arrayContaining(['/stays', ...version(at), ...version(at - 1)]));
      expect(names).not.toContain('other');
      expect(names.length).toBeLessThanOrEqual(252);
    }
    expect(pool.routes.get('/stays')!.counts().get('200')!.get('a')).toBe(21);
    expect(pool.endpoints().get('a')!.requests['2xx']).toBe(21 * 51);
  });

  test('what workers followed adds up to a bounded number of routes', () => {
    const sum = new Counters();
    for (let worker = 0; worker < 9; worker++) {
      const counters = new Counters();
      counters.assign('main', 0, 'a');
      for (let at = 0; at < 100; at++) counters.pool('web', 'main').route(`/${worker}/${at}`).request(0, 200, 1);
      sum.add(counters.data());
    }
    const { routes } = sum.pool('web', 'main');
    expect(routes.size).toBe(601);
    expect(routes.get('other')!.counts().get('200')!.get('a')).toBe(300);
  });

  test('beyond 200 routes the rest are one', () => {
    const counters = new Counters();
    counters.assign('main', 0, 'a');
    const pool = counters.pool('web', 'main');
    for (let index = 0; index < 300; index++) pool.route(`/${index}`).request(0, 200, 1);
    expect(pool.routes.size).toBe(201);
    expect(pool.routes.get('other')!.counts().get('200')!.get('a')).toBe(100);
  });

  test('a route tells 40 statuses apart, and classes beyond; what is none is `none`', () => {
    const counters = new Counters();
    counters.assign('main', 0, 'a');
    const route = counters.pool('web', 'main').route('*');
    for (let status = 200; status < 260; status++) route.request(0, status, 1);
    for (const status of [0, 99, 600, 999, 503, 503, 200]) route.request(0, status, 1);
    const worker = new Counters();
    worker.assign('main', 0, 'a');
    for (const status of [200, 418]) worker.pool('web', 'main').route('*').request(0, status, 1);
    counters.add(structuredClone(worker.data()));
    const counted = byRoute(counters)['*']!;
    expect(Object.keys(counted)).toHaveLength(40 + 4);
    expect(counted).toMatchObject({ 200: { a: 3 }, 239: { a: 1 }, '2xx': { a: 20 } });
    expect(counted).toMatchObject({ '4xx': { a: 1 }, '5xx': { a: 2 }, none: { a: 4 } });
  });
});

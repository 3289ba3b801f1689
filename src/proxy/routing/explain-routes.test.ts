import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RouteMatch } from '../listener-options.ts';
import { explainRoutes } from './explain-routes.ts';
import { routeName } from './route-name.ts';
import { Router } from './router.ts';

const host = fc.constantFrom('a.b.c', '*.b.c', '*.c', 'B.C', 'c', '*');
const path = fc.constantFrom('/', '/x', '/x/*', '/x/y', '/x/y/*', '/*', '*');
const method = fc.constantFrom('GET', 'POST', 'PUT');
const some = <T>(each: fc.Arbitrary<T>) =>
  fc.option(fc.array(each, { minLength: 1, maxLength: 3 }), { nil: undefined });
const match = fc.record({ host: some(host), path: some(path), method: some(method) }).map(
  (each): RouteMatch => ({
    ...(each.host && { host: each.host }),
    ...(each.path && { path: each.path }),
    ...(each.method && { method: each.method }),
  }),
);
const request = fc.record({
  host: fc.constantFrom('a.b.c', 'A.B.C:80', 'b.c', 'x.a.b.c', '.c', 'c', 'other', '[::1]:80', ''),
  path: fc.constantFrom('/', '/x', '/x/', '/x/y', '/x/y/z', '/xy', '*', ''),
  method,
});

test('explainRoutes and the router agree', () => {
  fc.assert(
    fc.property(fc.array(match, { maxLength: 6 }), request, (matches, asked) => {
      const routes = matches.map((each) => ({ match: each, pool: 'p' }));
      const verdicts = explainRoutes(routes, asked);
      const found = new Router(routes).find(asked);
      expect(verdicts.findIndex((each) => each.matches)).toBe(found);
      expect(verdicts).toHaveLength(found < 0 ? routes.length : found + 1);
    }),
    { numRuns: 2000 },
  );
});

test('every condition that does not hold is named, with what was wanted and found', () => {
  const routes = [
    { match: { host: ['api.example.com'], path: ['/v1/*'], method: ['POST'] }, pool: 'a' },
    { match: { path: ['/v1/*'] }, pool: 'b' },
    { pool: 'c' },
  ];
  expect(explainRoutes(routes, { host: 'www.example.com:8080', path: '/v1/', method: 'GET' })).toEqual([
    {
      index: 0,
      name: 'POST api.example.com/v1/*',
      matches: false,
      failed: [
        { condition: 'host', wanted: ['api.example.com'], found: 'www.example.com' },
        { condition: 'method', wanted: ['POST'], found: 'GET' },
      ],
    },
    { index: 1, name: '/v1/*', matches: true, failed: [] },
  ]);
});

describe('routeName', () => {
  test.each<{ match: RouteMatch | undefined; name: string }>([
    { match: undefined, name: '*' },
    { match: {}, name: '*' },
    { match: { host: ['a.b'] }, name: 'a.b' },
    { match: { host: ['a.b', 'c.d', 'e.f'], path: ['/x/*'] }, name: 'a.b(+2)/x/*' },
    { match: { method: ['GET', 'HEAD'] }, name: 'GET|HEAD' },
    { match: { path: [`/${'x'.repeat(300)}`] }, name: `/${'x'.repeat(99)}` },
  ])('$name', ({ match: given, name }) => {
    expect(routeName(given)).toBe(name);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RouteMatch, RouteOptions } from '../listener-options.ts';
import { type RouteRequest, Router } from './router.ts';

const routes = (...matches: (RouteMatch | undefined)[]): RouteOptions[] =>
  matches.map((match, index) => ({ pool: `p${index}`, ...(match ? { match } : {}) }));
const request = (host: string, path = '/', method = 'GET'): RouteRequest => ({ host, path, method });

describe('a host', () => {
  test.each([
    { why: 'exact', match: 'a.example', host: 'a.example', want: true },
    { why: 'in any case', match: 'A.Example', host: 'a.eXAMPLE', want: true },
    { why: 'without its port', match: 'a.example', host: 'a.example:8080', want: true },
    { why: 'without an empty port', match: 'a.example', host: 'a.example:', want: true },
    { why: 'IPv6', match: '[::1]', host: '[::1]', want: true },
    { why: 'IPv6 without its port', match: '[::1]', host: '[::1]:8080', want: true },
    { why: 'not a longer one', match: 'a.example', host: 'b.a.example', want: false },
    { why: 'not a shorter one', match: 'a.example', host: 'example', want: false },
    { why: 'wildcard', match: '*.example', host: 'a.example', want: true },
    { why: 'wildcard over labels', match: '*.example', host: 'a.b.example:1', want: true },
    { why: 'wildcard in any case', match: '*.EXAMPLE', host: 'a.Example', want: true },
    { why: 'wildcard, not the name itself', match: '*.example', host: 'example', want: false },
    { why: 'wildcard, not an empty label', match: '*.example', host: '.example', want: false },
    { why: 'wildcard, not a part of a label', match: '*.example', host: 'aexample', want: false },
    { why: 'wildcard, not with more behind', match: '*.example', host: 'a.example.b', want: false },
    { why: 'a star is any', match: '*', host: 'x', want: true },
    { why: 'a star is none, too', match: '*', host: '', want: true },
    { why: 'none', match: 'a.example', host: '', want: false },
  ])('$why: $match of "$host" is $want', ({ match, host, want }) => {
    expect(new Router(routes({ host: [match] })).find(request(host))).toBe(want ? 0 : -1);
  });
});

describe('a path', () => {
  test.each([
    { why: 'exact', match: '/x', path: '/x', want: true },
    { why: 'exact, not below', match: '/x', path: '/x/', want: false },
    { why: 'exact, in its case', match: '/x', path: '/X', want: false },
    { why: 'prefix', match: '/x/*', path: '/x/', want: true },
    { why: 'prefix, below', match: '/x/*', path: '/x/y/z', want: true },
    { why: 'prefix, not the name itself', match: '/x/*', path: '/x', want: false },
    { why: 'prefix, not a longer name', match: '/x/*', path: '/xy/', want: false },
    { why: 'prefix, not elsewhere', match: '/x/*', path: '/y/x/', want: false },
    { why: 'prefix of two segments', match: '/x/y/*', path: '/x/y/', want: true },
    { why: 'prefix with empty segments', match: '/x/*', path: '//x/', want: false },
    { why: 'everything that begins with a slash', match: '/*', path: '/', want: true },
    { why: 'everything, deeply', match: '/*', path: '/a/b', want: true },
    { why: 'not OPTIONS *', match: '/*', path: '*', want: false },
    { why: 'a star is any', match: '*', path: '/x', want: true },
    { why: 'a star is OPTIONS * too', match: '*', path: '*', want: true },
  ])('$why: $match of $path is $want', ({ match, path, want }) => {
    expect(new Router(routes({ path: [match] })).find(request('h', path))).toBe(want ? 0 : -1);
  });
});

describe('Router', () => {
  test.each([
    { why: 'no route', given: routes(), of: request('h'), want: -1 },
    { why: 'a route without a match', given: routes(undefined), of: request('h'), want: 0 },
    { why: 'an empty match', given: routes({}), of: request('h'), want: 0 },
    {
      why: 'a method',
      given: routes({ method: ['POST'] }, { method: ['GET', 'HEAD'] }),
      of: request('h', '/', 'HEAD'),
      want: 1,
    },
    { why: 'a method in its case', given: routes({ method: ['GET'] }), of: request('h', '/', 'get'), want: -1 },
    { why: 'the first of two', given: routes({ path: ['/x'] }, { path: ['/x'] }), of: request('h', '/x'), want: 0 },
    {
      why: 'the first, though another is closer',
      given: routes({ path: ['/*'] }, { path: ['/x'] }),
      of: request('h', '/x'),
      want: 0,
    },
    {
      why: 'the first, though another host is exact',
      given: routes({ host: ['*.example'] }, { host: ['a.example'] }),
      of: request('a.example'),
      want: 0,
    },
    {
      why: 'the first, though it is for any host',
      given: routes({ path: ['/x'] }, { host: ['a'] }),
      of: request('a', '/x'),
      want: 0,
    },
    {
      why: 'the next, where the method differs',
      given: routes({ path: ['/x'], method: ['POST'] }, { path: ['/*'] }),
      of: request('h', '/x'),
      want: 1,
    },
    {
      why: 'all conditions',
      given: routes({ host: ['a'], path: ['/x'] }, { host: ['a'] }, undefined),
      of: request('a', '/y'),
      want: 1,
    },
    {
      why: 'any of a list',
      given: routes({ host: ['a', 'b'], path: ['/x', '/y/*'] }),
      of: request('b', '/y/z'),
      want: 0,
    },
    { why: 'the fallback', given: routes({ host: ['a'] }, undefined), of: request('b'), want: 1 },
    {
      why: 'the closest wildcard is not first',
      given: routes({ host: ['*.a.example'], path: ['/x'] }, { host: ['*.example'] }),
      of: request('b.a.example', '/y'),
      want: 1,
    },
  ])('$why', ({ given, of, want }) => {
    expect(new Router(given).find(of)).toBe(want);
  });

  test('a first route that matches all asks nothing of the request', () => {
    const refuse = (): never => {
      throw new Error('asked');
    };
    const silent: RouteRequest = Object.defineProperties({} as RouteRequest, {
      host: { get: refuse },
      path: { get: refuse },
      method: { get: refuse },
    });
    expect(new Router(routes(undefined, { host: ['a'] })).find(silent)).toBe(0);
  });
});

/** What the configuration says, read word for word. */
function naive(given: readonly RouteOptions[], { host, path, method }: RouteRequest): number {
  const name = host.toLowerCase().replace(/:\d*$/, '');
  const anyOf = (list: readonly string[] | undefined, holds: (one: string) => boolean) =>
    list === undefined || list.some(holds);
  const isHost = (one: string) =>
    one === '*' ||
    (one.startsWith('*.')
      ? name.length > one.length - 1 && name.endsWith(one.slice(1).toLowerCase())
      : name === one.toLowerCase());
  const isPath = (one: string) =>
    one === '*' || (one.endsWith('/*') ? path.startsWith(one.slice(0, -1)) : path === one);
  return given.findIndex(
    ({ match = {} }) =>
      anyOf(match.host, isHost) && anyOf(match.path, isPath) && anyOf(match.method, (one) => one === method),
  );
}

const hosts = ['a', 'b', 'A.example', 'b.example', 'c.b.example', 'example', '[::1]'];
const listOf = (values: readonly string[]) =>
  fc.option(fc.subarray([...values], { minLength: 1, maxLength: 3 }), { nil: undefined });
const matches = fc.record({
  host: listOf([...hosts, '*', '*.example', '*.B.example', '*.a']),
  path: listOf(['/', '/*', '/x', '/x/', '/x/*', '/x/y', '/x/y/*', '/xy', '//*', '*']),
  method: listOf(['GET', 'POST', 'get']),
});
const requests = fc.record({
  host: fc
    .tuple(fc.constantFrom(...hosts, '', 'x.y.example', '.example'), fc.constantFrom('', ':', ':80'))
    .map((parts) => parts.join('')),
  path: fc.constantFrom('/', '/x', '/x/', '/x/y', '/x/y/', '/x/y/z', '/xy', '/xy/', '//', '//x', '/X', '*', '/x//y'),
  method: fc.constantFrom('GET', 'POST', 'PUT'),
});

test('the index finds what a walk over the routes finds', () => {
  const isPresent = (entry: [string, unknown]) => entry[1] !== undefined;
  const present = matches.map((match) => Object.fromEntries(Object.entries(match).filter(isPresent)) as RouteMatch);
  fc.assert(
    fc.property(
      fc.array(present, { maxLength: 12 }),
      fc.array(requests, { minLength: 20, maxLength: 20 }),
      (given, of) => {
        const router = new Router(routes(...given));
        for (const each of of) expect(router.find(each)).toBe(naive(routes(...given), each));
      },
    ),
    { numRuns: 500 },
  );
});

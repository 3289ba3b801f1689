import { describe, expect, test } from 'vitest';
import { type AdminRequest, refuse } from './guard.ts';

const loopback = { kind: 'tcp', host: '127.0.0.1', port: 9900 } as const;
const wildcard = { kind: 'tcp', host: '0.0.0.0', port: 9900 } as const;
const unix = { kind: 'unix', path: '/run/x.sock' } as const;

const nothing = { host: undefined, origin: undefined, authorization: undefined, site: undefined };

test.each<{
  why: string;
  request: Partial<AdminRequest>;
  bind?: typeof loopback | typeof wildcard | typeof unix;
  token?: string;
  want: number | undefined;
}>([
  { why: 'the address', request: { host: '127.0.0.1:9900' }, want: undefined },
  { why: 'another loopback address', request: { host: '127.9.9.9' }, want: undefined },
  { why: 'localhost', request: { host: 'LocalHost:9900' }, want: undefined },
  { why: 'IPv6 loopback', request: { host: '[::1]:9900' }, want: undefined },
  { why: 'a name that was rebound', request: { host: 'evil.example:9900' }, want: 403 },
  { why: 'a name that starts like the address', request: { host: '127.0.0.1.evil.example' }, want: 403 },
  { why: 'no Host', request: {}, want: 403 },
  { why: 'any address where all are bound', bind: wildcard, request: { host: '10.1.2.3:9900' }, want: undefined },
  { why: 'a name where all are bound', bind: wildcard, request: { host: 'evil.example' }, want: 403 },
  { why: 'a unix socket has no name', bind: unix, request: { host: 'anything' }, want: undefined },
  { why: 'own page', request: { host: 'localhost', origin: 'http://localhost:9900' }, want: undefined },
  { why: 'page of another site', request: { host: 'localhost', origin: 'https://evil.example' }, want: 403 },
  { why: 'page of nowhere', request: { host: 'localhost', origin: 'null' }, want: 403 },
  { why: 'the token', token: 'secret', request: { host: 'any.name', authorization: 'Bearer secret' }, want: undefined },
  { why: 'no token', token: 'secret', request: { host: 'localhost' }, want: 401 },
  { why: 'a wrong token', token: 'secret', request: { host: 'localhost', authorization: 'Bearer secre' }, want: 401 },
  { why: 'another scheme', token: 'secret', request: { authorization: 'Basic secret' }, want: 401 },
  {
    why: 'the token from a page of another site',
    token: 'secret',
    request: { origin: 'http://evil.example', authorization: 'Bearer secret' },
    want: 403,
  },
])('$why: $want', ({ request, bind = loopback, token, want }) => {
  const given = { scope: 'read', ...nothing, ...request } as const;
  expect(refuse(given, { bind, ...(token !== undefined && { token }) })?.status).toBe(want);
});

const host = 'localhost:9900';

describe('what changes something', () => {
  test.each<{ why: string; request: Partial<AdminRequest>; token?: string; want: number | undefined }>([
    { why: 'no page', request: { host }, want: undefined },
    { why: 'typed into the browser', request: { host, site: 'none' }, want: undefined },
    { why: 'own page', request: { host, origin: `http://${host}`, site: 'same-origin' }, want: undefined },
    { why: 'own page in capitals', request: { host, origin: 'http://LOCALHOST:9900' }, want: undefined },
    { why: 'a page of another program of this machine', request: { host, origin: 'http://localhost:3000' }, want: 403 },
    { why: 'the same under another name', request: { host, origin: 'http://127.0.0.1:9900' }, want: 403 },
    { why: 'a page of another site', request: { host, origin: 'https://evil.example' }, want: 403 },
    { why: 'a sandboxed page', request: { host, origin: 'null' }, want: 403 },
    { why: 'another site without an origin', request: { host, site: 'cross-site' }, want: 403 },
    { why: 'another port without an origin', request: { host, site: 'same-site' }, want: 403 },
    {
      why: 'a rebound name that is its own origin',
      request: { host: 'evil.example:9900', origin: 'http://evil.example:9900' },
      want: 403,
    },
    {
      why: 'the same with a token',
      token: 'secret',
      request: { host: 'lb.example', origin: 'https://lb.example', authorization: 'Bearer secret' },
      want: undefined,
    },
    {
      why: 'a token from another origin',
      token: 'secret',
      request: { host: 'lb.example', origin: 'https://evil.example', authorization: 'Bearer secret' },
      want: 403,
    },
  ])('$why: $want', ({ request, token, want }) => {
    const given = { scope: 'operate', ...nothing, ...request } as const;
    expect(refuse(given, { bind: loopback, ...(token !== undefined && { token }) })?.status).toBe(want);
  });
});

describe('two tokens', () => {
  test.each<{ authorization?: string; read: number | undefined; operate: number | undefined }>([
    { authorization: 'Bearer all', read: undefined, operate: undefined },
    { authorization: 'Bearer look', read: undefined, operate: 403 },
    { authorization: 'bearer  look ', read: undefined, operate: 403 },
    { authorization: 'Bearer looks', read: 401, operate: 401 },
    { authorization: 'Bearer al', read: 401, operate: 401 },
    { authorization: 'Bearer', read: 401, operate: 401 },
    { authorization: 'Bearer all look', read: 401, operate: 401 },
    { read: 401, operate: 401 },
  ])('$authorization: reads $read, operates $operate', ({ authorization, read, operate }) => {
    for (const [scope, want] of [
      ['read', read],
      ['operate', operate],
    ] as const) {
      const given = { ...nothing, scope, host, authorization };
      expect(refuse(given, { bind: loopback, token: 'all', readToken: 'look' })?.status).toBe(want);
    }
  });
});

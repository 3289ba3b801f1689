import { expect, test } from 'vitest';
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

import { expect, test } from 'vitest';
import { liveExplainOf } from './live-explain.ts';

const bind = { kind: 'tcp', host: '127.0.0.1', port: 9900 } as const;

test('without an admin server nobody', () => {
  expect(liveExplainOf(undefined)).toBeUndefined();
});

test.each([
  { why: 'no token: who is local and says 1', admin: {}, given: '1', isLocal: true, want: true },
  { why: 'no token: nobody from elsewhere', admin: {}, given: '1', isLocal: false, want: false },
  { why: 'no token: nothing but 1', admin: {}, given: 'yes', isLocal: true, want: false },
  { why: 'the token', admin: { token: 'abc' }, given: 'abc', isLocal: false, want: true },
  {
    why: 'the token that may only read',
    admin: { token: 'abc', readToken: 'r' },
    given: 'r',
    isLocal: false,
    want: true,
  },
  { why: 'a token: being local is not enough', admin: { token: 'abc' }, given: '1', isLocal: true, want: false },
  { why: 'a part of it', admin: { token: 'abc' }, given: 'ab', isLocal: true, want: false },
  { why: 'nothing', admin: { token: 'abc', readToken: 'r' }, given: '', isLocal: true, want: false },
])('$why: $want', ({ admin, given, isLocal, want }) => {
  expect(liveExplainOf({ bind, ...admin })!.allows(given, isLocal)).toBe(want);
});

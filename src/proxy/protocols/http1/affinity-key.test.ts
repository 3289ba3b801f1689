import { describe, expect, test } from 'vitest';
import type { AffinityKey } from '../../../core/hash/affinity-key.ts';
import { parseRequest } from '../../testing/heads.ts';
import { compileKey } from './affinity-key.ts';
import { COMPLETE } from './field-scanner.ts';

function keyOf(key: AffinityKey, target: string, ...lines: string[]): string {
  const host = lines.some((line) => line.startsWith('Host:')) ? [] : ['Host: a'];
  return keyOfText(key, `GET ${target} HTTP/1.1\r\n${[...host, ...lines].join('\r\n')}\r\n\r\n`);
}

function keyOfText(key: AffinityKey, text: string): string {
  const limits = { headBytes: 65_536, headerFields: 128 };
  // What lies around a head would complete a name or a value if it were read.
  const { head, status } = parseRequest(text, { limits, at: 7, around: 'k' });
  expect(status).toBe(COMPLETE);
  return compileKey(key)!(head);
}

test('the client’s address needs no reading', () => expect(compileKey('client-ip')).toBeNull());

describe('header', () => {
  test.each([
    { why: 'the value without white space around it', lines: ['X-User: \t a b \t'], want: 'a b' },
    { why: 'any case of the name', lines: ['x-uSER: 1'], want: '1' },
    { why: 'the first of several', lines: ['X-User: 1', 'X-User: 2'], want: '1' },
    { why: 'none', lines: ['X-Users: 1', 'X-Use: 2', 'Y-User: 3'], want: '' },
    { why: 'an empty one is none', lines: ['X-User:', 'X-User: 2'], want: '' },
    { why: 'bytes beyond ASCII, one character each', lines: ['X-User: \xe4\xff'], want: '\xe4\xff' },
    { why: 'a very long one', lines: [`X-User: ${'x'.repeat(50_000)}`], want: 'x'.repeat(50_000) },
    { why: 'one that Connection names all the same', lines: ['Connection: x-user', 'X-User: 1'], want: '1' },
  ])('$why', ({ lines, want }) => expect(keyOf('header:X-User', '/', ...lines)).toBe(want));

  test('an underscore is no hyphen', () => {
    expect(keyOf('header:x_user', '/', 'x-user: 1', 'X_User: 2')).toBe('2');
  });
});

describe('cookie', () => {
  test.each([
    { why: 'alone', lines: ['Cookie: sid=1'], want: '1' },
    { why: 'among others', lines: ['Cookie: a=b; sid=1; c=d'], want: '1' },
    { why: 'the last', lines: ['Cookie: a=b;sid=1'], want: '1' },
    { why: 'the first of several', lines: ['Cookie: sid=1; sid=2'], want: '1' },
    { why: 'in the second line', lines: ['Cookie: a=sid=9', 'cookie: sid=2'], want: '2' },
    { why: 'the first line first', lines: ['Cookie: sid=1', 'Cookie: sid=2'], want: '1' },
    { why: 'names have a case', lines: ['Cookie: SID=1'], want: '' },
    { why: 'a longer name', lines: ['Cookie: xsid=1; sidx=2; sid2=3'], want: '' },
    { why: 'within another’s value', lines: ['Cookie: a=sid=1'], want: '' },
    { why: 'quoted, as sent', lines: ['Cookie: sid="1"'], want: '"1"' },
    { why: 'with an equals sign', lines: ['Cookie: sid=a=b=='], want: 'a=b==' },
    { why: 'white space', lines: ['Cookie:  \t sid=1 \t ; x'], want: '1' },
    { why: 'without a value', lines: ['Cookie: sid; sid='], want: '' },
    { why: 'nothing but separators', lines: ['Cookie: ;;; ; =; =sid'], want: '' },
    { why: 'no cookie', lines: ['X-Cookie: sid=1', 'Set-Cookie: sid=2', 'Cooki3: sid=3'], want: '' },
    {
      why: 'behind many others',
      lines: [`Cookie: ${'a=b; '.repeat(9000)}sid=${'v'.repeat(10_000)}`],
      want: 'v'.repeat(10_000),
    },
  ])('$why', ({ lines, want }) => expect(keyOf('cookie:sid', '/', ...lines)).toBe(want));
});

describe('query', () => {
  test.each([
    { target: '/p?user=1', want: '1' },
    { target: '/p?a=b&user=1&c=d', want: '1' },
    { target: '/p?user=1&user=2', want: '1' },
    { target: '/p?User=1', want: '' },
    { target: '/p?us%65r=1', want: '' },
    { target: '/p?user=%41+b%26c', want: '%41+b%26c' },
    { target: '/p?user', want: '' },
    { target: '/p?user=', want: '' },
    { target: '/p?user&user=2', want: '2' },
    { target: '/p?xuser=1&userx=2', want: '' },
    { target: '/user=1', want: '' },
    { target: '/user=1?', want: '' },
    { target: '/p?a=b?user=1', want: '' },
    { target: '/p?a?&user=1?2', want: '1?2' },
    { target: '/p?&&&user=1&', want: '1' },
    { target: '/p?user=a=b', want: 'a=b' },
    { target: 'http://b/p?user=1', want: '1' },
    { target: `/p?${'a=b&'.repeat(2000)}user=1`, want: '1' },
  ])('$target', ({ target, want }) => expect(keyOf('query:user', target)).toBe(want));

  test('names as they are sent', () => expect(keyOf('query:us%65r', '/?us%65r=1')).toBe('1'));
});

describe('path and host', () => {
  test.each([
    { key: 'path', target: '/a/%62?c=d', want: '/a/%62' },
    { key: 'path', target: 'http://b', want: '/' },
    { key: 'path', target: 'http://b/c?d', want: '/c' },
    { key: 'host', target: '/', lines: ['Host: Shop.Example:8080'], want: 'shop.example' },
    { key: 'host', target: '/', lines: ['Host: [::1]:80'], want: '[::1]' },
    { key: 'host', target: 'http://Other.example/', lines: ['Host: a'], want: 'other.example' },
  ] as const)('$key of $target', ({ key, target, want, ...rest }) => {
    expect(keyOf(key, target, ...('lines' in rest ? rest.lines : []))).toBe(want);
  });

  test('HTTP/1.0 may have no host', () => expect(keyOfText('host', 'GET / HTTP/1.0\r\n\r\n')).toBe(''));
});

import { describe, expect, test } from 'vitest';
import { isHost } from './host.ts';

/** Between bytes that would change the result if they were read. */
function accepts(host: string): boolean {
  const bytes = Buffer.from(`[:${host}:]`, 'latin1');
  return isHost(bytes, 2, 2 + host.length);
}

describe('isHost', () => {
  test.each([
    'a',
    'a.example',
    'A.Example.',
    'a-b_c~d.example',
    '127.0.0.1',
    'a.example:8080',
    'a:',
    '%41',
    "a!$&'()*+;=b",
    'a:0',
    'a:65535',
    'a:00080',
    '[::1]',
    '[::1]:',
    '[::1]:8080',
    '[2001:db8::1.2.3.4]',
  ])('accepts %s', (host) => {
    expect(accepts(host)).toBe(true);
  });

  test.each([
    ['nothing', ''],
    ['a port alone', ':80'],
    ['a path', 'a/b'],
    ['a user', 'u@a'],
    ['a query', 'a?b'],
    ['a fragment', 'a#b'],
    ['a comma', 'a,b'],
    ['a space', 'a b'],
    ['a tab', 'a\tb'],
    ['a quote', 'a"b'],
    ['a backslash', 'a\\b'],
    ['a control character', 'a\x01'],
    ['a byte above ASCII', 'a\xe4'],
    ['two ports', 'a:1:2'],
    ['an empty port before a port', 'a::1'],
    ['a port of letters', 'a:http'],
    ['a signed port', 'a:+80'],
    ['a port above 65535', 'a:65536'],
    ['a port that begins with 65535', 'a:655350'],
    ['a port beyond numbers', `a:${'9'.repeat(400)}`],
    ['an IPv6 address without brackets', '::1'],
    ['brackets that do not close', '[::1'],
    ['brackets that close twice', '[::1]]'],
    ['brackets that open twice', '[[::1]'],
    ['brackets that only close', '::1]'],
    ['brackets later on', 'a[::1]'],
    ['something behind brackets', '[::1]a'],
    ['two ports behind brackets', '[::1]:1:2'],
    ['empty brackets', '[]'],
    ['a name in brackets', '[a.example]'],
    ['an empty port and brackets', ':[::1]'],
  ])('refuses %s', (_why, host) => {
    expect(accepts(host)).toBe(false);
  });
});

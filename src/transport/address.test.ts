import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSocketAddress, isIpAddress, parseSocketAddress, plainAddress } from './address.ts';
import type { SocketAddress } from './transport.ts';

const tcp = (host: string, port: number): SocketAddress => ({ kind: 'tcp', host, port });
const unix = (path: string): SocketAddress => ({ kind: 'unix', path });

describe('parseSocketAddress', () => {
  test.each([
    { text: '0.0.0.0:8080', want: tcp('0.0.0.0', 8080) },
    { text: '8080', want: tcp('127.0.0.1', 8080) },
    { text: ':8080', want: tcp('127.0.0.1', 8080) },
    { text: '127.0.0.1:0', want: tcp('127.0.0.1', 0) },
    { text: '[::1]:80', want: tcp('::1', 80) },
    { text: '[::]:443', want: tcp('::', 443) },
    { text: '[::ffff:10.0.0.1]:1', want: tcp('::ffff:10.0.0.1', 1) },
    { text: 'localhost:3000', want: tcp('localhost', 3000) },
    { text: 'api.internal.:65535', want: tcp('api.internal.', 65535) },
    { text: 'my_service:1', want: tcp('my_service', 1) },
    { text: 'unix:/run/x.sock', want: unix('/run/x.sock') },
    { text: 'unix:with:colons', want: unix('with:colons') },
    { text: 'unix:\0abstract', want: unix('\0abstract') },
  ])('%j', ({ text, want }) => {
    expect(parseSocketAddress(text)).toEqual({ ok: true, address: want });
  });

  test.each([
    { text: '', problem: 'the port is missing' },
    { text: 'localhost', problem: '"localhost" is not a port; write host:port' },
    { text: '10.0.0.1', problem: 'is not a port; write host:port' },
    { text: '10.0.0.1:', problem: 'the port is missing' },
    { text: '10.0.0.1:65536', problem: 'port 65536 is above 65535' },
    { text: '10.0.0.1:80x', problem: '"80x" is not a port' },
    { text: '10.0.0.1:-1', problem: '"-1" is not a port' },
    { text: '10.0.0.1: 80', problem: '" 80" is not a port' },
    { text: '10.0.0.256:80', problem: '"10.0.0.256" is neither an IP address nor a name' },
    { text: '10.0.0.01:80', problem: 'neither an IP address nor a name' },
    { text: '10.0.0:80', problem: 'neither an IP address nor a name' },
    { text: '-x:80', problem: 'neither an IP address nor a name' },
    { text: 'a..b:80', problem: 'neither an IP address nor a name' },
    { text: `${'a'.repeat(64)}:80`, problem: 'neither an IP address nor a name' },
    { text: 'http://x:80', problem: 'write an IPv6 address in brackets' },
    { text: '::1:80', problem: 'write an IPv6 address in brackets' },
    { text: '[::1]', problem: 'the port is missing, write [::1]:8080' },
    { text: '[::1', problem: 'no IPv6 address in the brackets' },
    { text: '[10.0.0.1]:80', problem: 'no IPv6 address in the brackets' },
    { text: '[fe80::1%eth0]:80', problem: 'no IPv6 address in the brackets' },
    { text: 'unix:', problem: 'needs a path' },
    { text: 'unix:\0', problem: 'needs a path' },
    { text: 'unix:/a\0b', problem: 'contains a NUL' },
  ])('refuses %j', ({ text, problem }) => {
    expect(parseSocketAddress(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });

  test('never throws, and what it accepts is written back and read again', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'[]:.0129afunix/%-_ \0') }));
    fc.assert(
      fc.property(text, (any) => {
        const first = parseSocketAddress(any);
        if (first.ok) expect(parseSocketAddress(formatSocketAddress(first.address))).toEqual(first);
      }),
    );
  });

  test('reads back whatever is formatted', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6().filter(isCanonical), fc.domain());
    const address: fc.Arbitrary<SocketAddress> = fc.oneof(
      fc.record({ kind: fc.constant('tcp' as const), host, port: fc.nat({ max: 65535 }) }),
      fc.record({
        kind: fc.constant('unix' as const),
        path: fc.string({ minLength: 1 }).filter((path) => !path.includes('\0')),
      }),
    );
    fc.assert(
      fc.property(address, (given) => {
        expect(parseSocketAddress(formatSocketAddress(given))).toEqual({ ok: true, address: given });
      }),
    );
  });
});

/** fast-check also makes forms that only RFC 3986's grammar knows; the runtime's own judgement decides. */
function isCanonical(text: string): boolean {
  return isIP(text) === 6;
}

describe('isIpAddress', () => {
  test.each(['::', '::1', '1::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:1.2.3.4', '::1.2.3.4', 'FE80::aB', '1:2:3:4:5:6:7::'])(
    '%s is one',
    (text) => expect(isIpAddress(text)).toBe(true),
  );

  test.each([
    '',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4::5:6:7:8',
    '12345::',
    '1.2.3.4::',
    '::1.2.3.4:5',
    ':1::',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '[::1]',
    'g::',
  ])('%s is none', (text) => expect(isIpAddress(text)).toBe(false));

  test('agrees with the runtime', () => {
    const near = fc.string({ unit: fc.constantFrom(...'0123456789abcf:::...'), maxLength: 24 });
    fc.assert(
      fc.property(fc.oneof(near, fc.ipV4(), fc.ipV6()), (text) => {
        expect(isIpAddress(text)).toBe(isIP(text) !== 0);
      }),
      { numRuns: 2000 },
    );
  });
});

test.each([
  { text: '::ffff:192.0.2.1', want: '192.0.2.1' },
  { text: '::FFFF:192.0.2.1', want: '192.0.2.1' },
  { text: '::ffff:c000:201', want: '::ffff:c000:201' },
  { text: '::1', want: '::1' },
  { text: '192.0.2.1', want: '192.0.2.1' },
  { text: '', want: '' },
])('plainAddress of $text', ({ text, want }) => {
  expect(plainAddress(text)).toBe(want);
});

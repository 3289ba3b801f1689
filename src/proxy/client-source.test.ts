import { describe, expect, test } from 'vitest';
import { ClientSources } from './client-source.ts';

const PROXIES = ['10.0.0.0/8', '192.168.1.1', 'fd00::/8', '2001:db8::7'];

describe('who is trusted', () => {
  test.each([
    ['10.0.0.1', true],
    ['10.255.255.255', true],
    ['11.0.0.0', false],
    ['9.255.255.255', false],
    ['192.168.1.1', true],
    ['192.168.1.2', false],
    ['::ffff:10.1.2.3', true],
    ['::ffff:11.1.2.3', false],
    ['fd12::1', true],
    ['fe80::1', false],
    ['2001:db8::7', true],
    ['2001:db8::8', false],
    ['', true],
  ])('"%s": %j', (address, isTrusted) => {
    expect(new ClientSources(PROXIES).enter(address).isTrusted).toBe(isTrusted);
  });

  test('nobody by default, but a unix socket’s peer', () => {
    const sources = new ClientSources([]);
    expect(['127.0.0.1', '::1', ''].map((address) => sources.enter(address).isTrusted)).toEqual([false, false, true]);
  });
});

describe('clientIp', () => {
  test.each([
    { why: 'the rightmost that is no proxy', list: '1.1.1.1, 2.2.2.2, 10.0.0.9', want: '2.2.2.2' },
    { why: 'what it claims before that does not count', list: '10.0.0.3, 6.6.6.6', want: '6.6.6.6' },
    { why: 'white space or none', list: '1.1.1.1,2.2.2.2 ,\t10.0.0.9', want: '2.2.2.2' },
    { why: 'IPv6', list: '2001:db8::1, fd00::1', want: '2001:db8::1' },
    { why: 'IPv4 in IPv6 clothes is a proxy too', list: '1.1.1.1, ::ffff:10.0.0.9', want: '1.1.1.1' },
    { why: 'all are proxies: the peer', list: '10.0.0.8, 10.0.0.9', want: '10.0.0.1' },
    { why: 'an empty list: the peer', list: '', want: '10.0.0.1' },
    { why: 'garbage is no address: the peer', list: 'unknown', want: '10.0.0.1' },
    { why: 'nothing left of garbage is believed', list: '1.1.1.1, unknown, 10.0.0.9', want: '10.0.0.1' },
    { why: 'nor left of an empty element', list: '1.1.1.1,, 10.0.0.9', want: '10.0.0.1' },
    { why: 'an address with a port is none', list: '1.1.1.1:80', want: '10.0.0.1' },
  ])('$why', ({ list, want }) => {
    const sources = new ClientSources(PROXIES);
    expect(sources.clientIp(list, sources.enter('10.0.0.1'))).toBe(want);
  });
});

describe('a source', () => {
  test('is shared by its connections, and forgotten with the last', () => {
    const sources = new ClientSources([]);
    const first = sources.enter('192.0.2.7');
    expect(sources.enter('192.0.2.7')).toBe(first);
    expect(sources.enter('192.0.2.8')).not.toBe(first);
    expect(first.connections).toBe(2);
    sources.leave(first);
    expect(sources.enter('192.0.2.7')).toBe(first);
    sources.leave(first);
    sources.leave(first);
    expect(first.connections).toBe(0);
    expect(sources.enter('192.0.2.7')).not.toBe(first);
  });

  test.each([
    ['192.0.2.7', '192.0.2.7', 'X-Forwarded-For: 192.0.2.7\r\nX-Real-IP: 192.0.2.7\r\n'],
    ['::ffff:192.0.2.7', '192.0.2.7', 'X-Forwarded-For: 192.0.2.7\r\nX-Real-IP: 192.0.2.7\r\n'],
    ['2001:db8::1', '2001:db8::1', 'X-Forwarded-For: 2001:db8::1\r\nX-Real-IP: 2001:db8::1\r\n'],
    ['', '', ''],
  ])('"%s" has its lines', (address, ip, lines) => {
    const source = new ClientSources([]).enter(address);
    expect([source.address, source.ip]).toEqual([address, ip]);
    expect(source.forwardedLines.toString()).toBe(`${lines}X-Forwarded-Proto: http\r\nX-Forwarded-Host: `);
  });
});

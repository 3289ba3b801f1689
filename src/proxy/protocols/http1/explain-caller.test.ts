import { expect, test } from 'vitest';
import { ClientSources } from '../../client-source.ts';
import { mayExplain } from './explain-caller.ts';
import { RequestHead } from './request-head.ts';

interface Caller {
  readonly from?: string;
  readonly trusted?: readonly string[];
  readonly host?: string;
  readonly version?: string;
  readonly lines?: readonly string[];
}

/** What the authority is asked of a request; undefined: it is not asked. */
function asked({ from = '127.0.0.1', trusted = [], host = 'localhost:80', version = '1.1', lines = [] }: Caller) {
  const head = new RequestHead({ headBytes: 65_536, headerFields: 128 });
  const all = [`GET / HTTP/${version}`, `Host: ${host}`, 'X-Equipoise-Explain:  me ', ...lines, '', ''];
  const bytes = Buffer.from(all.join('\r\n'), 'latin1');
  const source = new ClientSources(trusted).of(from);
  head.begin(bytes, 0, source.isTrusted);
  expect(head.parse(bytes, bytes.byteLength)).toBe(0);
  let heard: [string, boolean] | undefined;
  const allows = (given: string, isLocal: boolean) => {
    heard = [given, isLocal];
    return true;
  };
  expect(mayExplain({ allows }, head, source)).toBe(true);
  return heard;
}

test.each<Caller & { why: string; local: boolean }>([
  { why: 'IPv4', local: true },
  { why: 'IPv4 over a dual-stack listener', from: '::ffff:127.0.0.1', local: true },
  { why: 'IPv6', from: '::1', host: '[::1]:80', local: true },
  { why: 'another address of this machine', from: '127.1.2.3', host: '127.0.0.1', local: true },
  { why: 'from elsewhere', from: '10.0.0.1', local: false },
  { why: 'a name that only begins like one', from: '127.0.0.1', host: '127.0.0.1.example.com', local: false },
  { why: 'to another name', host: 'www.example.com', local: false },
  { why: 'a unix socket, whoever is behind it', from: '', local: false },
  { why: 'where loopback is a proxy', trusted: ['127.0.0.0/8'], local: false },
  { why: 'with the track of a proxy', lines: ['X-Forwarded-For: 127.0.0.1'], local: false },
  { why: 'with another one', lines: ['Via: 1.1 x'], local: false },
  { why: 'and another', lines: ['x-real-ip: 10.0.0.1'], local: false },
  { why: 'in the language of a simple proxy', version: '1.0', local: false },
])('$why: local $local', ({ local, why: _, ...caller }) => {
  expect(asked(caller)).toEqual(['me', local]);
});

test.each([
  { why: 'a question', lines: ['X-EQUIPOISE-explain: a'], asks: true },
  { why: 'none', lines: ['x-equipoise-explains: a', 'x-equipoise-explai: a'], asks: false },
  { why: 'two, which are none', lines: ['x-equipoise-explain: a', 'x-equipoise-explain: a'], asks: false },
])('$why', ({ lines, asks }) => {
  const head = new RequestHead({ headBytes: 65_536, headerFields: 128 });
  const bytes = Buffer.from(['GET / HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n'), 'latin1');
  head.begin(bytes, 0, false);
  expect([head.parse(bytes, bytes.byteLength), head.explainField >= 0]).toEqual([0, asks]);
});

test('a value longer than any secret is not looked at', () => {
  const head = new RequestHead({ headBytes: 65_536, headerFields: 128 });
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nx-equipoise-explain: ${'a'.repeat(1025)}\r\n\r\n`, 'latin1');
  head.begin(bytes, 0, false);
  expect(head.parse(bytes, bytes.byteLength)).toBe(0);
  expect(mayExplain({ allows: () => true }, head, new ClientSources([]).of('127.0.0.1'))).toBe(false);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClientSources } from '../../client-source.ts';
import { type FeedOptions, parseRequest, readRequest } from '../../testing/heads.ts';
import { requestTexts } from '../../testing/messages.ts';
import { COMPLETE } from './field-scanner.ts';
import { type RequestExtras, writeRequestHead } from './request-writer.ts';

const PLAIN: RequestExtras = { host: null, forwarded: false, makeRequestId: null };
const PROXIES = ['10.0.0.0/8', 'fd00::/8'];
const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n';
const OWN = ['X-Forwarded-For: 192.0.2.7', 'X-Real-IP: 192.0.2.7', 'X-Forwarded-Proto: http'];

interface Given extends FeedOptions {
  /** The peer's address; `10.…` is trusted. Default 192.0.2.7. */
  readonly from?: string;
  readonly extras?: Partial<RequestExtras>;
  readonly fallbackHost?: string;
}

/** What the endpoint gets for `text`. */
function write(
  text: string,
  { from = '192.0.2.7', extras = {}, fallbackHost = 'fallback:1', at = 0 }: Given = {},
): string {
  const sources = new ClientSources(PROXIES);
  const source = sources.enter(from);
  const { head, status } = parseRequest(text, { trusted: source.isTrusted, at });
  if (status !== COMPLETE) throw new Error(`refused: ${status}`);
  const clientIp = head.hasForwardedFor ? sources.clientIp(head.forwardedFor, source) : source.ip;
  const out = Buffer.alloc(20_000);
  const length = writeRequestHead(head, out, source, clientIp, { ...PLAIN, ...extras }, fallbackHost);
  return out.toString('latin1', 0, length);
}

/** The lines of a head, without the empty one that ends it. */
function linesOf(text: string): string[] {
  expect(text.endsWith('\r\n\r\n')).toBe(true);
  return text.slice(0, -4).split('\r\n');
}

const written = (text: string, given?: Given) => linesOf(write(text, given));

test('the context of a trace passes as it came, trusted or not', () => {
  const context = ['traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'TraceState: a=1, b=2'];
  for (const from of ['192.0.2.7', '10.0.0.1']) {
    const lines = written(`${GET}${context.join('\r\n')}\r\n\r\n`, { from, extras: { makeRequestId: () => 'r' } });
    expect(lines.filter((line) => /^trace/i.test(line))).toEqual(context);
  }
});

describe('forwarding fields', () => {
  test('of an untrusted client are ours alone', () => {
    const claimed =
      'X-Forwarded-For: 1.1.1.1\r\nX-Real-IP: 1.1.1.1\r\nForwarded: for=x\r\nX-Forwarded-Host: b\r\nX-Request-Id: 1\r\n';
    expect(written(`${GET}${claimed}Accept: */*\r\n\r\n`)).toEqual([
      'GET / HTTP/1.1',
      'Host: a.example',
      'Accept: */*',
      ...OWN,
      'X-Forwarded-Host: a.example',
    ]);
  });

  test.each([
    { why: 'IPv4 over IPv6 is plain', from: '::ffff:192.0.2.7', ip: '192.0.2.7' },
    { why: 'IPv6 has no brackets', from: '2001:db8::1', ip: '2001:db8::1' },
  ])('$why', ({ from, ip }) => {
    expect(written(`${GET}\r\n`, { from }).slice(2, 4)).toEqual([`X-Forwarded-For: ${ip}`, `X-Real-IP: ${ip}`]);
  });

  test('a trusted proxy’s list goes on with its own address', () => {
    const sent = 'X-Forwarded-For: 1.1.1.1\r\nX-A: 1\r\nX-Forwarded-For: 2.2.2.2, 10.0.0.9\r\nX-Real-IP: 6.6.6.6\r\n';
    expect(written(`${GET}${sent}\r\n`, { from: '10.0.0.1' })).toEqual([
      'GET / HTTP/1.1',
      'Host: a.example',
      'X-A: 1',
      'X-Forwarded-For: 1.1.1.1, 2.2.2.2, 10.0.0.9, 10.0.0.1',
      'X-Real-IP: 2.2.2.2',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: a.example',
    ]);
  });

  test('a trusted proxy’s word is kept where it gives it', () => {
    const sent = [
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: b.example',
      'X-Forwarded-Port: 443',
      'Forwarded: for=x',
      'X-Request-Id: 7',
    ];
    expect(
      written(`${GET}${sent.join('\r\n')}\r\n\r\n`, { from: '10.0.0.1', extras: { makeRequestId: () => 'new' } }),
    ).toEqual(['GET / HTTP/1.1', 'Host: a.example', ...sent, 'X-Forwarded-For: 10.0.0.1', 'X-Real-IP: 10.0.0.1']);
  });

  test('a unix socket’s peer is trusted and has no address', () => {
    expect(written(`${GET}X-Forwarded-For: 1.1.1.1\r\n\r\n`, { from: '' }).slice(2)).toEqual([
      'X-Forwarded-For: 1.1.1.1',
      'X-Real-IP: 1.1.1.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: a.example',
    ]);
    expect(written(`${GET}\r\n`, { from: '' }).slice(2)).toEqual([
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: a.example',
    ]);
  });

  test('an empty list is none', () => {
    expect(written(`${GET}X-Forwarded-For:\r\n\r\n`, { from: '10.0.0.1' })[2]).toBe('X-Forwarded-For: 10.0.0.1');
  });

  test.each([
    { from: '192.0.2.7', forwarded: 'for=192.0.2.7;host="a.example";proto=http' },
    { from: '2001:db8::1', forwarded: 'for="[2001:db8::1]";host="a.example";proto=http' },
    { from: '', forwarded: 'for=unknown;host="a.example";proto=http' },
  ])('Forwarded and Via on request, from "$from"', ({ from, forwarded }) => {
    expect(written(`${GET}\r\n`, { from, extras: { forwarded: true } }).slice(-2)).toEqual([
      `Forwarded: ${forwarded}`,
      'Via: 1.1 equipoise',
    ]);
  });

  test('Via names the version that came; no Host, no host', () => {
    expect(written('GET / HTTP/1.0\r\n\r\n', { extras: { forwarded: true } }).slice(-2)).toEqual([
      'Forwarded: for=192.0.2.7;proto=http',
      'Via: 1.0 equipoise',
    ]);
  });

  test('a request id is made where asked for', () => {
    expect(
      written(`${GET}X-Request-Id: theirs\r\n\r\n`, { extras: { makeRequestId: () => 'ours' } }).slice(-1),
    ).toEqual(['X-Request-Id: ours']);
  });
});

describe('request line and Host', () => {
  const start = (text: string, given?: Given) => written(text, given).slice(0, 3);

  test.each([
    { why: 'as it came', text: `${GET}\r\n`, want: ['GET / HTTP/1.1', 'Host: a.example', OWN[0]] },
    {
      why: 'not at the start of its buffer',
      text: `${GET}\r\n`,
      at: 77,
      want: ['GET / HTTP/1.1', 'Host: a.example', OWN[0]],
    },
    {
      why: 'HTTP/1.0 becomes HTTP/1.1',
      text: 'GET /x HTTP/1.0\r\nHost: a\r\n\r\n',
      at: 5,
      want: ['GET /x HTTP/1.1', 'Host: a', OWN[0]],
    },
    {
      why: 'HTTP/1.0 without Host gets one',
      text: 'GET /x HTTP/1.0\r\nA: 1\r\n\r\n',
      want: ['GET /x HTTP/1.1', 'Host: fallback:1', 'A: 1'],
    },
    {
      why: 'without any field',
      text: 'GET /x?y HTTP/1.0\r\n\r\n',
      want: ['GET /x?y HTTP/1.1', 'Host: fallback:1', OWN[0]],
    },
    {
      why: 'an absolute form becomes a path',
      text: 'GET http://b:81/x?y HTTP/1.1\r\nA: 1\r\nHost: a\r\n\r\n',
      want: ['GET /x?y HTTP/1.1', 'Host: b:81', 'A: 1'],
    },
    {
      why: 'an absolute form without path',
      text: 'GET http://b HTTP/1.1\r\nHost: a\r\n\r\n',
      want: ['GET / HTTP/1.1', 'Host: b', OWN[0]],
    },
    {
      why: 'an absolute form with a query alone',
      text: 'GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n',
      want: ['GET /?y HTTP/1.1', 'Host: b', OWN[0]],
    },
    {
      why: 'an absolute form in HTTP/1.0',
      text: 'GET http://b/x HTTP/1.0\r\nA: 1\r\n\r\n',
      want: ['GET /x HTTP/1.1', 'Host: b', 'A: 1'],
    },
    {
      why: 'OPTIONS of a whole server',
      text: 'OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n',
      want: ['OPTIONS * HTTP/1.1', 'Host: b', OWN[0]],
    },
    {
      why: 'OPTIONS of a query',
      text: 'OPTIONS http://b?y HTTP/1.1\r\nHost: a\r\n\r\n',
      want: ['OPTIONS /?y HTTP/1.1', 'Host: b', OWN[0]],
    },
    {
      why: 'OPTIONS *',
      text: 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
      want: ['OPTIONS * HTTP/1.1', 'Host: a', OWN[0]],
    },
    {
      why: 'an empty line before it is left out',
      text: `\r\n${GET}\r\n`,
      want: ['GET / HTTP/1.1', 'Host: a.example', OWN[0]],
    },
  ])('$why', ({ text, at = 0, want }) => {
    expect(start(text, { at })).toEqual(want as string[]);
  });

  test.each([
    {
      why: 'a pool’s Host replaces the client’s',
      text: `GET /x HTTP/1.1\r\nA: 1\r\nhOST: a.example\r\nB: 2\r\n\r\n`,
      want: ['Host: pool.internal', 'A: 1', 'B: 2'],
    },
    {
      why: 'and stands where there was none',
      text: 'GET /x HTTP/1.0\r\nA: 1\r\n\r\n',
      want: ['Host: pool.internal', 'A: 1'],
    },
    {
      why: 'and where the target had one',
      text: 'GET http://b/x HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n',
      want: ['Host: pool.internal', 'A: 1'],
    },
  ])('$why', ({ text, want }) => {
    const lines = written(text, { extras: { host: 'pool.internal' } });
    expect(lines.slice(0, 1 + want.length)).toEqual(['GET /x HTTP/1.1', ...want]);
    expect(lines.filter((line) => /^host:/i.test(line))).toEqual(['Host: pool.internal']);
  });

  test('X-Forwarded-Host is the Host that the client used', () => {
    const hostOf = (text: string, from?: string) =>
      written(text, { extras: { host: 'pool.internal' }, ...(from ? { from } : {}) }).filter((line) =>
        line.startsWith('X-Forwarded-Host'),
      );
    expect(hostOf(`${GET}\r\n`)).toEqual(['X-Forwarded-Host: a.example']);
    expect(hostOf(`${GET}\r\n`, '10.0.0.1')).toEqual(['X-Forwarded-Host: a.example']);
    expect(hostOf('GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n')).toEqual(['X-Forwarded-Host: b']);
    expect(hostOf('GET / HTTP/1.0\r\n\r\n')).toEqual([]);
    expect(hostOf('GET / HTTP/1.0\r\n\r\n', '10.0.0.1')).toEqual([]);
  });
});

describe('framing and connection', () => {
  test.each([
    { why: 'a length goes on', fields: ['Content-Length: 5'], want: ['Content-Length: 5'] },
    { why: 'chunked is said anew', fields: ['TRANSFER-ENCODING:chunked'], want: ['Transfer-Encoding: chunked'] },
    {
      why: 'hop-by-hop fields end here',
      fields: ['Connection: close, X-A', 'X-A: 1', 'TE: x', 'Keep-Alive: x', 'Proxy-Connection: x'],
      want: [],
    },
    {
      why: 'an upgrade is said anew',
      fields: ['Connection: keep-alive, Upgrade', 'Upgrade: websocket'],
      want: ['Connection: Upgrade', 'Upgrade: websocket'],
    },
    {
      why: 'an upgrade to HTTP/2 is not',
      fields: ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: x'],
      want: [],
    },
    { why: 'Expect goes on', fields: ['Expect: 100-continue'], want: ['Expect: 100-continue'] },
  ])('$why', ({ fields, want }) => {
    const lines = written(`${GET}${fields.map((line) => `${line}\r\n`).join('')}\r\n`);
    expect(lines.filter((line) => !/^(GET |Host:|X-Forwarded|X-Real)/.test(line))).toEqual(want);
  });
});

const givens = fc.record({
  from: fc.constantFrom('192.0.2.7', '10.0.0.1', '', '2001:db8::1'),
  extras: fc.record({
    host: fc.constantFrom(null, 'pool.internal'),
    forwarded: fc.boolean(),
    makeRequestId: fc.constantFrom(null, () => 'id'),
  }),
  at: fc.nat({ max: 9 }),
});
const HOP_BY_HOP = /^(keep-alive|proxy-connection|te|http2-settings)$/i;

test('what is written is one request, the one that came, for any reader as strict as ours', () => {
  let accepted = 0;
  fc.assert(
    fc.property(requestTexts, givens, (text, given) => {
      const came = readRequest(text, { trusted: given.from === '' || given.from === '10.0.0.1' });
      if (came.status !== COMPLETE || came.method === undefined) return;
      accepted++;
      const lines = write(text, given);
      // Behind a trusted hop: what is kept is what the next reader sees.
      const goes = readRequest(lines, { trusted: true, limits: { headBytes: 20_000, headerFields: 64 } });
      expect(goes).toMatchObject({
        status: COMPLETE,
        length: lines.length,
        method: came.method,
        path:
          came.isAbsoluteForm &&
          came.method === 'OPTIONS' &&
          !/^\/|[/?]/.test(came.target.slice(came.target.indexOf('//') + 2))
            ? '*'
            : came.path,
        host: given.extras.host ?? (came.host || 'fallback:1'),
        isHttp10: false,
        contentLength: came.contentLength,
        isChunked: came.isChunked,
        upgrade: came.upgrade,
        keepAlive: true,
      });
      const names = (goes.fields ?? []).map((field) => field.slice(0, field.indexOf(':')).toLowerCase());
      expect(names.filter((name) => HOP_BY_HOP.test(name))).toEqual([]);
      expect(names.filter((name) => name === 'connection' || name === 'upgrade').length).toBe(
        came.upgrade === null ? 0 : 2,
      );
      for (const once of ['host', 'x-real-ip', 'content-length', 'transfer-encoding', 'x-forwarded-for']) {
        expect(names.filter((name) => name === once).length, once).toBeLessThanOrEqual(1);
      }
      // No field comes from nowhere, and none of the client's is lost but those cut.
      const added =
        /^(host|x-forwarded-(for|proto|host)|x-real-ip|connection|upgrade|transfer-encoding|forwarded|via|x-request-id): /i;
      const ownless = (fields: readonly string[] | undefined) => fields?.filter((field) => !added.test(field));
      expect(ownless(goes.fields)).toEqual(ownless(came.kept));
    }),
    { numRuns: 2000 },
  );
  expect(accepted).toBeGreaterThan(200);
});

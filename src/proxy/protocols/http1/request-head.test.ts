import { describe, expect, test } from 'vitest';
import { everyByte, type FeedOptions, LIMITS, parseRequest, readRequest } from '../../testing/heads.ts';
import { COMPLETE, INCOMPLETE } from './field-scanner.ts';

/** A request with these fields behind its Host. */
const withFields = (...lines: string[]) =>
  `GET / HTTP/1.1\r\nHost: a.example\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const http10 = (...lines: string[]) => `GET / HTTP/1.0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const trusted: FeedOptions = { trusted: true };

describe('a request head is refused', () => {
  test.each([
    { why: 'no Host', text: 'GET / HTTP/1.1\r\n\r\n' },
    { why: 'no Host beside an absolute form', text: 'GET http://a.example/ HTTP/1.1\r\n\r\n' },
    { why: 'two Hosts', text: withFields('Host: a.example') },
    { why: 'two Hosts in HTTP/1.0', text: http10('Host: a.example', 'host: a.example') },
    { why: 'an empty Host', text: http10('Host:') },
    { why: 'a Host with a path', text: http10('Host: a.example/x') },
    { why: 'a Host with a user', text: http10('Host: u@a.example') },
    { why: 'two Hosts in one field', text: http10('Host: a.example, b.example') },
    { why: 'two Hosts with a space', text: http10('Host: a.example b.example') },
    { why: 'a bad Host beside an absolute form', text: 'GET http://a.example/ HTTP/1.1\r\nHost: a b\r\n\r\n' },
    { why: 'Content-Length twice', text: withFields('Content-Length: 5', 'Content-Length: 5') },
    { why: 'Content-Length twice, unlike', text: withFields('Content-Length: 5', 'content-length: 6') },
    { why: 'a list of lengths', text: withFields('Content-Length: 5, 5') },
    { why: 'a signed length', text: withFields('Content-Length: +5') },
    { why: 'a negative length', text: withFields('Content-Length: -5') },
    { why: 'an empty length', text: withFields('Content-Length:') },
    { why: 'a hexadecimal length', text: withFields('Content-Length: 0x5') },
    { why: 'a length beyond numbers', text: withFields('Content-Length: 9007199254740992') },
    { why: 'a length beyond 64 bits', text: withFields('Content-Length: 18446744073709551621') },
    { why: 'length, then coding', text: withFields('Content-Length: 5', 'Transfer-Encoding: chunked') },
    { why: 'coding, then length', text: withFields('Transfer-Encoding: chunked', 'Content-Length: 5') },
    { why: 'coding with a length of 0', text: withFields('Transfer-Encoding: chunked', 'Content-Length: 0') },
    { why: 'two codings', text: withFields('Transfer-Encoding: gzip, chunked') },
    { why: 'chunked twice', text: withFields('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') },
    { why: 'chunked twice in one field', text: withFields('Transfer-Encoding: chunked, chunked') },
    { why: 'another coding', text: withFields('Transfer-Encoding: gzip') },
    { why: 'identity', text: withFields('Transfer-Encoding: identity') },
    { why: 'an empty coding', text: withFields('Transfer-Encoding:') },
    { why: 'almost chunked', text: withFields('Transfer-Encoding: xchunked') },
    { why: 'chunked with a parameter', text: withFields('Transfer-Encoding: chunked;x=1') },
    { why: 'chunked in quotes', text: withFields('Transfer-Encoding: "chunked"') },
    { why: 'chunked with a trailing comma', text: withFields('Transfer-Encoding: chunked,') },
    { why: 'a vertical tab before chunked', text: withFields('Transfer-Encoding: \vchunked') },
    { why: 'a coding in HTTP/1.0', text: http10('Host: a.example', 'Transfer-Encoding: chunked') },
    { why: 'a space before the colon', text: withFields('X-A : 1') },
    { why: 'a tab before the colon', text: withFields('X-A\t: 1') },
    { why: 'a space before the colon of a length', text: withFields('Content-Length : 5') },
    { why: 'a folded line', text: withFields('X-A: 1', ' 2') },
    { why: 'a line folded by a tab', text: withFields('X-A: 1', '\t2') },
    { why: 'a space before the first field', text: 'GET / HTTP/1.1\r\n Host: a.example\r\n\r\n' },
    { why: 'no colon', text: withFields('X-A') },
    { why: 'an empty name', text: withFields(': 1') },
    { why: 'a name in quotes', text: withFields('"X-A": 1') },
    { why: 'NUL in a name', text: withFields('X-\0A: 1') },
    { why: 'NUL in a value', text: withFields('X-A: 1\0') },
    { why: 'a control character in a value', text: withFields('X-A: \x01') },
    { why: 'DEL in a value', text: withFields('X-A: \x7f') },
    { why: 'a bare CR in a value', text: withFields('X-A: 1\r2') },
    { why: 'a bare LF in a value', text: withFields('X-A: 1\nX-B: 2') },
    { why: 'a bare LF at the end', text: 'GET / HTTP/1.1\r\nHost: a.example\r\n\n' },
    { why: 'CR CR LF', text: withFields('X-A: 1\r') },
  ])('400: $why', ({ text }) => {
    expect(readRequest(text)).toEqual({ status: 400 });
    expect(readRequest(text, { lengths: everyByte(text.length) })).toEqual({ status: 400 });
  });

  test.each([
    { why: 'another expectation', text: withFields('Expect: 200-ok') },
    { why: 'two expectations', text: withFields('Expect: 100-continue, x') },
    { why: 'an empty expectation', text: withFields('Expect:') },
  ])('417: $why', ({ text }) => {
    expect(readRequest(text)).toEqual({ status: 417 });
  });
});

describe('limits', () => {
  const fields = (count: number) => withFields(...Array.from({ length: count - 1 }, (_, index) => `X-${index}: 1`));
  const padded = (bytes: number, before = '') => {
    const bare = withFields('X: ');
    return before + bare.replace('X: ', `X: ${'p'.repeat(bytes - bare.length)}`);
  };
  const line = (bytes: number) => `GET /${'p'.repeat(bytes - 16)} HTTP/1.1\r\nHost: a.example\r\n\r\n`;
  const small = { limits: { headBytes: 200, headerFields: 16 } };

  test.each([
    { why: 'as many fields as allowed', text: fields(LIMITS.headerFields), want: COMPLETE },
    { why: 'one field more', text: fields(LIMITS.headerFields + 1), want: 431 },
    { why: 'as many bytes as allowed', text: padded(LIMITS.headBytes), want: COMPLETE },
    { why: 'one byte more', text: padded(LIMITS.headBytes + 1), want: 431 },
    {
      why: 'as many bytes as allowed behind an empty line',
      text: padded(LIMITS.headBytes - 2, '\r\n'),
      want: COMPLETE,
    },
    { why: 'one byte more behind an empty line', text: padded(LIMITS.headBytes - 1, '\r\n'), want: 431 },
    { why: 'a line that leaves no room', text: line(LIMITS.headBytes), want: 431 },
    { why: 'a line longer than a head', text: line(LIMITS.headBytes + 2), want: 414 },
  ])('$why', ({ text, want }) => {
    expect(readRequest(text)).toMatchObject({ status: want });
    expect(readRequest(text, { lengths: everyByte(text.length) })).toMatchObject({ status: want });
  });

  test('what never ends is refused as soon as it is too long', () => {
    expect(parseRequest('G'.repeat(200), small).status).toBe(INCOMPLETE);
    expect(parseRequest('G'.repeat(201), small).status).toBe(414);
    const open = `GET / HTTP/1.1\r\nHost: a.example\r\nX: ${'p'.repeat(200)}`;
    expect(parseRequest(open.slice(0, 200), small).status).toBe(INCOMPLETE);
    expect(parseRequest(open.slice(0, 201), small).status).toBe(431);
  });

  test('bytes behind a head do not count', () => {
    expect(parseRequest(withFields() + 'p'.repeat(500), small).status).toBe(COMPLETE);
  });
});

describe('what a head says', () => {
  test.each([
    { why: 'no length', text: withFields(), want: { contentLength: -1, isChunked: false } },
    { why: 'a length', text: withFields('content-LENGTH:  42 '), want: { contentLength: 42 } },
    { why: 'a length of 0', text: withFields('Content-Length: 0'), want: { contentLength: 0 } },
    {
      why: 'the greatest length',
      text: withFields('Content-Length: 9007199254740991'),
      want: { contentLength: 2 ** 53 - 1 },
    },
    { why: 'chunked, in any case', text: withFields('transfer-encoding: CHUNKED'), want: { isChunked: true } },
    { why: 'HTTP/1.1 is kept alive', text: withFields(), want: { keepAlive: true } },
    { why: 'close', text: withFields('Connection: Close'), want: { keepAlive: false } },
    { why: 'close in a list', text: withFields('Connection: x-a, close'), want: { keepAlive: false } },
    { why: 'close beats keep-alive', text: withFields('Connection: close, keep-alive'), want: { keepAlive: false } },
    {
      why: 'close beats keep-alive behind it',
      text: withFields('Connection: close', 'Connection: keep-alive'),
      want: { keepAlive: false },
    },
    {
      why: 'close beats a list behind it',
      text: withFields('Connection: close', 'Connection: keep-alive, x-a'),
      want: { keepAlive: false },
    },
    {
      why: 'close beats keep-alive before it',
      text: withFields('Connection: keep-alive', 'Connection: close'),
      want: { keepAlive: false },
    },
    { why: 'HTTP/1.0 is closed', text: http10(), want: { keepAlive: false } },
    { why: 'HTTP/1.0 with keep-alive', text: http10('Connection: Keep-Alive'), want: { keepAlive: true } },
    {
      why: 'HTTP/1.0 with keep-alive in a list',
      text: http10('Connection: x-a, keep-alive'),
      want: { keepAlive: true },
    },
    { why: 'HTTP/1.0 needs no Host', text: http10(), want: { host: '' } },
    { why: 'the Host', text: withFields(), want: { host: 'a.example' } },
    {
      why: 'the target beats Host',
      text: 'GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n',
      want: { host: 'b.example' },
    },
    {
      why: 'Expect',
      text: withFields('Expect: 100-Continue'),
      want: { kept: ['Host: a.example', 'Expect: 100-Continue'] },
    },
    {
      why: 'Expect means nothing in HTTP/1.0',
      text: http10('Expect: 100-continue'),
      want: { kept: [] },
    },
    { why: 'Upgrade', text: withFields('Connection: Upgrade', 'Upgrade: websocket'), want: { upgrade: 'websocket' } },
    {
      why: 'Upgrade in a list, before Connection',
      text: withFields('Upgrade: a, b', 'Connection: keep-alive, upgrade'),
      want: { upgrade: 'a, b' },
    },
    { why: 'Upgrade that Connection does not name', text: withFields('Upgrade: websocket'), want: { upgrade: null } },
    {
      why: 'Connection names an Upgrade that is not there',
      text: withFields('Connection: upgrade'),
      want: { upgrade: null },
    },
    { why: 'no upgrade to HTTP/2', text: withFields('Connection: Upgrade', 'Upgrade: h2c'), want: { upgrade: null } },
    {
      why: 'nor in a list',
      text: withFields('Connection: Upgrade', 'Upgrade: websocket, H2C'),
      want: { upgrade: null },
    },
    { why: 'nor by its other name', text: withFields('Connection: Upgrade', 'Upgrade: h2'), want: { upgrade: null } },
    {
      why: 'no upgrade with a body',
      text: withFields('Connection: Upgrade', 'Upgrade: x', 'Content-Length: 1'),
      want: { upgrade: null },
    },
    {
      why: 'an upgrade with an empty body',
      text: withFields('Connection: Upgrade', 'Upgrade: x', 'Content-Length: 0'),
      want: { upgrade: 'x' },
    },
    {
      why: 'no upgrade with chunks',
      text: withFields('Connection: Upgrade', 'Upgrade: x', 'Transfer-Encoding: chunked'),
      want: { upgrade: null },
    },
    { why: 'no upgrade in HTTP/1.0', text: http10('Connection: Upgrade', 'Upgrade: x'), want: { upgrade: null } },
    {
      why: 'nobody is believed',
      text: withFields('X-Forwarded-For: 1.1.1.1', 'X-Forwarded-Proto: a', 'X-Forwarded-Host: b', 'X-Request-Id: c'),
      want: { forwardedFor: null, hasForwardedProto: false, hasForwardedHost: false, hasRequestId: false },
    },
    {
      why: 'white space around a value is none of it',
      text: withFields('X-A: \t 1 2\t '),
      want: { fields: ['Host: a.example', 'X-A: 1 2'] },
    },
    {
      why: 'an empty value',
      text: withFields('X-A:', 'X-B: '),
      want: { fields: ['Host: a.example', 'X-A: ', 'X-B: '] },
    },
    {
      why: 'bytes above ASCII in a value',
      text: withFields('X-A: \xe4\xff'),
      want: { fields: ['Host: a.example', 'X-A: \xe4\xff'] },
    },
  ])('$why', ({ text, want }) => {
    expect(readRequest(text)).toMatchObject({ status: COMPLETE, ...want });
  });

  test('a trusted peer is believed', () => {
    const fields = [
      'X-Forwarded-For: 1.1.1.1',
      'X-Forwarded-For: 2.2.2.2, 3.3.3.3',
      'X-Forwarded-Proto: a',
      'X-Forwarded-Host: b',
      'X-Request-Id: c',
    ];
    expect(readRequest(withFields(...fields), trusted)).toMatchObject({
      forwardedFor: '1.1.1.1, 2.2.2.2, 3.3.3.3',
      hasForwardedProto: true,
      hasForwardedHost: true,
      hasRequestId: true,
      // X-Forwarded-For is written anew, with the peer's address behind it.
      kept: ['Host: a.example', ...fields.slice(2)],
    });
  });

  test('a head says nothing of the one before it', () => {
    const before = withFields(
      'Connection: close, upgrade, x-a',
      'Upgrade: x',
      'X-A: 1',
      'Expect: 100-continue',
      'Content-Length: 0',
    );
    const { head } = parseRequest(before, { trusted: true });
    const bytes = Buffer.from(withFields('X-A: 1'), 'latin1');
    head.begin(bytes, 0, false);
    expect(head.parse(bytes, bytes.length)).toBe(COMPLETE);
    expect(head).toMatchObject({ keepAlive: true, contentLength: -1, upgradeStart: -1 });
    expect(head.cuts.count).toBe(0);
  });
});

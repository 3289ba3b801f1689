import { describe, expect, test } from 'vitest';
import { everyByte, LIMITS, parseResponse, readResponse } from '../../testing/heads.ts';
import { COMPLETE, INCOMPLETE } from './field-scanner.ts';
import { BAD_RESPONSE, ResponseHead } from './response-head.ts';

const answer = (...lines: string[]) => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const withLine = (line: string) => `${line}\r\nX-A: 1\r\n\r\n`;

describe('a status line is read', () => {
  test.each([
    { why: 'HTTP/1.1', line: 'HTTP/1.1 200 OK', want: { status: 200, isHttp10: false, keepAlive: true } },
    { why: 'HTTP/1.0', line: 'HTTP/1.0 404 Not Found', want: { status: 404, isHttp10: true, keepAlive: false } },
    { why: 'an empty reason', line: 'HTTP/1.1 500 ', want: { status: 500, lacksReason: false } },
    { why: 'no space either', line: 'HTTP/1.1 500', want: { status: 500, lacksReason: true } },
    { why: 'a reason above ASCII', line: 'HTTP/1.1 200 \xe4\tb', want: { status: 200, lacksReason: false } },
    { why: 'the least status', line: 'HTTP/1.1 100 Continue', want: { status: 100 } },
    { why: 'the greatest status', line: 'HTTP/1.1 599 x', want: { status: 599 } },
  ])('$why', ({ line, want }) => {
    expect(readResponse(withLine(line))).toMatchObject({ outcome: COMPLETE, fields: ['X-A: 1'], ...want });
  });
});

describe('an answer is refused', () => {
  test.each([
    { why: 'HTTP/2', text: withLine('HTTP/2.0 200 OK') },
    { why: 'HTTP/1.2', text: withLine('HTTP/1.2 200 OK') },
    { why: 'HTTP/0.9', text: withLine('HTTP/0.9 200 OK') },
    { why: 'a version with two digits', text: withLine('HTTP/1.11 200 OK') },
    { why: 'lower case', text: withLine('http/1.1 200 OK') },
    { why: 'another protocol', text: withLine('ICY 200 OK and more') },
    { why: 'a space before it', text: withLine(' HTTP/1.1 200 OK') },
    { why: 'an empty line before it', text: withLine('\r\nHTTP/1.1 200 OK') },
    { why: 'two spaces', text: withLine('HTTP/1.1  200 OK') },
    { why: 'a tab', text: withLine('HTTP/1.1\t200 OK') },
    { why: 'a status of two digits', text: withLine('HTTP/1.1 20 OK') },
    { why: 'a status of four digits', text: withLine('HTTP/1.1 2000 OK') },
    { why: 'a status without digits', text: withLine('HTTP/1.1 2x0 OK') },
    { why: 'a character above 9 that adds up', text: withLine('HTTP/1.1 1:0 OK') },
    { why: 'a character below 0 that adds up', text: withLine('HTTP/1.1 21/ OK') },
    { why: 'status 099', text: withLine('HTTP/1.1 099 OK') },
    { why: 'status 600', text: withLine('HTTP/1.1 600 OK') },
    { why: 'no status', text: withLine('HTTP/1.1') },
    { why: 'a tab behind the status', text: withLine('HTTP/1.1 200\tOK') },
    { why: 'a bare CR in the reason', text: withLine('HTTP/1.1 200 O\rK') },
    { why: 'CR CR LF', text: withLine('HTTP/1.1 200 OK\r') },
    { why: 'NUL in the reason', text: withLine('HTTP/1.1 200 \0') },
    { why: 'a bare LF', text: 'HTTP/1.1 200 OK\nX-A: 1\r\n\r\n' },
    { why: 'a bare LF behind a field', text: answer('X-A: 1\nX-B: 2') },
    { why: 'a bare LF at the end', text: 'HTTP/1.1 200 OK\r\nX-A: 1\r\n\n' },
    { why: 'a folded line', text: answer('X-A: 1', ' 2') },
    { why: 'a space before the colon', text: answer('X-A : 1') },
    { why: 'an empty name', text: answer(': 1') },
    { why: 'no colon', text: answer('X-A') },
    { why: 'a control character', text: answer('X-A: \x01') },
    { why: 'Content-Length twice', text: answer('Content-Length: 5', 'Content-Length: 5') },
    { why: 'a list of lengths', text: answer('Content-Length: 5, 5') },
    { why: 'a signed length', text: answer('Content-Length: +5') },
    { why: 'an empty length', text: answer('Content-Length:') },
    { why: 'a bad length of an answer without content', text: withLine('HTTP/1.1 204 x\r\nContent-Length: x') },
    { why: 'length, then coding', text: answer('Content-Length: 5', 'Transfer-Encoding: chunked') },
    { why: 'coding, then length', text: answer('Transfer-Encoding: chunked', 'Content-Length: 5') },
    { why: 'chunked twice', text: answer('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') },
    { why: 'two codings', text: answer('Transfer-Encoding: gzip, chunked') },
    { why: 'another coding', text: answer('Transfer-Encoding: gzip') },
    { why: 'identity', text: answer('Transfer-Encoding: identity') },
    { why: 'a coding in HTTP/1.0', text: withLine('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked') },
  ])('$why', ({ text }) => {
    expect(readResponse(text)).toEqual({ outcome: BAD_RESPONSE });
    expect(readResponse(text, { lengths: everyByte(text.length) })).toEqual({ outcome: BAD_RESPONSE });
  });

  test('what is no answer, by its first byte that shows it', () => {
    expect(parseResponse('HTTP').status).toBe(INCOMPLETE);
    expect(parseResponse('HTTP/x').status).toBe(INCOMPLETE);
    expect(parseResponse('S').status).toBe(BAD_RESPONSE);
    expect(parseResponse('HTTQ').status).toBe(BAD_RESPONSE);
  });
});

describe('limits', () => {
  const fields = (count: number) => answer(...Array.from({ length: count }, (_, index) => `X-${index}: 1`));
  const padded = (bytes: number) => answer(`X: ${'p'.repeat(bytes - answer('X: ').length)}`);
  const open = (bytes: number) => `HTTP/1.1 200 ${'p'.repeat(bytes - 13)}`;

  test.each([
    { why: 'as many fields as allowed', text: fields(LIMITS.headerFields), want: COMPLETE },
    { why: 'one field more', text: fields(LIMITS.headerFields + 1), want: BAD_RESPONSE },
    { why: 'as many bytes as allowed', text: padded(LIMITS.headBytes), want: COMPLETE },
    { why: 'one byte more', text: padded(LIMITS.headBytes + 1), want: BAD_RESPONSE },
    { why: 'a line that may still end', text: open(LIMITS.headBytes), want: INCOMPLETE },
    { why: 'a line that never ends', text: open(LIMITS.headBytes + 1), want: BAD_RESPONSE },
    { why: 'bytes behind the head do not count', text: answer() + 'p'.repeat(LIMITS.headBytes), want: COMPLETE },
  ])('$why', ({ text, want }) => {
    expect(readResponse(text)).toMatchObject({ outcome: want });
    expect(readResponse(text, { lengths: everyByte(text.length) })).toMatchObject({ outcome: want });
  });
});

describe('what a head says', () => {
  const http10 = (...lines: string[]) => answer(...lines).replace('1.1', '1.0');

  test.each([
    { why: 'no length', text: answer(), want: { contentLength: -1, isChunked: false, kept: [] } },
    { why: 'a length', text: answer('CONTENT-length: 42'), want: { contentLength: 42 } },
    { why: 'chunked, in any case', text: answer('TRANSFER-encoding: Chunked'), want: { isChunked: true } },
    { why: 'close', text: answer('Connection: Close'), want: { keepAlive: false, kept: [] } },
    { why: 'close in a list', text: answer('Connection: keep-alive, close'), want: { keepAlive: false } },
    {
      why: 'close beats keep-alive behind it',
      text: answer('Connection: close', 'Connection: keep-alive'),
      want: { keepAlive: false },
    },
    {
      why: 'close beats keep-alive before it',
      text: answer('Connection: keep-alive', 'Connection: x-a, close'),
      want: { keepAlive: false },
    },
    {
      why: 'a close in a list beats keep-alive behind it',
      text: answer('Connection: x-a, close', 'Connection: keep-alive'),
      want: { keepAlive: false },
    },
    { why: 'HTTP/1.0 with keep-alive', text: http10('Connection: Keep-Alive'), want: { keepAlive: true, kept: [] } },
    { why: 'Upgrade', text: answer('Upgrade: websocket'), want: { upgrade: 'websocket', kept: [] } },
    { why: 'no Upgrade', text: answer('Upgradf: websocket'), want: { upgrade: null, kept: ['Upgradf: websocket'] } },
  ])('$why', ({ text, want }) => {
    expect(readResponse(text)).toMatchObject({ outcome: COMPLETE, ...want });
  });

  test.each([
    { status: 100, kept: [] },
    { status: 101, kept: [] },
    { status: 199, kept: [] },
    { status: 204, kept: [] },
    { status: 200, kept: ['Content-Length: 0'] },
    { status: 205, kept: ['Content-Length: 0'] },
    { status: 304, kept: ['Content-Length: 0'] },
  ])('a length with $status', ({ status, kept }) => {
    expect(readResponse(`HTTP/1.1 ${status} x\r\nContent-Length: 0\r\n\r\n`)).toMatchObject({ kept, contentLength: 0 });
  });

  test('a head says nothing of the one before it', () => {
    const { head } = parseResponse(answer('Connection: close, x-a', 'X-A: 1', 'Upgrade: x', 'Content-Length: 3'));
    const bytes = Buffer.from(answer('X-A: 1'), 'latin1');
    head.begin(bytes, 0);
    expect(head.parse(bytes, bytes.length)).toBe(COMPLETE);
    expect(head).toMatchObject({ keepAlive: true, contentLength: -1, upgradeStart: -1, isChunked: false });
    expect(head.cuts.count).toBe(0);
  });
});

describe('load reports', () => {
  const TEXT = 'endpoint-load-metrics: TEXT cpu_utilization=0.3';
  const BIN = 'Endpoint-Load-Metrics-Bin: AAAA';

  function parse(readsReports: boolean, ...lines: string[]) {
    const bytes = Buffer.from(answer(...lines), 'latin1');
    const head = new ResponseHead(LIMITS);
    head.begin(bytes, 0, readsReports);
    expect(head.parse(bytes, bytes.length)).toBe(COMPLETE);
    const out = Buffer.alloc(1000);
    const kept = out.toString('latin1', 0, head.cuts.copyKept(bytes, head.fieldsStart, head.end - 2, out, 0));
    const value = head.reportStart === -1 ? null : bytes.toString('latin1', head.reportStart, head.reportEnd);
    return { value, isBinary: value !== null && head.isReportBinary, kept: kept.split('\r\n').slice(0, -1) };
  }

  test.each([
    { lines: ['A: 1'], want: { value: null, isBinary: false, kept: ['A: 1'] } },
    {
      lines: ['A: 1', TEXT, 'B: 2'],
      want: { value: 'TEXT cpu_utilization=0.3', isBinary: false, kept: ['A: 1', 'B: 2'] },
    },
    { lines: [BIN, 'A: 1'], want: { value: 'AAAA', isBinary: true, kept: ['A: 1'] } },
    { lines: [BIN, TEXT, BIN], want: { value: 'AAAA', isBinary: true, kept: [] } },
    { lines: [TEXT, BIN], want: { value: 'TEXT cpu_utilization=0.3', isBinary: false, kept: [] } },
    { lines: ['endpoint-load-metrics:'], want: { value: '', isBinary: false, kept: [] } },
  ])('$lines', ({ lines, want }) => expect(parse(true, ...lines)).toEqual(want));

  test('are fields like others where nobody wants them', () => {
    expect(parse(false, TEXT, BIN)).toEqual({ value: null, isBinary: false, kept: [TEXT, BIN] });
  });

  test('names of the same length are others', () => {
    const lines = ['endpoint-load-metricz: 1', 'endpoint-load-metrics-bim: 1'];
    expect(parse(true, ...lines)).toEqual({ value: null, isBinary: false, kept: lines });
  });

  test('the head before says nothing of the next', () => {
    const bytes = Buffer.from(answer(TEXT) + answer('A: 1'), 'latin1');
    const head = new ResponseHead(LIMITS);
    head.begin(bytes, 0, true);
    head.parse(bytes, bytes.length);
    head.begin(bytes, head.end, true);
    expect([head.parse(bytes, bytes.length), head.reportStart, head.cuts.count]).toEqual([COMPLETE, -1, 0]);
  });
});

describe('fields that are not forwarded', () => {
  test.each(['Connection: close', 'Keep-Alive: timeout=5', 'Proxy-Connection: close', 'Upgrade: h2c'])('%s', (line) => {
    expect(readResponse(answer('X-B: 1', line, 'X-C: 2'))).toMatchObject({ kept: ['X-B: 1', 'X-C: 2'] });
  });

  test('Connection alone names', () => {
    const kept = ['User-Agent: x-a', 'Connections: x-a', 'X-A: 1'];
    expect(readResponse(answer('Connection: x-b', ...kept))).toMatchObject({ kept });
  });

  test('names of any length are kept', () => {
    for (let length = 1; length < 60; length++) {
      const line = `${'n'.repeat(length)}: 1`;
      expect(readResponse(answer(line))).toMatchObject({ kept: [line] });
    }
  });

  test.each([
    { why: 'what Connection names', lines: ['X-A: 1', 'Connection: X-a, close', 'x-a: 2', 'X-B: 3'], kept: ['X-B: 3'] },
    { why: 'in each Connection', lines: ['Connection: close', 'Connection: x-a', 'X-A: 1'], kept: [] },
    {
      why: 'never what frames',
      lines: ['Connection: content-length', 'Content-Length: 1'],
      kept: ['Content-Length: 1'],
    },
    {
      why: 'never what clients act upon',
      lines: ['Connection: set-cookie, content-type', 'Set-Cookie: a', 'Content-Type: b'],
      kept: ['Set-Cookie: a', 'Content-Type: b'],
    },
    {
      why: 'Date, Server and the like stay',
      lines: ['Date: x', 'Server: y', 'Trailer: z'],
      kept: ['Date: x', 'Server: y', 'Trailer: z'],
    },
    {
      why: 'forwarding names mean nothing here',
      lines: ['X-Forwarded-For: x', 'TE: y'],
      kept: ['X-Forwarded-For: x', 'TE: y'],
    },
  ])('$why', ({ lines, kept }) => {
    expect(readResponse(answer(...lines))).toMatchObject({ kept });
  });
});

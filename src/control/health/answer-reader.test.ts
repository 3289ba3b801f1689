import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnswerReader, type Reading } from './answer-reader.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

interface Row {
  why: string;
  text: string;
  want: Reading;
  body?: string;
  status?: number;
  hasBody?: boolean;
  /** Ends well with the connection. */
  ends?: boolean;
}

const rows: Row[] = [
  { why: 'a counted body', text: `${OK}content-LENGTH: \t2 \r\n\r\nok`, want: 'complete', body: 'ok' },
  { why: 'what follows is ignored', text: `${OK}Content-Length: 2\r\n\r\nok\0more`, want: 'complete', body: 'ok' },
  { why: 'a body of nothing', text: `${OK}Content-Length: 0\r\n\r\n`, want: 'complete' },
  { why: 'less than was promised', text: `${OK}Content-Length: 3\r\n\r\nok`, want: 'incomplete', body: 'ok' },
  { why: 'a body until the end', text: `${OK}\r\nok`, want: 'incomplete', body: 'ok', ends: true },
  { why: 'HTTP/1.0', text: 'HTTP/1.0 200 OK\r\n\r\nok', want: 'incomplete', body: 'ok', ends: true },
  { why: 'no reason', text: 'HTTP/1.1 204\r\n\r\n', want: 'complete', status: 204 },
  { why: 'an empty reason', text: 'HTTP/1.1 304 \r\n\r\n', want: 'complete', status: 304 },
  { why: 'a length of 304 that has no body', text: 'HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n', want: 'complete' },
  { why: 'HEAD', text: `${OK}Content-Length: 5\r\n\r\n`, want: 'complete', hasBody: false },
  {
    why: 'a fallow 103',
    text: 'HTTP/1.1 103 E\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n',
    want: 'complete',
    status: 500,
  },
  { why: 'a 101', text: 'HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n', want: 'complete', status: 101 },
  { why: 'chunks', text: `${CHUNKED}2\r\nre\r\n003;a=b\r\nady\r\n0\r\nX: y\r\n\r\n`, want: 'complete', body: 'ready' },
  {
    why: 'chunks in capitals',
    text: `${OK}TRANSFER-ENCODING: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n`,
    want: 'complete',
    body: '0123456789',
  },
  { why: 'chunks without a last one', text: `${CHUNKED}2\r\nre\r\n`, want: 'incomplete', body: 're' },
  { why: 'trailers that do not end', text: `${CHUNKED}0\r\nX: y\r\n`, want: 'incomplete' },
  { why: 'another service, without a line feed', text: 'SSH-2', want: 'not-http' },
  { why: 'a start that may become HTTP', text: 'HTT', want: 'incomplete' },
  { why: 'HTTP/2', text: 'HTTP/2 200 OK\r\n\r\n', want: 'not-http' },
  { why: 'HTTP/1.2', text: 'HTTP/1.2 200 OK\r\n\r\n', want: 'not-http' },
  { why: 'a status of four digits', text: 'HTTP/1.1 2000 OK\r\n\r\n', want: 'not-http' },
  { why: 'status 600', text: 'HTTP/1.1 600 OK\r\n\r\n', want: 'not-http' },
  { why: 'a bare line feed', text: 'HTTP/1.1 200 OK\n\n', want: 'not-http' },
  { why: 'a carriage return within a line', text: `${OK}a: b\rc\r\n\r\n`, want: 'not-http' },
  { why: 'a line without a colon', text: `${OK}nonsense\r\n\r\n`, want: 'not-http' },
  { why: 'a space before the colon', text: `${OK}a : b\r\n\r\n`, want: 'not-http' },
  { why: 'a folded line', text: `${OK}a: b\r\n c\r\n\r\n`, want: 'not-http' },
  { why: 'two lengths', text: `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`, want: 'not-http' },
  { why: 'a length that is none', text: `${OK}Content-Length: 2, 2\r\n\r\nok`, want: 'not-http' },
  {
    why: 'length and chunks',
    text: `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok`,
    want: 'not-http',
  },
  {
    why: 'chunks of HTTP/1.0',
    text: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    want: 'not-http',
  },
  { why: 'another coding', text: `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`, want: 'not-http' },
  { why: 'a size that is none', text: `${CHUNKED}xyz\r\n`, want: 'not-http' },
  { why: 'an endless size line', text: `${CHUNKED}1;${'x'.repeat(300)}`, want: 'not-http' },
  { why: 'a chunk that is longer than its size', text: `${CHUNKED}2\r\nreX\r\n`, want: 'not-http' },
  { why: 'a bad trailer', text: `${CHUNKED}0\r\nbad\r\n\r\n`, want: 'not-http' },
  { why: 'a long field', text: `${OK}x: ${'y'.repeat(16_400)}`, want: 'head-too-long' },
  { why: 'many fields', text: OK + 'x: y\r\n'.repeat(4000), want: 'head-too-long' },
  { why: 'many informational answers', text: 'HTTP/1.1 103 x\r\n\r\n'.repeat(1000), want: 'head-too-long' },
  { why: 'endless trailers', text: `${CHUNKED}0\r\n${'x: y\r\n'.repeat(4000)}`, want: 'head-too-long' },
];

/** Feeds pieces until one decides. */
function feed(reader: AnswerReader, pieces: readonly Uint8Array[]): Reading {
  let reading: Reading = 'incomplete';
  for (const piece of pieces) {
    reading = reader.read(piece);
    if (reading !== 'incomplete') break;
  }
  return reading;
}

const bytes = (text: string) => Buffer.from(text, 'latin1');
/** Pieces of a size each, the first of another. */
const cut = (text: string, size: number, first = size) => {
  const pieces = [bytes(text.slice(0, first))];
  for (let at = first; at < text.length; at += size) pieces.push(bytes(text.slice(at, at + size)));
  return pieces;
};

describe('AnswerReader', () => {
  describe.each([
    { how: 'in one piece', pieces: (text: string) => [bytes(text)] },
    { how: 'byte by byte', pieces: (text: string) => cut(text, 1) },
  ])('$how', ({ pieces }) => {
    test.each(rows)('$why', ({ text, want, body = '', status, hasBody = true, ends = false }) => {
      const reader = new AnswerReader(hasBody, true);
      expect(feed(reader, pieces(text))).toBe(want);
      if (want === 'complete' || want === 'incomplete') expect(reader.body).toBe(body);
      if (status !== undefined) expect(reader.status).toBe(status);
      expect([reader.endsWithConnection, reader.isCut]).toEqual([ends, false]);
    });
  });

  test.each([
    { why: 'until the end', text: `${OK}\r\n${'x'.repeat(70_000)}` },
    { why: 'counted', text: `${OK}Content-Length: 70000\r\n\r\n${'x'.repeat(70_000)}` },
    { why: 'chunked', text: CHUNKED + '2710\r\n'.concat('x'.repeat(10_000), '\r\n').repeat(7) },
  ])('64 KiB of a body $why are enough', ({ text }) => {
    for (const size of [700, 65_536, 100_000]) {
      const reader = new AnswerReader(true, true);
      expect(feed(reader, cut(text, size))).toBe('complete');
      expect([reader.body.length, reader.isCut]).toEqual([65_536, true]);
    }
  });

  test.each([
    { why: 'counted', text: `${OK}Content-Length: 65536\r\n\r\n${'x'.repeat(65_536)}` },
    { why: 'chunked', text: `${CHUNKED}10000\r\n${'x'.repeat(65_536)}\r\n0\r\n\r\n` },
  ])('exactly 64 KiB, $why, are not cut', ({ text }) => {
    const reader = new AnswerReader(true, false);
    expect(feed(reader, [bytes(text)])).toBe('complete');
    expect([reader.body, reader.isCut]).toEqual(['', false]);
  });

  test('pieces make no difference, whatever comes', () => {
    const alphabet = ['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 103 E\r\n', '\r\n', '\n', 'a: b\r\n', 'Content-Length: 3\r\n'];
    const more = ['Transfer-Encoding: chunked\r\n', '3\r\n', '0\r\n', 'abc', 'x'];
    const texts = fc.array(fc.constantFrom(...alphabet, ...more), { maxLength: 12 }).map((list) => list.join(''));
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }), (text, size, first) => {
        const whole = new AnswerReader(true, true);
        const split = new AnswerReader(true, true);
        const reading = feed(whole, [bytes(`${OK}${text}`)]);
        expect(feed(split, cut(`${OK}${text}`, size, first))).toBe(reading);
        if (reading !== 'not-http') expect(split).toEqual(whole);
      }),
    );
  });
});

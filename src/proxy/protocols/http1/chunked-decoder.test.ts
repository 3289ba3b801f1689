import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeChunked, readBody } from '../../testing/chunks.ts';
import { everyByte } from '../../testing/heads.ts';

const END = '0\r\n\r\n';
const field = (length: number) => `X: ${'v'.repeat(length - 5)}\r\n`;

describe('a chunked body is forwarded', () => {
  test.each([
    { why: 'no chunk', text: END, want: END, payload: '' },
    { why: 'a chunk', text: `3\r\nabc\r\n${END}`, want: `3\r\nabc\r\n${END}`, payload: 'abc' },
    {
      why: 'sizes in both cases',
      text: `a\r\n${'x'.repeat(10)}\r\nB\r\n${'y'.repeat(11)}\r\n${END}`,
      want: `a\r\n${'x'.repeat(10)}\r\nB\r\n${'y'.repeat(11)}\r\n${END}`,
      payload: 'x'.repeat(10) + 'y'.repeat(11),
    },
    {
      why: 'data that looks like framing',
      text: `7\r\n0\r\n\r\n;x\r\n${END}`,
      want: `7\r\n0\r\n\r\n;x\r\n${END}`,
      payload: '0\r\n\r\n;x',
    },
    { why: 'without leading zeros', text: `0003\r\nabc\r\n${END}`, want: `3\r\nabc\r\n${END}`, payload: 'abc' },
    {
      why: 'zeros within a size stay',
      text: `0010\r\n${'x'.repeat(16)}\r\n${END}`,
      want: `10\r\n${'x'.repeat(16)}\r\n${END}`,
      payload: 'x'.repeat(16),
    },
    { why: 'without the zeros of the end', text: '000\r\n\r\n', want: END, payload: '' },
    {
      why: 'as many zeros as a line holds',
      text: `${'0'.repeat(255)}1\r\nx\r\n${END}`,
      want: `1\r\nx\r\n${END}`,
      payload: 'x',
    },
    {
      why: 'without extensions',
      text: `3;a=b;c="d"\r\nabc\r\n0;e\r\n\r\n`,
      want: `3\r\nabc\r\n${END}`,
      payload: 'abc',
    },
    {
      why: 'with trailers',
      text: '0\r\nX-Sum: 1\r\nETag: 2\r\n\r\n',
      want: '0\r\nX-Sum: 1\r\nETag: 2\r\n\r\n',
      payload: '',
    },
    {
      why: 'without those that frame',
      text: '0\r\nContent-Length: 1\r\nTRANSFER-encoding: chunked\r\nX: 1\r\n\r\n',
      want: '0\r\nX: 1\r\n\r\n',
      payload: '',
    },
    { why: 'without any of them', text: '0\r\nHost: a\r\n\r\n', want: END, payload: '' },
    {
      why: 'trailers of 32 fields',
      text: `0\r\n${'X: 1\r\n'.repeat(32)}\r\n`,
      want: `0\r\n${'X: 1\r\n'.repeat(32)}\r\n`,
      payload: '',
    },
    { why: 'trailers of 8 KiB', text: `0\r\n${field(8190)}\r\n`, want: `0\r\n${field(8190)}\r\n`, payload: '' },
  ])('$why', ({ text, want, payload }) => {
    const whole = { done: true, refused: false, contentBytes: payload.length, used: text.length };
    for (const cuts of [[], everyByte(text.length)]) {
      expect(decodeChunked(text, cuts)).toEqual({ ...whole, forwarded: want });
      expect(decodeChunked(text, cuts, true)).toEqual({ ...whole, forwarded: payload });
      expect(readBody(text, cuts)).toEqual({ ...whole, forwarded: want });
      expect(readBody(text, cuts, { payloadOnly: true })).toEqual({ ...whole, forwarded: payload });
    }
  });

  test.each([
    'Authorization',
    'Connection',
    'Content-Encoding',
    'Content-Length',
    'Content-Range',
    'Content-Type',
    'Cookie',
    'Expect',
    'Forwarded',
    'Host',
    'Keep-Alive',
    'Proxy-Connection',
    'Set-Cookie',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Real-IP',
    'X-Request-Id',
  ])('%s is no trailer', (name) => {
    expect(decodeChunked(`0\r\nA: 1\r\n${name}: x\r\nB: 2\r\n\r\n`).forwarded).toBe('0\r\nA: 1\r\nB: 2\r\n\r\n');
  });

  test('what follows is not its', () => {
    expect(decodeChunked(`1\r\nx\r\n${END}GET /`)).toMatchObject({ done: true, used: 11 });
    expect(decodeChunked(`0\r\nX: 1\r\n\r\nGET /`)).toMatchObject({ done: true, used: 11 });
  });

  test('the greatest size', () => {
    expect(decodeChunked(`${'f'.repeat(13)}\r\nx`)).toMatchObject({ refused: false, done: false, contentBytes: 1 });
    expect(decodeChunked(`${'0'.repeat(100)}${'f'.repeat(13)}\r\nx`)).toMatchObject({
      refused: false,
      contentBytes: 1,
    });
  });
});

describe('a chunked body is refused', () => {
  test.each([
    ['no size', '\r\n'],
    ['an extension without size', ';a\r\n'],
    ['a size that is no number', 'x\r\n'],
    ['a sign', '+1\r\nx'],
    ['a negative size', '-1\r\nx'],
    ['a prefix', '0x1\r\nx'],
    ['a space before the size', ' 1\r\nx'],
    ['a space behind the size', '1 \r\nx'],
    ['a tab behind the size', '1\t\r\nx'],
    ['a space before an extension', '1 ;a\r\nx'],
    ['a space in an extension', '1; a\r\nx'],
    ['a tab in an extension', '1;\ta\r\nx'],
    ['NUL in an extension', '1;\0\r\nx'],
    ['a bare LF behind the size', '1\nx'],
    ['a bare LF behind an extension', '1;a\nx'],
    ['a bare CR behind the size', '1\rx'],
    ['a bare CR in an extension', '1;a\rb\r\nx'],
    ['CR CR LF', '1\r\r\nx'],
    ['an underscore in the size', '1_0\r\n'],
    ['a dot in the size', '1.0\r\n'],
    ['a size of 14 digits', '10000000000000\r\n'],
    ['a size beyond 64 bits', '10000000000000001\r\nx'],
    ['a size beyond 32 bits that wraps', '1000000000000000000000001\r\nx'],
    ['a size line of 257 zeros', '0'.repeat(257)],
    ['an extension of 257 bytes', `1;${'a'.repeat(257)}`],
    ['data longer than its size', '1\r\nxy\r\n0'],
    ['a bare LF behind data', '1\r\nx\n0'],
    ['a bare CR behind data', '1\r\nx\r0'],
    ['a fold in trailers', '0\r\nX: 1\r\n 2\r\n\r\n'],
    ['a bare LF in trailers', '0\r\nX: 1\n\r\n'],
    ['a space before the colon', '0\r\nX : 1\r\n\r\n'],
    ['trailers without colon', '0\r\nX\r\n\r\n'],
    ['a bare LF for the end', '0\r\n\n'],
    ['a bare CR for the end', '0\r\n\rX'],
    ['trailers of 33 fields', `0\r\n${'X: 1\r\n'.repeat(33)}\r\n`],
    ['trailers above 8 KiB', `0\r\n${field(8191)}\r\n`],
    ['a trailer that never ends', `0\r\n${field(9000)}`],
  ])('%s', (_why, text) => {
    expect(decodeChunked(text).refused).toBe(true);
    expect(decodeChunked(text, everyByte(text.length)).refused).toBe(true);
    expect(decodeChunked(text, [5000]).refused).toBe(true);
    expect(readBody(text).refused).toBe(true);
  });
});

test('a decoder begins anew', async () => {
  const { ChunkedDecoder } = await import('./chunked-decoder.ts');
  const decoder = new ChunkedDecoder();
  for (const before of ['12', '1;x', '5\r\nab', '0\r\nX: 1\r\n', `0\r\nX: 1\r\n\r\n`, 'x']) {
    decoder.begin(true);
    decoder.feed(Buffer.from(before), 0, before.length);
    decoder.begin(false);
    expect([decoder.done, decoder.contentBytes, decoder.cuts.count]).toEqual([false, 0, 0]);
    const bytes = Buffer.from(`2\r\nab\r\n${END}`);
    expect(decoder.feed(bytes, 0, bytes.length)).toBe(bytes.length);
    expect([decoder.done, decoder.contentBytes, decoder.tail.toString()]).toEqual([true, 2, END]);
  }
});

/** A body as a sender may write it, and what of it goes on. */
const extension = fc.stringMatching(/^(;[!-~]{0,8}){0,2}$/);
const chunk = fc.record({
  data: fc.string({
    minLength: 1,
    maxLength: 40,
    unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  }),
  zeros: fc.integer({ min: 0, max: 3 }),
  isUpper: fc.boolean(),
  extension,
});
const trailer = fc.constantFrom('X-Sum: 1\r\n', 'Content-Length: 5\r\n', 'x-forwarded-for: 1\r\n', 'ETag:\t2\r\n');
const bodies = fc.record({
  chunks: fc.array(chunk, { maxLength: 6 }),
  end: fc.tuple(fc.integer({ min: 1, max: 3 }), extension),
  trailers: fc.array(trailer, { maxLength: 3 }),
  behind: fc.string({ maxLength: 5 }),
  cuts: fc.array(fc.nat({ max: 300 }), { maxLength: 12 }),
});

describe('any body, in any pieces', () => {
  test('goes on as its canonical form, or as its content', () => {
    fc.assert(
      fc.property(bodies, ({ chunks, end, trailers, behind, cuts }) => {
        const size = ({ data, isUpper }: (typeof chunks)[number]) => {
          const hex = data.length.toString(16);
          return isUpper ? hex.toUpperCase() : hex;
        };
        const sent = chunks.map(
          (each) => `${'0'.repeat(each.zeros)}${size(each)}${each.extension}\r\n${each.data}\r\n`,
        );
        const text = `${sent.join('')}${'0'.repeat(end[0])}${end[1]}\r\n${trailers.join('')}\r\n`;
        const kept = trailers.filter((line) => line.startsWith('X-Sum') || line.startsWith('ETag'));
        const canonical = `${chunks.map((each) => `${size(each)}\r\n${each.data}\r\n`).join('')}0\r\n${kept.join('')}\r\n`;
        const content = chunks.map(({ data }) => data).join('');
        const want = { done: true, refused: false, contentBytes: content.length, used: text.length };
        for (const decode of [
          decodeChunked,
          (a: string, b: number[], payloadOnly: boolean) => readBody(a, b, { payloadOnly }),
        ]) {
          expect(decode(text + behind, cuts, false)).toEqual({ ...want, forwarded: canonical });
          expect(decode(text + behind, cuts, true)).toEqual({ ...want, forwarded: content });
        }
        // What we forward is accepted, and forwarded unchanged, by one of us.
        expect(decodeChunked(canonical)).toEqual({ ...want, used: canonical.length, forwarded: canonical });
      }),
    );
  });

  test('gives the same when it is broken', () => {
    const broken = fc.string({
      unit: fc.constantFrom('0', '1', '2', 'a', '\r\n', '\r', '\n', ';', ' ', 'X: 1\r\n', '0\r\n', '1\r\nx\r\n'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(broken, fc.array(fc.nat({ max: 40 }), { maxLength: 6 }), (text, cuts) => {
        const whole = decodeChunked(text);
        const pieces = decodeChunked(text, cuts);
        if (whole.refused) expect([pieces.refused, readBody(text, cuts).refused]).toEqual([true, true]);
        else expect([pieces, readBody(text, cuts)]).toEqual([whole, whole]);
      }),
      { numRuns: 1000 },
    );
  });
});

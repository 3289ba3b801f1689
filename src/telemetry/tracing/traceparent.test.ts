import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTraceparent, PARENT_ID, readTraceparent, TRACE_ID } from './traceparent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const read = (text: string): number => {
  // Amid other bytes, as in a head.
  const bytes = Buffer.from(`f${text}f`, 'latin1');
  return readTraceparent(bytes, 1, 1 + text.length);
};

describe('a traceparent', () => {
  test.each([
    { why: 'sampled', text: `00-${TRACE}-${SPAN}-01`, want: 1 },
    { why: 'not sampled', text: `00-${TRACE}-${SPAN}-00`, want: 0 },
    { why: 'flags that are not known yet', text: `00-${TRACE}-${SPAN}-ff`, want: 255 },
    { why: 'a later version', text: `01-${TRACE}-${SPAN}-09`, want: 9 },
    { why: 'a later version that has more', text: `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, want: 1 },
    { why: 'a later version with a dash and nothing behind it', text: `cc-${TRACE}-${SPAN}-01-`, want: 1 },
  ])('$why', ({ text, want }) => {
    expect(read(text)).toBe(want);
  });

  test.each([
    { why: 'nothing', text: '' },
    { why: 'one byte too few', text: `00-${TRACE}-${SPAN}-0` },
    { why: 'version 00 with more', text: `00-${TRACE}-${SPAN}-01-` },
    { why: 'version 00 with a byte more', text: `00-${TRACE}-${SPAN}-011` },
    { why: 'a later version whose flags do not end', text: `cc-${TRACE}-${SPAN}-01.what` },
    { why: 'version ff', text: `ff-${TRACE}-${SPAN}-01` },
    { why: 'a version that is no number', text: `0x-${TRACE}-${SPAN}-01` },
    { why: 'a trace of zeros', text: `00-${'0'.repeat(32)}-${SPAN}-01` },
    { why: 'a parent of zeros', text: `00-${TRACE}-${'0'.repeat(16)}-01` },
    { why: 'upper case in the trace', text: `00-${TRACE.toUpperCase()}-${SPAN}-01` },
    { why: 'upper case in the parent', text: `00-${TRACE}-${SPAN.toUpperCase()}-01` },
    { why: 'upper case in the flags', text: `00-${TRACE}-${SPAN}-0A` },
    { why: 'no digit in the trace', text: `00-${TRACE.slice(0, 31)}g-${SPAN}-01` },
    { why: 'no digit in the parent', text: `00-${TRACE}-${SPAN.slice(0, 15)}.-01` },
    { why: 'no digit in the flags', text: `00-${TRACE}-${SPAN}-.0` },
    { why: 'no first dash', text: `00_${TRACE}-${SPAN}-01` },
    { why: 'no second dash', text: `00-${TRACE}_${SPAN}-01` },
    { why: 'no third dash', text: `00-${TRACE}-${SPAN}_01` },
    { why: 'two values in one line', text: `00-${TRACE}-${SPAN}-01,00-${TRACE}-${SPAN}-01` },
    { why: 'a high byte that is a digit but for one bit', text: `00-${TRACE.slice(0, 31)}\u00b1-${SPAN}-01` },
  ])('$why is ignored', ({ text }) => {
    expect(read(text)).toBe(-1);
  });

  const idOf = (bytes: number) =>
    fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((id) => Buffer.from(id).toString('hex'))
      .filter((id) => /[^0]/.test(id));

  test('what is written is read', () => {
    fc.assert(
      fc.property(idOf(16), idOf(8), fc.integer({ min: 0, max: 255 }), (trace, span, flags) => {
        const text = formatTraceparent(trace, span, flags);
        expect(read(text)).toBe(flags);
        expect([text.slice(TRACE_ID.from, TRACE_ID.to), text.slice(PARENT_ID.from, PARENT_ID.to)]).toEqual([
          trace,
          span,
        ]);
      }),
      { seed: 1 },
    );
  });

  /** §3.2 in one expression. */
  const PATTERN = /^(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/s;

  test('any bytes, and one that is bent a little, are read as the grammar has them', () => {
    const good = fc.tuple(idOf(16), idOf(8)).map(([trace, span]) => formatTraceparent(trace, span, 1));
    const bent = fc
      .tuple(good, fc.nat(60), fc.string({ unit: 'binary-ascii', maxLength: 3 }), fc.nat(2))
      .map(([text, at, put, cut]) => text.slice(0, at) + put + text.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(bent, fc.string({ unit: 'binary-ascii', maxLength: 70 })), (text) => {
        const [, version, flags, more] = PATTERN.exec(text) ?? [];
        const isGood = version !== undefined && (version !== '00' || more === undefined);
        expect(read(text)).toBe(isGood ? Number.parseInt(flags!, 16) : -1);
      }),
      { seed: 1, numRuns: 5000 },
    );
  });
});

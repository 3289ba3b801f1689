import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readOtlpJson } from '../testing/otlp.ts';
import { encodeFrame, encodeSpan } from './otlp-json.ts';
import { type Attribute, CLIENT, SERVER, type Span } from './span.ts';

const AT = Date.UTC(2026, 10, 22, 9, 5, 7, 43);
const span = (given: Partial<Span> = {}): Span => ({
  ...{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', parentId: '', isRemote: false },
  ...{ traceState: '', name: 'GET', kind: SERVER, startedAt: AT, endedAt: AT + 1.5, attributes: [], isError: false },
  ...given,
});

function readAll(spans: readonly Span[], resource: readonly Attribute[] = [['service.name', 'equipoise']]) {
  const [before, behind] = encodeFrame(resource, 'equipoise');
  return readOtlpJson(`${before}${spans.map(encodeSpan).join(',')}${behind}`);
}

const read = (given: Partial<Span>) => readAll([span(given)]).spans[0]!;

describe('OTLP JSON, as its published definitions read it', () => {
  test('spans, their resource and their scope', () => {
    const request = readAll(
      [span(), span({ kind: CLIENT, name: 'POST' })],
      [
        ['service.name', 'a "b"'],
        ['process.pid', 7],
      ],
    );
    expect(request).toMatchObject({ resource: { 'service.name': 'a "b"', 'process.pid': 7 }, scope: 'equipoise' });
    expect(request.spans.map(({ name, kind }) => [name, kind])).toEqual([
      ['GET', 2],
      ['POST', 3],
    ]);
  });

  test.each([
    { why: 'ids', given: {}, want: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' } },
    { why: 'no parent', given: {}, want: { parentSpanId: '', flags: 0x101 } },
    {
      why: 'a parent elsewhere',
      given: { parentId: '00f067aa0ba902b7', isRemote: true, traceState: 'a=1,b=2' },
      want: { parentSpanId: '00f067aa0ba902b7', flags: 0x301, traceState: 'a=1,b=2' },
    },
    { why: 'an error', given: { isError: true }, want: { isError: true } },
    {
      why: 'times to the microsecond',
      given: { startedAt: AT + 0.25, endedAt: AT + 1000 },
      want: { startNanos: BigInt(AT) * 1_000_000n + 250_000n, endNanos: BigInt(AT + 1000) * 1_000_000n },
    },
    {
      why: 'attributes of each type',
      given: {
        attributes: [
          ['a', 'x'],
          ['b', 200],
          ['c', true],
          ['d', false],
          ['e', 0],
        ] as const,
      },
      want: { attributes: { a: 'x', b: 200, c: true, d: false, e: 0 } },
    },
  ])('$why', ({ given, want }) => {
    expect(read(given)).toMatchObject(want);
  });

  test('any text comes back, in one line, shortened to 1024 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1500 }), (text) => {
        const json = encodeSpan(span({ attributes: [['text', text]] }));
        expect(json).not.toContain('\n');
        const short = text.length <= 1024 ? text : `${text.slice(0, 1023)}…`;
        // Half of a pair is no text; protobuf has none.
        if (Buffer.from(short).toString() === short)
          expect(read({ attributes: [['text', text]] }).attributes['text']).toBe(short);
      }),
      { seed: 1 },
    );
  });

  test('any time comes back, within a microsecond', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e12, max: 4e12, noNaN: true }), (ms) => {
        const nanos = Number(read({ startedAt: ms }).startNanos);
        expect(Math.abs(nanos / 1e6 - ms)).toBeLessThan(0.001);
      }),
      { seed: 1 },
    );
  });
});

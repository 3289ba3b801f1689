import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutAt, everyByte, readRequest, readResponse } from '../../testing/heads.ts';
import { mutated, requestTexts, responseTexts } from '../../testing/messages.ts';
import { RequestHead } from './request-head.ts';
import { ResponseHead } from './response-head.ts';

/** Small enough that long heads and many fields pass them. */
const limits = { headBytes: 400, headerFields: 9 };
const places = fc.record({
  around: fc.constantFrom('\n', '\r', ' ', ':', 'a'),
  at: fc.nat({ max: 20 }),
  cuts: fc.array(fc.nat({ max: 1000 }), { maxLength: 8 }),
});
const runs = { numRuns: 150 };

describe.each([
  ['requests', requestTexts],
  ['mutated requests', mutated(requestTexts)],
])('%s', (_name, texts) => {
  test('byte by byte, at every cut and anywhere in a buffer: the same as whole', () => {
    fc.assert(
      fc.property(texts, fc.boolean(), places, (text, trusted, { at, around, cuts }) => {
        const whole = readRequest(text, { trusted, limits });
        expect(readRequest(text, { trusted, limits, at, around })).toEqual(whole);
        expect(readRequest(text, { trusted, limits, at, around, lengths: everyByte(text.length) })).toEqual(whole);
        expect(readRequest(text, { trusted, limits, at, around, lengths: cutAt(text.length, cuts) })).toEqual(whole);
        for (let cut = 0; cut < text.length; cut++) {
          expect(readRequest(text, { trusted, limits, around, lengths: [cut, text.length] })).toEqual(whole);
        }
      }),
      runs,
    );
  });
});

describe.each([
  ['answers', responseTexts],
  ['mutated answers', mutated(responseTexts)],
])('%s', (_name, texts) => {
  test('byte by byte, at every cut and anywhere in a buffer: the same as whole', () => {
    fc.assert(
      fc.property(texts, places, (text, { at, around, cuts }) => {
        const whole = readResponse(text, { limits });
        expect(readResponse(text, { limits, at, around })).toEqual(whole);
        expect(readResponse(text, { limits, at, around, lengths: everyByte(text.length) })).toEqual(whole);
        expect(readResponse(text, { limits, at, around, lengths: cutAt(text.length, cuts) })).toEqual(whole);
        for (let cut = 0; cut < text.length; cut++) {
          expect(readResponse(text, { limits, around, lengths: [cut, text.length] })).toEqual(whole);
        }
      }),
      runs,
    );
  });
});

test('a parser remembers nothing of the heads before', () => {
  const request = new RequestHead(limits);
  const response = new ResponseHead(limits);
  const requests = fc.oneof(requestTexts, mutated(requestTexts));
  const responses = fc.oneof(responseTexts, mutated(responseTexts));
  fc.assert(
    fc.property(requests, responses, fc.boolean(), (asked, answered, trusted) => {
      expect(readRequest(asked, { trusted, request })).toEqual(readRequest(asked, { trusted, limits }));
      expect(readResponse(answered, { response })).toEqual(readResponse(answered, { limits }));
    }),
    { numRuns: 3000 },
  );
});

test('what the parsers are fed is not all refused, nor all accepted', () => {
  const statuses = (texts: fc.Arbitrary<string>) =>
    new Set(fc.sample(texts, 500).map((text) => readRequest(text, { limits }).status));
  expect([...statuses(requestTexts)]).toEqual(expect.arrayContaining([0, 400, 431]));
  expect([...statuses(mutated(requestTexts))]).toEqual(expect.arrayContaining([0, 1, 400, 431]));
});

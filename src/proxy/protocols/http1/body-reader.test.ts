import { describe, expect, test } from 'vitest';
import { readBody } from '../../testing/chunks.ts';
import { BodyReader, BY_LENGTH, CHUNKED, NO_BODY, UNTIL_CLOSE } from './body-reader.ts';

describe('BodyReader', () => {
  test.each([
    {
      why: 'no body takes nothing',
      kind: NO_BODY,
      length: 0,
      text: 'abc',
      want: { forwarded: '', used: 0, done: true },
    },
    {
      why: 'a length of 0 takes nothing',
      kind: BY_LENGTH,
      length: 0,
      text: 'abc',
      want: { forwarded: '', used: 0, done: true },
    },
    {
      why: 'a length takes what it says',
      kind: BY_LENGTH,
      length: 4,
      text: 'abcdef',
      want: { forwarded: 'abcd', used: 4, done: true },
    },
    {
      why: 'a length that all but came',
      kind: BY_LENGTH,
      length: 7,
      text: 'abcdef',
      want: { forwarded: 'abcdef', used: 6, done: false },
    },
    {
      why: 'a length beyond 32 bits',
      kind: BY_LENGTH,
      length: 2 ** 33,
      text: 'abc',
      want: { forwarded: 'abc', used: 3, done: false },
    },
    {
      why: 'until the end',
      kind: UNTIL_CLOSE,
      length: 0,
      text: 'abc',
      want: { forwarded: 'abc', used: 3, done: false },
    },
    {
      why: 'chunks',
      kind: CHUNKED,
      length: 0,
      text: '1\r\na\r\n0\r\n\r\nx',
      want: { forwarded: '1\r\na\r\n0\r\n\r\n', used: 11, done: true },
    },
  ])('$why', ({ kind, length, text, want }) => {
    for (const cuts of [[], [1], [2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]) {
      const got = readBody(text, cuts, { kind, length });
      expect(got).toMatchObject({ ...want, refused: false });
      expect(got.contentBytes).toBe(kind === CHUNKED ? 1 : want.used);
    }
  });

  test('a body that is done takes nothing of the next request', () => {
    const body = new BodyReader();
    body.begin(BY_LENGTH, 2, false);
    const bytes = Buffer.from('abcd');
    expect(body.read(bytes, 0, 4)).toBe(2);
    expect([body.read(bytes, 2, 4), body.forwardEnd, body.contentBytes]).toEqual([2, 2, 2]);
  });

  test('the last chunk is written in place where it fits, else it is the tail', () => {
    const body = new BodyReader();
    const bytes = Buffer.from('1;x\r\na\r\n0\r\n\r\n');
    body.begin(CHUNKED, 0, false);
    expect(body.read(bytes, 0, bytes.length)).toBe(bytes.length);
    expect([bytes.toString('latin1', 0, body.forwardEnd), body.tail.length]).toEqual(['1\r\na\r\n0\r\n\r\n', 0]);
    body.begin(CHUNKED, 0, false);
    body.read(Buffer.from('0\r\n\r'), 0, 4);
    expect([body.read(Buffer.from('\n'), 0, 1), body.forwardEnd, body.tail.toString()]).toEqual([1, 0, '0\r\n\r\n']);
  });

  test('a reader begins anew', () => {
    const body = new BodyReader();
    body.begin(CHUNKED, 0, false);
    body.read(Buffer.from('0\r\n\r'), 0, 4);
    body.read(Buffer.from('\n'), 0, 1);
    body.begin(BY_LENGTH, 3, false);
    expect([body.done, body.contentBytes, body.tail.length]).toEqual([false, 0, 0]);
    body.read(Buffer.from('ab'), 0, 2);
    body.begin(BY_LENGTH, 3, false);
    expect(body.contentBytes).toBe(0);
    body.begin(NO_BODY, 3, false);
    expect(body.done).toBe(true);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestCopy } from './request-copy.ts';
import { RequestHead } from './request-head.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

const HEAD = 'PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n';

/** Keeps what is sent; refuses the first write when it is broken. */
function recorder(isBroken = false) {
  const sent: Buffer[] = [];
  const send = (bytes: Buffer, from: number, to: number) => void sent.push(Buffer.from(bytes.subarray(from, to)));
  return { sent, upstream: { isBroken, send } as unknown as UpstreamConnection };
}

/** Of a request whose body begins with `first` in the same read as the head. */
function copyOf(first: Buffer, tail: Buffer, limit: number): RequestCopy {
  const bytes = Buffer.concat([Buffer.from(HEAD), first]);
  const head = new RequestHead({ headBytes: 1000, headerFields: 10 });
  head.begin(bytes, 0, false);
  head.parse(bytes, bytes.byteLength);
  const copy = new RequestCopy();
  copy.begin(head);
  copy.keepFirst(bytes.byteLength, tail);
  copy.limit(limit);
  return copy;
}

const NONE = Buffer.alloc(0);
const scratch = Buffer.alloc(200_000);
const ourHead = Buffer.from('our head');

function sentBy(copy: RequestCopy): string {
  ourHead.copy(scratch);
  const { sent, upstream } = recorder();
  expect(copy.send(upstream, scratch, ourHead.byteLength)).toBe(true);
  return Buffer.concat(sent).toString('latin1');
}

describe('RequestCopy', () => {
  test('sends the same bytes each time, however they came', () => {
    const piece = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
    const later = fc.array(fc.tuple(piece, fc.nat(50), fc.constantFrom(NONE, Buffer.from('0\r\n\r\n'))), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(piece, fc.constantFrom(NONE, Buffer.from('tail')), later, (first, tail, pieces) => {
        const copy = copyOf(first, tail, 1e6);
        const whole = [ourHead, first, tail];
        for (const [bytes, before, end] of pieces) {
          // A read that brings other things before and behind.
          const read = Buffer.concat([Buffer.alloc(before, 1), bytes, Buffer.alloc(7, 2)]);
          copy.keep(read, before, before + bytes.byteLength, end);
          whole.push(bytes, end);
        }
        const want = Buffer.concat(whole).toString('latin1');
        return copy.isWhole && sentBy(copy) === want && sentBy(copy) === want;
      }),
      { seed: 3 },
    );
  });

  test.each([
    { why: 'just enough room', limit: 10, isWhole: true },
    { why: 'a byte too little', limit: 9, isWhole: false },
    { why: 'what came with the head is not kept out', limit: 0, isWhole: false },
  ])('$why', ({ limit, isWhole }) => {
    const copy = copyOf(Buffer.from('four'), NONE, limit);
    expect(copy.isWhole).toBe(true);
    copy.keep(Buffer.from('fourteen'), 0, 4, Buffer.from('ta'));
    expect(copy.isWhole).toBe(isWhole);
    copy.keep(Buffer.from('more'), 0, 0, NONE);
    expect(sentBy(copy)).toBe(isWhole ? 'our headfourfourta' : 'our headfour');
  });

  test('a large first part goes out beside the head', () => {
    const large = Buffer.alloc(100_000, 'x');
    expect(sentBy(copyOf(large, NONE, 0))).toBe(`our head${large}`);
  });

  test('a connection that refuses the first write gets nothing more', () => {
    const { sent, upstream } = recorder(true);
    expect(copyOf(Buffer.alloc(100_000), Buffer.from('tail'), 0).send(upstream, scratch, 8)).toBe(false);
    expect(sent.length).toBe(1);
  });

  test('nothing is left for the next request', () => {
    const copy = copyOf(Buffer.from('old'), Buffer.from('tail'), 100);
    copy.keep(Buffer.from('piece'), 0, 5, NONE);
    copy.end();
    expect(copy.bytes.byteLength).toBe(0);
    const head = new RequestHead({ headBytes: 1000, headerFields: 10 });
    head.begin(Buffer.from(HEAD), 0, false);
    head.parse(Buffer.from(HEAD), HEAD.length);
    copy.begin(head);
    expect(sentBy(copy)).toBe('our head');
  });
});

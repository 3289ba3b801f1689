import { expect, test } from 'vitest';
import { PartialHead } from './partial-head.ts';

test('pieces are put together, however they come', () => {
  const seen: string[] = [];
  const parser = {
    parse(bytes: Uint8Array, end: number): number {
      seen.push(Buffer.from(bytes.subarray(0, end)).toString('latin1'));
      return end;
    },
  };
  const first = Buffer.from('ab');
  const partial = new PartialHead(first, parser);
  first.fill('x');
  let want = 'ab';
  expect(partial.parse()).toBe(2);
  for (const length of [1, 3000, 0, 1, 10_000]) {
    const piece = Buffer.alloc(length, String.fromCharCode(99 + (length % 10)));
    partial.append(piece);
    want += piece.toString('latin1');
    piece.fill('x');
    expect(partial.parse()).toBe(want.length);
    expect(seen.pop() === want).toBe(true);
    expect(partial.length).toBe(want.length);
  }
});

test('what comes byte by byte is copied a few times, not each time', () => {
  const partial = new PartialHead(Buffer.from('a'), { parse: () => 0 });
  const buffers = new Set([partial.bytes]);
  for (let i = 0; i < 65_536; i++) {
    partial.append(Buffer.from('a'));
    buffers.add(partial.bytes);
  }
  expect(buffers.size).toBeLessThan(10);
});

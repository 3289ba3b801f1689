import { expect, test } from 'vitest';
import { encoded } from './escaping.ts';
import type { LineBytes } from './line-bytes.ts';
import { LineMemory } from './line-memory.ts';

/** A sink that is done when the test says; what it was given is read then, as it must not have changed. */
function setUp(capacity: number, batch: number) {
  const counts = { written: 0, dropped: 0 };
  const written: string[] = [];
  let current: LineBytes | undefined;
  let done: ((lost: number) => void) | undefined;
  const sink = {
    write(lines: LineBytes, whenDone: (lost: number) => void) {
      current = lines;
      done = whenDone;
    },
    close() {},
  };
  const memory = new LineMemory(sink, { capacity, batch, flushMs: 200, after: () => {}, counts });
  return {
    ...{ memory, counts, written },
    push(text: string): void {
      const line = memory.begin(text.length);
      line?.constant(encoded(text));
      if (line !== null) memory.push();
    },
    finish(lost = 0): void {
      written.push(new TextDecoder().decode(current!.bytes.subarray(0, current!.length)));
      done!(lost);
    },
  };
}

test('lines that come while others are written go to the other half of the memory', () => {
  const { push, finish, written, counts, memory } = setUp(10, 4);
  push('aaa\n');
  expect(memory.isEmpty).toBe(true);
  push('bb\n');
  push('cc\n');
  finish();
  finish();
  expect([written, counts]).toEqual([['aaa\n', 'bb\ncc\n'], { written: 3, dropped: 0 }]);
});

test('a line that could find no room is not begun, and counted', () => {
  const { push, finish, counts, memory } = setUp(10, 4);
  push('aaa\n');
  push('bbbb\n');
  push('ccccc\n');
  expect(counts).toEqual({ written: 0, dropped: 1 });
  push('dddd\n');
  finish();
  finish(1);
  expect(counts).toEqual({ written: 2, dropped: 2 });
  void memory.close(1000);
  expect(memory.begin(1)).toBe(null);
});

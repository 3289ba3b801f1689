import { expect, test } from 'vitest';
import { LineBuffer } from './line-buffer.ts';

/** A sink that is done when the test says, and timers that fire when it says. */
function setUp(capacity = 100, batch = 20) {
  const counts = { written: 0, dropped: 0 };
  const timers: (() => void)[] = [];
  const written: string[] = [];
  let done: ((lost: number) => void) | undefined;
  let closed = false;
  const sink = {
    write(lines: string, whenDone: (lost: number) => void) {
      written.push(lines);
      done = whenDone;
    },
    close() {
      closed = true;
    },
  };
  const after = (_ms: number, run: () => void) => void timers.push(run);
  const buffer = new LineBuffer(sink, { capacity, batch, flushMs: 200, after, counts });
  return {
    ...{ buffer, counts, timers, written },
    finish(lost = 0): void {
      const ended = done;
      done = undefined;
      ended?.(lost);
    },
    isClosed: () => closed,
  };
}

test('lines wait for one timer and go out together', () => {
  const { buffer, timers, written, counts, finish } = setUp();
  buffer.push('a\n');
  buffer.push('b\n');
  expect([timers.length, written]).toEqual([1, []]);
  timers[0]!();
  finish();
  expect([written, counts]).toEqual([['a\nb\n'], { written: 2, dropped: 0 }]);
});

test('a full batch goes out at once; what comes meanwhile follows', () => {
  const { buffer, written, finish } = setUp();
  buffer.push(`${'x'.repeat(20)}\n`);
  buffer.push(`${'y'.repeat(20)}\n`);
  expect(written).toEqual([`${'x'.repeat(20)}\n`]);
  finish();
  expect(written).toHaveLength(2);
});

test('what finds no room is dropped and counted, as what was lost', () => {
  const { buffer, counts, finish } = setUp(50, 20);
  for (let i = 0; i < 10; i++) buffer.push('123456789012345678901\n');
  // One is being written, two wait: a third one would be beyond 50.
  expect(counts).toEqual({ written: 0, dropped: 7 });
  finish(1);
  finish();
  expect(counts).toEqual({ written: 2, dropped: 8 });
});

test('close hands over everything, and takes nothing more', async () => {
  const { buffer, written, finish, isClosed, counts } = setUp();
  buffer.push('a\n');
  buffer.flush();
  buffer.push('b\n');
  const closed = buffer.close(1000);
  buffer.push('late\n');
  finish();
  finish();
  await closed;
  expect([written, isClosed(), counts]).toEqual([['a\n', 'b\n'], true, { written: 2, dropped: 1 }]);
});

test('close waits no longer than its limit', async () => {
  const { buffer, timers, isClosed } = setUp();
  buffer.push('a\n');
  const closed = buffer.close(1000);
  timers.at(-1)!();
  await closed;
  expect(isClosed()).toBe(true);
});

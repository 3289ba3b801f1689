import { describe, expect, test } from 'vitest';
import { SpanQueue } from './span-queue.ts';

/** A collector that answers when told, and a clock that is told too. */
function world({ capacity = 100, batch = 30 } = {}) {
  const sent: { spans: readonly string[]; done: (lost: number) => void }[] = [];
  const timers: { ms: number; run: () => void }[] = [];
  const counts = { exported: 0, dropped: 0 };
  const queue = new SpanQueue({
    ...{ capacity, batch, flushMs: 1000, counts },
    send: (spans) => new Promise((done) => sent.push({ spans, done })),
    after: (ms, run) => void timers.push({ ms, run }),
  });
  const answer = async (lost = 0) => {
    sent.at(-1)!.done(lost);
    await new Promise(setImmediate);
  };
  return { queue, sent, timers, counts, answer };
}

const TEN = 'x'.repeat(10);

describe('SpanQueue', () => {
  test('sends after its time what waits, with one timer', async () => {
    const { queue, sent, timers, counts, answer } = world();
    queue.push('a');
    queue.push('b');
    expect([sent.length, timers.map(({ ms }) => ms)]).toEqual([0, [1000]]);
    timers[0]!.run();
    expect(sent.map(({ spans }) => spans)).toEqual([['a', 'b']]);
    await answer();
    expect([counts, timers.length]).toEqual([{ exported: 2, dropped: 0 }, 1]);
  });

  test('sends a full batch at once, and one at a time', async () => {
    const { queue, sent, timers, answer } = world();
    for (let i = 0; i < 7; i++) queue.push(TEN);
    expect(sent.map(({ spans }) => spans.length)).toEqual([3]);
    await answer();
    expect(sent.map(({ spans }) => spans.length)).toEqual([3, 4]);
    queue.push('late');
    await answer();
    timers.at(-1)!.run();
    expect(sent.at(-1)!.spans).toEqual(['late']);
  });

  test('what finds no room is dropped and counted, and so is what the collector loses', async () => {
    const { queue, sent, counts, answer } = world({ capacity: 50 });
    for (let i = 0; i < 10; i++) queue.push(TEN);
    expect([sent[0]!.spans.length, counts]).toEqual([3, { exported: 0, dropped: 2 }]);
    await answer(2);
    expect(counts).toEqual({ exported: 1, dropped: 4 });
  });

  test('close sends the rest, and takes nothing more', async () => {
    const { queue, sent, counts, answer } = world();
    for (let i = 0; i < 4; i++) queue.push(TEN);
    const closed = queue.close(2000);
    queue.push('late');
    await answer();
    await answer();
    await closed;
    expect([sent.map(({ spans }) => spans.length), counts]).toEqual([[3, 1], { exported: 4, dropped: 1 }]);
  });

  test('close waits for no collector longer than its limit; what is left is lost', async () => {
    const { queue, timers, counts } = world();
    for (let i = 0; i < 4; i++) queue.push(TEN);
    const closed = queue.close(2000);
    timers.find(({ ms }) => ms === 2000)!.run();
    await closed;
    expect(counts).toEqual({ exported: 0, dropped: 1 });
  });
});

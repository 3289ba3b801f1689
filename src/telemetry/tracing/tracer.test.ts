import { describe, expect, test } from 'vitest';
import { SERVER, type Span } from './span.ts';
import { Tracer, type TracingOptions } from './tracer.ts';

/** A collector that answers when told, and time that passes when told. */
function world() {
  const asked: { body: string; answer: (status: number) => void }[] = [];
  const timers: { ms: number; run: () => void }[] = [];
  const changes: string[] = [];
  const counts = { exported: 0, dropped: 0 };
  const options: TracingOptions = {
    ...{ endpoint: 'http://collector/v1/traces', sampleRate: 1, parentBased: 'all', connections: false },
    ...{ serviceName: 'test', headers: {}, hideQuery: 'all' },
  };
  const tracer = new Tracer(options, {
    fetch: (_, { body, signal }) =>
      new Promise((resolve, reject) => {
        signal!.addEventListener('abort', () => reject(new Error('aborted')));
        asked.push({ body: body as string, answer: (status) => resolve(new Response('{}', { status })) });
      }),
    after: (ms, run) => void timers.push({ ms, run }),
    onChange: (to, reason) => changes.push(`${to}: ${reason}`),
    fillRandom: (bytes) => void bytes.fill(1),
    ...{ wallClock: () => 0, counts, resource: [] },
  });
  const settled = () => new Promise(setImmediate);
  const answer = async (status: number) => {
    asked.at(-1)!.answer(status);
    await settled();
  };
  const pass = async (ms: number) => {
    for (const timer of timers.splice(0).filter((each) => each.ms === ms)) timer.run();
    await settled();
  };
  return { tracer, asked, timers, changes, counts, answer, pass };
}

const span = (name: string): Span => ({
  ...{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', parentId: '', isRemote: false },
  ...{ traceState: '', name, kind: SERVER, startedAt: 1, endedAt: 2, attributes: [], isError: false },
});

function recordIn(tracer: Tracer, name: string): void {
  tracer.begin();
  tracer.record(span(name));
  tracer.ended();
}

/** Whether it has resolved. */
async function hasEnded(promise: Promise<unknown>): Promise<boolean> {
  return (await Promise.race([promise.then(() => 'ended'), new Promise(setImmediate)])) === 'ended';
}

describe('a tracer that is replaced', () => {
  test('sends at once what has ended, and what is under way when it has', async () => {
    const { tracer, asked, counts, answer, pass } = world();
    recordIn(tracer, 'before');
    tracer.begin();
    const retired = tracer.retire('it is over');
    await pass(1000);
    await answer(200);
    tracer.record(span('after'));
    tracer.ended();
    await hasEnded(retired);
    await answer(200);
    expect(await hasEnded(retired)).toBe(true);
    expect(asked.map(({ body }) => /"name":"(before|after)"/.exec(body)![1])).toEqual(['before', 'after']);
    expect(counts).toEqual({ exported: 2, dropped: 0 });
  });

  test('tries again where the collector is down, for 30 s and no longer', async () => {
    const { tracer, asked, counts, answer, pass } = world();
    recordIn(tracer, 'a');
    const retired = tracer.retire('it is over');
    await hasEnded(retired);
    await answer(503);
    await pass(1000);
    expect([asked.length, await hasEnded(retired)]).toEqual([2, false]);
    await answer(200);
    expect([await hasEnded(retired), counts]).toEqual([true, { exported: 1, dropped: 0 }]);
    const other = world();
    recordIn(other.tracer, 'a');
    const late = other.tracer.retire('it is over');
    await hasEnded(late);
    await other.pass(30_000);
    expect(await hasEnded(late)).toBe(true);
    // What was under way is given up, and nothing is tried again.
    expect([other.asked.length, other.counts]).toEqual([1, { exported: 0, dropped: 1 }]);
  });

  test('tells no failure any more, and that a former one is over', async () => {
    const { tracer, changes, answer, pass } = world();
    recordIn(tracer, 'a');
    await pass(1000);
    await answer(400);
    recordIn(tracer, 'b');
    const retired = tracer.retire('it is over');
    await hasEnded(retired);
    await answer(400);
    await retired;
    expect(changes).toEqual(['failed: the collector answers 400', 'resumed: it is over']);
  });

  test('does not keep the end of the program', async () => {
    const { tracer, counts, answer, pass, asked } = world();
    recordIn(tracer, 'a');
    tracer.begin();
    const retired = tracer.retire('it is over');
    const closed = tracer.close();
    await pass(100);
    expect(await hasEnded(closed)).toBe(false);
    await answer(503);
    expect([await hasEnded(closed), await hasEnded(retired)]).toEqual([true, false]);
    expect([asked.length, counts]).toEqual([1, { exported: 0, dropped: 1 }]);
  });
});

test('the end waits a moment for what was cut just now', async () => {
  const { tracer, asked, counts, answer } = world();
  tracer.begin();
  const closed = tracer.close();
  recordIn(tracer, 'other');
  tracer.record(span('cut'));
  tracer.ended();
  await hasEnded(closed);
  await answer(200);
  await closed;
  expect([asked.length, counts]).toEqual([1, { exported: 2, dropped: 0 }]);
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogWorld } from './testing/access-log-world.ts';
import { openClient } from './testing/client.ts';

let world = createLogWorld();
beforeEach(() => {
  world = createLogWorld();
});
afterEach(() => world.close());

const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** The lines of requests with these fields, one after the other. */
async function linesOf(tracing: object | undefined, requests: readonly string[]) {
  const said: string[] = [];
  const address = await world.backend((socket, heard) => {
    said.push(heard);
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  const { server, addressOf } = await world.start({
    accessLog: { path: world.pathOf('a.log') },
    // Nobody listens there.
    ...(tracing && { tracing: { endpoint: 'http://127.0.0.1:1/v1/traces', ...tracing } }),
    listeners: { web: { bind: '127.0.0.1:0', pool: 'main' } },
    pools: { main: { endpoints: [{ id: 'e1', address }] } },
  });
  for (const fields of requests) {
    const client = await openClient(addressOf('web'));
    client.socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    await client.sees('ok');
    client.socket.destroy();
  }
  await server.close();
  return { lines: world.linesOf('a.log'), said };
}

const parent = (flags: string): string => `traceparent: 00-${TRACE}-b7ad6b7169203331-${flags}\r\n`;

test('a line names the span of its request, and none where that is not traced', async () => {
  const { lines, said } = await linesOf({ sampleRate: 0 }, [parent('01'), parent('00'), '', parent('01')]);
  expect(lines.map(({ traceId }) => traceId)).toEqual([TRACE, undefined, undefined, TRACE]);
  const spans = lines.flatMap(({ spanId }) => spanId ?? []);
  expect(new Set(spans).size).toBe(2);
  for (const each of spans) {
    expect(each).toMatch(/^[0-9a-f]{16}$/);
    // The endpoint goes on with the span of its try.
    expect(said.join('')).not.toContain(each);
  }
});

test('without tracing no line names one', async () => {
  const { lines } = await linesOf(undefined, [parent('01')]);
  expect(lines.map(({ traceId, spanId }) => [traceId, spanId])).toEqual([[undefined, undefined]]);
});

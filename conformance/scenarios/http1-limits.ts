import { expect } from 'vitest';
import { answerOk, type Exchange } from '../harness/backend.ts';
import { get, post, type RawClient, rawClient, request } from '../harness/client.ts';
import { type Message, value } from '../harness/message-reader.ts';
import { sleep, until, within } from '../harness/sockets.ts';
import { STRICT, type WorldScenario } from './http1-world.ts';

/** An error made by the balancer, in the form the contract promises. */
function expectProblem(response: Message, status: number): void {
  expect(response.start[1]).toBe(String(status));
  expect(value(response.fields, 'content-type')).toBe('application/problem+json');
  expect(JSON.parse(response.body.toString())).toMatchObject({ status });
}

/** Sends, and wants this problem and the end of the connection. */
async function refused(port: number, status: number, ...pieces: string[]): Promise<void> {
  const client = await rawClient(port);
  await client.send(...pieces);
  expectProblem(await client.response(), status);
  expect(await client.waitClosed(), 'closed').toBe(true);
}

/** A connection beyond a limit: refused with 503 or 429, closed or reset, but not served. */
async function expectTurnedAway(port: number, localAddress: string): Promise<void> {
  const client = await rawClient(port, { localAddress }).catch(() => undefined);
  if (!client) return;
  await client.send(get('/turned-away'));
  await until('an answer or the end', () => client.responses.length > 0 || client.ended() !== 'open');
  expect(['503', '429', undefined]).toContain(client.responses[0]?.start[1]);
  expect(await client.waitClosed(), 'closed').toBe(true);
  client.close();
}

async function served(client: RawClient, index = 0): Promise<void> {
  await client.send(get('/served'));
  expect((await client.response(index)).body.toString()).toBe('target=/served');
}

export const limits: Readonly<Record<string, WorldScenario>> = {
  '404: no route': async ({ port }) => expectProblem(await request(port.routed, get('/nowhere')), 404),
  '404 leaves the connection open': async ({ port }) => {
    const client = await rawClient(port.routed);
    await client.send(get('/nowhere'), get('/moved'));
    expect([(await client.response()).start[1], (await client.response(1)).start[1]]).toEqual(['404', '302']);
  },
  '400 has a problem document': async ({ port }) => refused(port.main, 400, 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'),
  '408: half a head': async ({ port }) => refused(port.strict, 408, 'GET / HTTP/1.1\r\nHo'),
  '408: half a body by length': async ({ port, a }) => {
    await refused(port.strict, 408, post('/', 'x'.repeat(100)).slice(0, -50));
    expect(a.requests).toEqual([]);
  },
  '408: half a chunk': async ({ port, a }) => {
    await refused(port.strict, 408, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe');
    expect(a.requests).toEqual([]);
  },
  'an idle connection is closed without a word': async ({ port }) => {
    const client = await rawClient(port.strict);
    await served(client);
    expect(await client.waitClosed(STRICT.timeoutMs + 2500)).toBe(true);
    expect([client.responses.length, client.partial]).toEqual([1, undefined]);
  },
  'a connection that never speaks is closed': async ({ port }) => {
    const client = await rawClient(port.strict);
    expect(await client.waitClosed(STRICT.timeoutMs + 2500)).toBe(true);
  },
  '413: a length beyond the limit': async ({ port, a }) => {
    await refused(port.strict, 413, post('/', 'x'.repeat(STRICT.bodyBytes + 1)));
    expect(a.requests).toEqual([]);
  },
  '413: chunks beyond the limit': async ({ port, a }) => {
    const chunk = `100\r\n${'x'.repeat(256)}\r\n`.repeat(STRICT.bodyBytes / 256 + 1);
    await refused(
      port.strict,
      413,
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`,
    );
    expect(a.requests).toEqual([]);
  },
  'a body of exactly the limit passes': async ({ port }) => {
    expect((await request(port.strict, post('/', 'x'.repeat(STRICT.bodyBytes)))).start[1]).toBe('200');
  },
  '431: a head beyond the limit': async ({ port }) =>
    refused(port.strict, 431, get('/', `X: ${'x'.repeat(STRICT.headBytes)}`)),
  '431: an endless head': async ({ port }) =>
    refused(port.strict, 431, `GET / HTTP/1.1\r\nX: ${'x'.repeat(STRICT.headBytes * 2)}`),
  '431: too many fields': async ({ port }) => {
    await refused(port.strict, 431, get('/', ...Array<string>(STRICT.headerFields).fill('X: y')));
    expect(
      (await request(port.strict, get('/', ...Array<string>(STRICT.headerFields - 1).fill('X: y')))).start[1],
    ).toBe('200');
  },
  '431: 200 KiB by default': async ({ port }) => refused(port.main, 431, get('/', `X: ${'x'.repeat(204_800)}`)),
  '502: nobody listens': async ({ port }) => {
    const client = await rawClient(port.dead);
    await client.send(get('/'), post('/', 'hello'), get('/'));
    for (const index of [0, 1, 2]) expectProblem(await client.response(index), 502);
  },
  '504: no answer in time': async ({ port, a }) => {
    a.onRequest = () => {};
    expectProblem(await request(port.quick, get('/')), 504);
  },
  '504: a route has its own time-out': async ({ port, a }) => {
    a.onRequest = () => {};
    expectProblem(await request(port.routed, get('/slow')), 504);
  },
  '503: maxConnections is never passed': async ({ port, a }) => {
    let [now, peak] = [0, 0];
    a.onRequest = async (exchange) => {
      peak = Math.max(peak, ++now);
      await sleep(30);
      now--;
      answerOk(exchange);
    };
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async () => (await request(port.capped, get('/'))).start[1]),
    );
    expect(peak).toBe(2);
    expect(new Set(statuses)).toEqual(new Set(['200', '503']));
    expect((await request(port.capped, get('/after'))).start[1]).toBe('200');
  },
  '503 for a full pool has a problem document': async ({ port, a }) => {
    const held: Exchange[] = [];
    a.onRequest = (exchange) => void held.push(exchange);
    const clients = [await rawClient(port.capped), await rawClient(port.capped)];
    for (const client of clients) await client.send(get('/held'));
    await until('two held', () => held.length === 2);
    expectProblem(await request(port.capped, get('/')), 503);
    held.forEach(answerOk);
    for (const client of clients) expect((await client.response()).start[1]).toBe('200');
  },
  'one source has its share of connections, and another its own': async ({ port }) => {
    const from = { localAddress: '127.0.0.9' };
    const clients = [await rawClient(port.source, from), await rawClient(port.source, from)];
    for (const client of clients) await served(client);
    await expectTurnedAway(port.source, '127.0.0.9');
    const other = await rawClient(port.source, { localAddress: '127.0.0.10' });
    await served(other);
    await served(clients[1]!, 1);
    clients[0]!.close();
    await sleep(50);
    const again = await rawClient(port.source, from);
    await served(again);
    for (const client of [...clients, other, again]) client.close();
  },
  'a full listener stays open and serves again': async ({ port }) => {
    const clients = [await rawClient(port.full), await rawClient(port.full)];
    for (const client of clients) await served(client);
    await expectTurnedAway(port.full, '127.0.0.1');
    clients[0]!.close();
    await sleep(50);
    const again = await rawClient(port.full);
    await served(again);
    for (const client of [clients[1]!, again]) client.close();
  },
  'a client that leaves before the answer frees the backend': async ({ port, a }) => {
    let exchange: Exchange | undefined;
    a.onRequest = (each) => {
      exchange = each;
    };
    const client = await rawClient(port.main);
    await client.send(get('/'));
    await until('the request', () => exchange !== undefined);
    client.reset();
    await within('the backend connection closed', exchange!.closed);
  },
  'a client that leaves in the middle of a body frees the backend': async ({ port, a }) => {
    const client = await rawClient(port.main);
    await client.send(post('/', 'x'.repeat(1000)).slice(0, -500));
    let exchange: Exchange | undefined;
    a.onHead = (each) => {
      exchange = each;
    };
    await until('the head', () => a.heads.length === 1);
    client.reset();
    await until(
      'no connection left in the middle',
      () => a.heads.every((each) => !each.complete) && a.requests.length === 0,
    );
    if (exchange) await within('the backend connection closed', (exchange as Exchange).closed);
    expect((await request(port.main, get('/after'))).body.toString()).toBe('target=/after');
  },
};

import { setImmediate } from 'node:timers/promises';
import { expect } from 'vitest';
import { answer, type Exchange } from '../harness/backend.ts';
import { get, rawClient, request } from '../harness/client.ts';
import { sleep } from '../harness/sockets.ts';
import type { Site, TimingCase } from './timing-world.ts';

const PIECE = Buffer.alloc(300_000, 'u');

const head = (pieces: number): string =>
  `POST /upload HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${pieces * PIECE.length}\r\n\r\n`;

/** A client that has sent a body in this many pieces, with a pause before each. */
async function upload(port: number, pieces: number, pauseMs: number) {
  const client = await rawClient(port);
  await client.send(head(pieces));
  for (let piece = 0; piece < pieces; piece++) {
    await sleep(pauseMs);
    await client.send(PIECE);
  }
  return client;
}

async function expectSilencePunished({ port, backend }: Site, responseMs: number): Promise<void> {
  backend.onRequest = () => {};
  const client = await upload(port, 2, responseMs * 1.5);
  const start = performance.now();
  expect((await client.response()).start[1]).toBe('504');
  // Half: the balancer's clock is coarse, and it may begin to count while the last bytes are on their way.
  expect(performance.now() - start, 'ms from the last byte').toBeGreaterThan(responseMs / 2);
  expect(backend.requests.map(({ bodyBytes }) => bodyBytes)).toEqual([2 * PIECE.length]);
  client.close();
}

async function expectEarlyHeadServed({ port, backend }: Site): Promise<void> {
  let early: Exchange | undefined;
  backend.onHead = (exchange) => {
    early = exchange;
    void exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbeg');
  };
  backend.onRequest = () => void early!.write('inning');
  const client = await upload(port, 10, 400);
  expect((await client.response()).body.toString()).toBe('beginning');
  expect(backend.requests.map(({ bodyBytes }) => bodyBytes)).toEqual([10 * PIECE.length]);
  client.close();
}

const TRIES = 30;

/** How many uploads were told 413 by an endpoint that answered at their head and reset the connection. */
async function earlyRefusals({ port, backend }: Site): Promise<Record<string, number>> {
  backend.onHead = answer('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno', 'reset');
  const counts: Record<string, number> = {};
  for (let round = 0; round < TRIES; round++) {
    const client = await rawClient(port);
    // Body right behind the head: our writes of it are under way when the reset comes.
    for (const bytes of [head(10), ...Array<Buffer>(10).fill(PIECE)]) {
      void client.send(bytes);
      await setImmediate();
    }
    const status = await client.response().then(
      ({ start }) => start[1],
      () => client.ended(),
    );
    counts[status] = (counts[status] ?? 0) + 1;
    client.close();
  }
  return counts;
}

export const uploads: readonly TimingCase[] = [
  {
    name: 'an upload that pauses for longer than `response` is served',
    why: '`response` counts from the last byte of the request: before it, the client has the word, within `body`',
    pool: { timeouts: { response: '1s' } },
    async run({ port, backend }) {
      const client = await upload(port, 2, 1400);
      expect((await client.response()).start[1]).toBe('200');
      expect(backend.requests.map(({ bodyBytes }) => bodyBytes)).toEqual([2 * PIECE.length]);
      client.close();
    },
  },
  {
    name: 'an endpoint that is silent after a whole upload: 504, counted from the last byte',
    why: 'the time must begin with the last byte, neither with the head nor never',
    pool: { timeouts: { response: '500ms' } },
    run: (site) => expectSilencePunished(site, 500),
  },
  {
    name: 'an upload goes on behind an early answer for longer than `idle`',
    why: 'bytes of the upload are bytes: `idle` is without one in either direction',
    pool: { timeouts: { idle: '2s' } },
    run: expectEarlyHeadServed,
  },
  {
    name: 'an early 413 and a reset reach the client as 413',
    why: 'our write meets the reset before we have read the answer that lies in the kernel',
    async run(site) {
      const counts = await earlyRefusals(site);
      const { 413: told = 0, 502: lost = 0 } = counts;
      // The kernel may drop what lies unread when a reset comes; nobody can tell the client more than 502 then.
      expect(told + lost, `${JSON.stringify(counts)}: every client is answered`).toBe(TRIES);
      // Node closes a socket at the first write that fails, with what lies unread: there 502 may be all.
      const least = site.transport === 'node' ? 0 : TRIES / 2;
      expect(told, `${JSON.stringify(counts)}: most are told why`).toBeGreaterThanOrEqual(least);
      site.backend.onHead = () => {};
      expect((await request(site.port, get('/after'))).body.toString()).toBe('target=/after');
    },
  },
];

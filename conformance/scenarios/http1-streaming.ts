import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Exchange } from '../harness/backend.ts';
import { get, rawClient } from '../harness/client.ts';
import { sleep, until, writeFully } from '../harness/sockets.ts';
import type { World, WorldScenario } from './http1-world.ts';

const MIB = 1 << 20;
const TOTAL = 128 * MIB;
/** The kernel's four buffers on the way may grow to 2 × (32 + 4) MiB; the balancer itself holds far less. */
const IN_FLIGHT = 96 * MIB;
/** While nobody reads; and at the end, with the garbage of a runtime that has just moved it all. */
const RSS_GROWTH = 40 * MIB;
const RSS_GROWTH_AFTER = 72 * MIB;

const BLOCK = Buffer.alloc(MIB, 'the quick brown fox jumps over the lazy dog; ');
const WHOLE_HASH = hashOf(TOTAL);

function hashOf(bytes: number): string {
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= BLOCK.length) hash.update(BLOCK);
  return hash.digest('hex');
}

function chunk(block: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from('\r\n')]);
}

/** Sends TOTAL bytes of content and counts what the kernel has taken. */
function createSource(chunked: boolean) {
  const source = {
    taken: 0,
    async run(write: (bytes: Buffer) => Promise<boolean>): Promise<void> {
      const block = chunked ? chunk(BLOCK) : BLOCK;
      while (source.taken < TOTAL && (await write(block))) source.taken += BLOCK.length;
      if (chunked) await write(Buffer.from('0\r\n\r\n'));
    },
  };
  return source;
}

async function expectBounded({ balancer }: World, before: number, taken: () => number): Promise<void> {
  let settled = -1;
  while (settled !== taken()) {
    settled = taken();
    await sleep(150);
  }
  expect(settled, 'bytes taken while nobody reads').toBeLessThan(IN_FLIGHT);
  expect(balancer.residentBytes() - before, 'growth of the resident memory').toBeLessThan(RSS_GROWTH);
}

async function download(world: World, framing: 'length' | 'chunked'): Promise<void> {
  const source = createSource(framing === 'chunked');
  const head = framing === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${TOTAL}`;
  world.a.onRequest = async (exchange) => {
    await exchange.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
    await source.run((bytes) => exchange.write(bytes));
  };
  const before = world.balancer.residentBytes();
  const client = await rawClient(world.port.main);
  client.pause();
  await client.send(get('/big'));
  await until('the source is at work', () => source.taken > 0);
  await expectBounded(world, before, () => source.taken);
  client.resume();
  const response = await client.response(0);
  expect([response.bodyBytes, response.bodyHash]).toEqual([TOTAL, WHOLE_HASH]);
  expect(world.balancer.residentBytes() - before).toBeLessThan(RSS_GROWTH_AFTER);
  client.close();
}

async function upload(world: World, framing: 'length' | 'chunked'): Promise<void> {
  const source = createSource(framing === 'chunked');
  let sink: Exchange | undefined;
  world.a.onHead = (exchange) => {
    sink = exchange;
    exchange.pause();
  };
  const head = framing === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${TOTAL}`;
  const before = world.balancer.residentBytes();
  const client = await rawClient(world.port.main);
  await client.send(`POST /big HTTP/1.1\r\nHost: a.example\r\n${head}\r\n\r\n`);
  await until('the head', () => sink !== undefined);
  const sent = source.run((bytes) => writeFully(client.socket, bytes));
  await expectBounded(world, before, () => source.taken);
  sink!.resume();
  await sent;
  await client.response(0);
  expect([world.a.requests[0]!.bodyBytes, world.a.requests[0]!.bodyHash]).toEqual([TOTAL, WHOLE_HASH]);
  expect(world.balancer.residentBytes() - before).toBeLessThan(RSS_GROWTH_AFTER);
  client.close();
}

export const streaming: Readonly<Record<string, WorldScenario>> = {
  '128 MiB by length to a slow reader': (world) => download(world, 'length'),
  '128 MiB in chunks to a slow reader': (world) => download(world, 'chunked'),
  '128 MiB by length to a slow sink': (world) => upload(world, 'length'),
  '128 MiB in chunks to a slow sink': (world) => upload(world, 'chunked'),
  'a client that leaves in the middle of an answer closes the backend connection': async ({ port, a }) => {
    const source = createSource(false);
    let over = false;
    a.onRequest = async (exchange) => {
      void exchange.closed.then(() => {
        over = true;
      });
      await exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`);
      await source.run((bytes) => exchange.write(bytes));
    };
    const client = await rawClient(port.main);
    client.pause();
    await client.send(get('/big'));
    await until('the source is at work', () => source.taken > 0);
    client.reset();
    await until('the backend connection closed', () => over);
    expect(source.taken).toBeLessThan(TOTAL);
  },
};

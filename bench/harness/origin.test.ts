import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '../../conformance/harness/sockets.ts';
import { bulkSource, receiveBulk } from './bulk.ts';
import { acceptsTcp, startProgram, temporaryDirectory, untilReady } from './processes.ts';

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const command = [process.execPath, join(import.meta.dir, 'origin.ts'), '127.0.0.1', String(port)];
const directory = temporaryDirectory();
const origin = startProgram({ name: 'origin', command, directory });
await untilReady(origin, () => acceptsTcp(port));
afterAll(async () => {
  await origin.stop();
  rmSync(directory, { recursive: true });
});

const answers = [
  { path: '/small', status: 200, bytes: 120 },
  { path: '/16k', status: 200, bytes: 16_384 },
  { path: '/1m', status: 200, bytes: 1_048_576 },
  { path: '/chunked', status: 200, bytes: 8192 },
  { path: '/health', status: 200, bytes: 3 },
  { path: '/absent', status: 404, bytes: 13 },
];
test.each(answers)('$path answers $status with $bytes bytes', async ({ path, status, bytes }) => {
  const response = await fetch(url + path);
  expect(response.status).toBe(status);
  expect((await response.arrayBuffer()).byteLength).toBe(bytes);
});

test('a slow reader gets all of it', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  let bytes = 0;
  const socket = connect(port, '127.0.0.1').on('data', (piece) => {
    bytes += piece.length;
    socket.pause();
    setTimeout(() => socket.resume(), 2);
  });
  socket.on('close', () => resolve(bytes));
  socket.write('GET /1m HTTP/1.1\r\nConnection: close\r\n\r\n');
  expect(await promise).toBeGreaterThan(1_048_576);
});

test('counts answers, without health checks', async () => {
  const before = Number(await (await fetch(`${url}/served`)).text());
  for (const path of ['/small', '/health', '/16k']) await (await fetch(url + path)).arrayBuffer();
  expect(Number(await (await fetch(`${url}/served`)).text())).toBe(before + 2);
});

test('reads a body in pieces and goes on with the next request', async () => {
  for (const bytes of [0, 1, 65_536]) {
    const response = await fetch(url, { method: 'POST', body: new Uint8Array(bytes) });
    expect(response.status).toBe(200);
    expect((await response.text()).length).toBe(120);
  }
});

/** Sends pieces apart from each other and gives all that came until the server closed. */
function exchange(pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setNoDelay(true).on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    socket.on('close', () => resolve(text)).on('error', reject);
    const send = (index: number): void => {
      if (index < pieces.length) socket.write(pieces[index]!, () => setImmediate(send, index + 1));
    };
    send(0);
  });
}

const splits = [
  { why: 'a head in two pieces', pieces: ['GET /small HTTP/1.1\r\nHost: a\r\nConnec', 'tion: close\r\n\r\n'] },
  { why: 'a head cut in its end', pieces: ['GET /small HTTP/1.1\r\nConnection: close\r\n\r', '\n'] },
  { why: 'HTTP/1.0', pieces: ['GET /small HTTP/1.0\r\n\r\n'] },
  { why: 'a body apart', pieces: ['POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 3\r\n\r\n', 'ab', 'c'] },
];
test.each(splits)('$why is answered once, then closed', async ({ pieces }) => {
  const text = await exchange(pieces);
  expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(1);
});

test('bulk sends what was asked for, in order', async () => {
  const source = bulkSource('127.0.0.1', 0);
  await receiveBulk(source.port, 3, 5_000_001);
  source.stop();
});

test('bulk notices bytes that are wrong', async () => {
  const wrong = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data: (socket) => void socket.end('\u0001\u0002') },
  });
  await expect(receiveBulk(wrong.port, 1, 2)).rejects.toThrow('wrong byte');
  wrong.stop();
});

test('bulk notices bytes that are missing', async () => {
  const short = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data: (socket) => void socket.end('\u0000\u0001') },
  });
  await expect(receiveBulk(short.port, 1, 3)).rejects.toThrow('2 bytes came instead of 3');
  short.stop();
});

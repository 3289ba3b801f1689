import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createTransport } from '../../transport/detect.ts';
import type { SocketAddress } from '../../transport/transport.ts';
import { createScheduler } from '../membership/scheduler.ts';
import { fakeScheduler } from '../testing/fake-scheduler.ts';
import { type CheckResult, runCheck } from './check.ts';
import { createProbe } from './registry.ts';
import { HealthConfig } from './schema.ts';

const scheduler = createScheduler();
const handlerErrors: unknown[] = [];
const transport = createTransport({ onHandlerError: (error) => handlerErrors.push(error) });
const clock = { now: () => performance.now() };
const servers: Server[] = [];
const sockets = new Set<Socket>();
/** Runs when a server saw a connection end. */
let onGone = (): void => {};

afterEach(() => {
  expect(handlerErrors.splice(0)).toEqual([]);
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function serve(
  behave: (socket: Socket) => void,
  where: ListenOptions = { host: '127.0.0.1', port: 0 },
  allowHalfOpen = false,
) {
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      sockets.delete(socket);
      onGone();
    });
    behave(socket);
    // A socket that nobody reads never hears of the other's FIN.
    socket.resume();
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(where, listening));
  return server;
}

const addressOf = (server: Server): SocketAddress => {
  const { address, port } = server.address() as AddressInfo;
  return { kind: 'tcp', host: address, port };
};

/** A port that nobody listens on: it was ours a moment ago. */
async function refusingAddress(): Promise<SocketAddress> {
  const server = await serve(() => {});
  const address = addressOf(server);
  await new Promise((closed) => server.close(closed));
  return address;
}

/** The server sees every connection of a check end, also of one that timed out. */
const allGone = (): Promise<void> =>
  new Promise((resolve) => {
    onGone = () => sockets.size === 0 && resolve();
    onGone();
  });

function check(health: object, addresses: readonly SocketAddress[], timeoutMs = 5000): Promise<CheckResult> {
  const options = HealthConfig.parse(health);
  const deps = { probe: createProbe(options, { scheduler, transport }), timeoutMs, scheduler, clock };
  return new Promise((resolve) => runCheck({ addresses, authority: 'api.test:8080' }, deps, resolve));
}

const answer = (text: string) => (socket: Socket) => void socket.once('data', () => socket.end(text));
const ok = answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
const greet = (text: string) => (socket: Socket) => void socket.write(text);
const drip = (head: string, bytes: string) => (socket: Socket) => {
  socket.write(head);
  const timer = setInterval(() => socket.write(bytes), 5);
  socket.once('close', () => clearInterval(timer));
};

describe('http', () => {
  test.each([
    { why: 'a good answer', behave: ok, want: { kind: 'passed', reason: 'status 200' } },
    {
      why: 'an unexpected status',
      behave: answer('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'),
      want: { kind: 'failed', reason: 'status 500, expected 200–399' },
    },
    {
      why: 'a redirect is not followed',
      behave: answer('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
      want: { kind: 'passed', reason: 'status 302' },
    },
    {
      why: 'a status of its own list',
      health: { status: [200, '401-403'] },
      behave: answer('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'),
      want: { kind: 'failed', reason: 'status 503, expected 200, 401–403' },
    },
    { why: 'the text in the body', health: { contains: 'k' }, behave: ok, want: { kind: 'passed' } },
    {
      why: 'another body',
      health: { contains: 'ready' },
      behave: ok,
      want: { kind: 'failed', reason: 'status 200, but the body does not contain "ready"' },
    },
    {
      why: 'a text that two chunks share',
      health: { contains: 'ready' },
      behave: answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nre\r\n3\r\nady\r\n0\r\n\r\n'),
      want: { kind: 'passed' },
    },
    {
      why: 'an informational answer before the real one',
      behave: answer('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'),
      want: { kind: 'passed', reason: 'status 204' },
    },
    {
      why: 'an answer to HEAD, whose length is that of no body',
      health: { method: 'HEAD' },
      behave: greet('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'),
      want: { kind: 'passed' },
    },
    {
      why: 'garbage',
      behave: greet('SSH-2.0-OpenSSH_9.2\r\n'),
      want: { kind: 'failed', reason: 'the answer is not HTTP' },
    },
    {
      why: 'a close before the answer',
      behave: (socket: Socket) => void socket.once('data', () => socket.end()),
      want: { kind: 'failed', reason: 'connection closed before the end of the answer' },
    },
    {
      why: 'half a body',
      behave: answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'),
      want: { kind: 'failed', reason: 'connection closed before the end of the answer' },
    },
    {
      why: 'a chunk that is none',
      behave: answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n'),
      want: { kind: 'failed', reason: 'the answer is not HTTP' },
    },
    {
      why: 'a head beyond all measure',
      behave: answer(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`),
      want: { kind: 'failed', reason: 'the answer has too long a head' },
    },
    {
      why: 'a switch of protocols',
      behave: answer('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
      want: { kind: 'failed' },
    },
    {
      why: 'an endless body: 64 KiB are enough',
      behave: drip('HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(50_000)),
      want: { kind: 'passed', reason: 'status 200' },
    },
    {
      why: 'an endless body without the text',
      health: { contains: 'y' },
      behave: drip('HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(50_000)),
      want: { kind: 'failed', reason: 'status 200, but the body does not contain "y"' },
    },
  ])('$why', async ({ health, behave, want }) => {
    const address = addressOf(await serve(behave));
    expect(await check({ type: 'http', ...health }, [address])).toMatchObject(want);
    await allGone();
  });

  test.each([
    { why: 'accepts and never answers', behave: () => {} },
    { why: 'a head that never ends', behave: drip('HTTP/1.1 200 OK\r\n', 'x: y\r\n') },
    { why: 'a body that drips', behave: drip('HTTP/1.1 200 OK\r\n\r\n', 'x') },
  ])('$why: timed out and closed', async ({ behave }) => {
    const address = addressOf(await serve(behave));
    const want = { kind: 'failed', reason: 'timed out after 60ms' };
    expect(await check({ type: 'http' }, [address], 60)).toMatchObject(want);
    await allGone();
  });

  test('asks as configured', async () => {
    const asked: string[] = [];
    const behave = (socket: Socket) => {
      socket.once('data', (bytes) => asked.push(`${bytes}`));
      ok(socket);
    };
    const address = addressOf(await serve(behave));
    await check({ type: 'http', path: '/health?deep=1', method: 'HEAD' }, [address]);
    await check({ type: 'http', headers: { Host: 'other.test', 'X-Check': 'yes' } }, [address]);
    expect(asked[0]).toMatch(/^HEAD \/health\?deep=1 HTTP\/1\.1\r\n/);
    expect(asked[0]).toMatch(/\r\nhost: api\.test:8080\r\n/i);
    expect(asked[0]).toMatch(/\r\nconnection: close\r\n/i);
    expect(asked[1]).toMatch(/\r\nhost: other\.test\r\n/i);
    expect(asked[1]?.match(/^host:/gim)).toHaveLength(1);
    expect(asked[1]).toMatch(/\r\nx-check: yes\r\n/i);
  });
});

describe.each(['http', 'tcp'])('%s', (type) => {
  test('refused', async () => {
    expect(await check({ type }, [await refusingAddress()])).toMatchObject({
      kind: 'failed',
      reason: 'connect refused',
    });
  });

  test('another address of the endpoint serves when the first cannot be reached', async () => {
    const addresses = [await refusingAddress(), addressOf(await serve(ok))];
    expect(await check({ type }, addresses)).toMatchObject({ kind: 'passed' });
    await allGone();
  });

  test('IPv6', async () => {
    const address = addressOf(await serve(ok, { host: '::1', port: 0 }));
    expect(await check({ type }, [address])).toMatchObject({ kind: 'passed' });
  });

  test('a unix socket, and none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'probe-'));
    const path = join(folder, 'socket');
    await serve(ok, { path });
    expect(await check({ type }, [{ kind: 'unix', path }])).toMatchObject({ kind: 'passed' });
    const missing = { kind: 'unix', path: join(folder, 'none') } as const;
    expect(await check({ type }, [missing])).toMatchObject({ kind: 'failed', reason: 'no such socket' });
    rmSync(folder, { recursive: true });
  });

  test('stopped: closed, and nothing is reported', async () => {
    let accepted = (): void => {};
    const connection = new Promise<void>((resolve) => (accepted = resolve));
    const address = addressOf(await serve(() => accepted()));
    const probe = createProbe(HealthConfig.parse({ type: 'http' }), { scheduler, transport });
    const reports: CheckResult[] = [];
    const deps = { probe, timeoutMs: 5000, scheduler, clock };
    const run = runCheck({ addresses: [address], authority: 'x' }, deps, (result) => reports.push(result));
    await connection;
    run.stop();
    await allGone();
    expect(reports).toEqual([]);
  });
});

describe('tcp', () => {
  test('closes with FIN, though the endpoint talks first', async () => {
    let ending = '';
    const behave = (socket: Socket) => {
      socket.write('220 mail.test ready\r\n');
      socket.once('end', () => (ending = 'FIN'));
      socket.on('error', () => (ending = 'reset'));
      socket.resume();
    };
    expect(await check({ type: 'tcp' }, [addressOf(await serve(behave))])).toMatchObject({ kind: 'passed' });
    await allGone();
    expect(ending).toBe('FIN');
  });

  test.each([
    { why: 'an endpoint that closes its side: at once', halfOpen: false },
    { why: 'an endpoint that does not: after a second', halfOpen: true },
  ])('leaves nothing open, $why', async ({ halfOpen }) => {
    const time = fakeScheduler();
    const server = await serve((socket) => void socket.write('x'.repeat(100)), undefined, halfOpen);
    const probe = createProbe(HealthConfig.parse({ type: 'tcp' }), { scheduler: time, transport });
    await new Promise((passed) => probe.start({ address: addressOf(server), authority: 'x' }, passed));
    expect(time.pending).toBe(1);
    if (halfOpen) time.advance(1000);
    while (time.pending > 0) await new Promise((turn) => setImmediate(turn));
    if (halfOpen) for (const socket of sockets) socket.write('is anybody there?');
    await allGone();
  });
});

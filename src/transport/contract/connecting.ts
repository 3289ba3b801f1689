import { once } from 'node:events';
import { createServer, type Socket as NetSocket, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SocketAddress } from '../transport.ts';
import { type CreateSubject, closeOf, readToEnd, recordingHandlers, Side, settle } from './side.ts';

/** Connections that we make. */
export function describeConnecting(create: CreateSubject): void {
  describe.each(['connect', 'connectCancellably'] as const)('%s', (connect) => {
    test('opens with the data given, later than the call', async () => {
      const server = await netServer();
      const side = new Side();
      create().transport[connect](server.address, recordingHandlers(), side);
      expect(side.events).toEqual([]);
      await side.has('open');
      expect(side.socket.data).toBe(side);
      expect(side.socket.remoteAddress).toBe('127.0.0.1');
      expect(side.socket.remotePort).toBe(server.port);
      side.socket.terminate();
      server.close();
    });

    test.each([
      { why: 'a closed port', address: () => closedPort(), want: 'connectError refused' },
      { why: 'a closed port over IPv6', address: () => closedPort('::1'), want: 'connectError refused' },
      { why: 'a missing unix socket', address: () => missingSocket(), want: 'connectError not-found' },
      { why: 'a unix path that is too long', address: () => overlongSocket(), want: 'connectError other' },
      { why: 'an impossible port', address: () => impossiblePort(), want: 'connectError other' },
    ])('$why is reported once, later than the call, without open or close (P7)', async ({ address, want }) => {
      const subject = create();
      const side = new Side();
      const target = await address();
      subject.transport[connect](target, recordingHandlers(), side);
      expect(side.events).toEqual([]);
      await side.until(({ events }) => events.length > 0);
      await settle();
      expect(side.events).toEqual([want]);
      expect(subject.handlerErrors).toEqual([]);
    });

    test('a connection given up is terminated when it opens late (P8)', async () => {
      const server = await netServer();
      const side = new Side();
      const gone = server.nextSocket().then((socket) => closeOf(socket.resume()));
      create().transport[connect](server.address, recordingHandlers({ open: (socket) => socket.terminate() }), side);
      await side.has('close');
      await gone;
      await settle();
      // Bun reports close while open still runs.
      expect([...side.story].sort()).toEqual(['close', 'open']);
      server.close();
    });

    test("the server's FIN leaves our direction open (P4)", async () => {
      const server = await netServer();
      const side = new Side();
      const accepted = server.nextSocket();
      create().transport[connect](server.address, recordingHandlers(), side);
      const peer = await accepted;
      peer.end();
      await side.has('end');
      await settle();
      expect(side.story).toEqual(['open', 'end']);
      expect(side.socket.write(Buffer.from('last words'), 0, 10)).toBe(10);
      side.socket.close();
      expect((await readToEnd(peer)).toString()).toBe('last words');
      server.close();
    });

    test('a server that resets at once has one outcome, whichever the kernel gives', async () => {
      const server = await netServer();
      const side = new Side();
      void server.nextSocket().then((socket) => socket.resetAndDestroy());
      create().transport[connect](server.address, recordingHandlers(), side);
      await side.until(({ events }) => events.some((event) => event === 'close' || event.startsWith('connectError')));
      await settle();
      expect(['open close', 'connectError other']).toContain(side.story.join(' '));
      server.close();
    });
  });

  describe('cancelling a connect', () => {
    test.each([
      { why: 'that fails', address: () => closedPort() },
      { why: 'that cannot begin', address: () => impossiblePort() },
    ])('$why: nothing is reported', async ({ address }) => {
      const subject = create();
      const side = new Side();
      const cancel = subject.transport.connectCancellably(await address(), recordingHandlers(), side);
      cancel();
      await settle();
      cancel();
      expect(side.events).toEqual([]);
      expect(subject.handlerErrors).toEqual([]);
    });

    test('under way: nothing is reported, and the peer sees no connection stay', async () => {
      const server = await netServer();
      const seen = server.nextSocket().then((socket) => closeOf(socket.resume()));
      const { transport } = create();
      const cancelled = new Side();
      transport.connectCancellably(server.address, recordingHandlers(), cancelled)();
      // Cancelled before or after the handshake: the kernel decides. One that follows is certain to arrive.
      const side = new Side();
      transport.connect(server.address, recordingHandlers({ open: (socket) => socket.terminate() }), side);
      await side.has('close');
      await seen;
      expect(cancelled.events).toEqual([]);
      server.close();
    });

    test('does nothing to one that is open', async () => {
      const server = await netServer();
      const side = new Side();
      const cancel = create().transport.connectCancellably(server.address, recordingHandlers(), side);
      await side.has('open');
      cancel();
      expect(side.socket.write(Buffer.from('x'), 0, 1)).toBe(1);
      side.socket.terminate();
      server.close();
    });
  });
}

interface TestServer {
  readonly address: SocketAddress;
  readonly port: number;
  nextSocket(): Promise<NetSocket>;
  close(): void;
}

async function netServer(host = '127.0.0.1'): Promise<TestServer> {
  const server: Server = createServer({ allowHalfOpen: true });
  server.on('connection', (socket) => socket.on('error', () => {}));
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    address: { kind: 'tcp', host, port },
    port,
    nextSocket: async () => ((await once(server, 'connection')) as [NetSocket])[0],
    close: () => server.close(),
  };
}

async function closedPort(host = '127.0.0.1'): Promise<SocketAddress> {
  const server = await netServer(host);
  server.close();
  return server.address;
}

function missingSocket(): Promise<SocketAddress> {
  return Promise.resolve({ kind: 'unix', path: join(tmpdir(), 'equipoise-no-such.sock') });
}

function overlongSocket(): Promise<SocketAddress> {
  return Promise.resolve({ kind: 'unix', path: join(tmpdir(), 'x'.repeat(120)) });
}

function impossiblePort(): Promise<SocketAddress> {
  return Promise.resolve({ kind: 'tcp', host: '127.0.0.1', port: 70000 });
}

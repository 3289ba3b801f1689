import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as netConnect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { plainAddress } from '../address.ts';
import type { SocketAddress } from '../transport.ts';
import { accepting, type CreateSubject, connectPeer, recordingHandlers, Side, settle } from './side.ts';

const HAS_IPV6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
const SOCKET_TABLE = readSocketTable();

/** Listeners: TCP over both families, and unix sockets. */
export function describeListening(create: CreateSubject): void {
  describe('listen on tcp', () => {
    test('port 0 gives the real port', async () => {
      const server = await accepting(create().transport);
      expect(server.port).toBeGreaterThan(0);
      expect(server.listener.address).toEqual({ kind: 'tcp', host: '127.0.0.1', port: server.port });
      server.listener.stop();
    });

    test('tells both addresses of a connection', async () => {
      const server = await accepting(create().transport);
      const peer = await connectPeer(server.port);
      const { socket } = await server.nextSide();
      expect([socket.remoteAddress, socket.remotePort]).toEqual(['127.0.0.1', peer.localPort ?? -1]);
      expect([socket.localAddress, socket.localPort]).toEqual(['127.0.0.1', server.port]);
      peer.destroy();
      server.listener.stop();
    });

    test('a port in use is an error that says where and what to do', async () => {
      const { transport } = create();
      const server = await accepting(transport);
      const again = transport.listen(server.listener.address, recordingHandlers());
      await expect(again).rejects.toMatchObject({
        code: 'listen-failed',
        message: `cannot listen on 127.0.0.1:${server.port}: the address is in use; stop the process that holds it or choose another one (EADDRINUSE)`,
      });
      server.listener.stop();
    });

    test('listeners share an address where each of them wants to, and the runtime can', async () => {
      const { transport } = create();
      const any = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
      if (!transport.canShare) {
        await expect(transport.listen(any, recordingHandlers(), true)).rejects.toMatchObject({
          code: 'runtime-unsupported',
        });
        return;
      }
      const first = await transport.listen(any, recordingHandlers(), true);
      const second = await transport.listen(first.address, recordingHandlers(), true);
      expect(second.address).toEqual(first.address);
      await expect(transport.listen(first.address, recordingHandlers())).rejects.toMatchObject({
        code: 'listen-failed',
      });
      first.stop();
      second.stop();
    });

    test('an address of another machine is an error that says so', async () => {
      const elsewhere = create().transport.listen({ kind: 'tcp', host: '203.0.113.7', port: 0 }, recordingHandlers());
      await expect(elsewhere).rejects.toMatchObject({
        code: 'listen-failed',
        message: expect.stringContaining('no network interface of this machine has that address'),
      });
    });

    test('stop refuses new connections; established ones live on (P21)', async () => {
      const server = await accepting(create().transport);
      const peer = await connectPeer(server.port);
      const side = await server.nextSide();
      server.listener.stop();
      await settle();
      await expect(connectPeer(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      peer.write('still here');
      await side.has('data');
      expect(side.text).toBe('still here');
      peer.destroy();
    });

    test.skipIf(SOCKET_TABLE === undefined)("the backlog is 4096, or the system's limit (P11)", async () => {
      const { transport, honoursBacklog } = create();
      const server = await accepting(transport);
      const line = readSocketTable()
        ?.split('\n')
        .find((each) => each.includes(`127.0.0.1:${server.port} `));
      const limit = Number(readFileSync('/proc/sys/net/core/somaxconn', 'latin1'));
      // State, Recv-Q, Send-Q: for a listener the third is its backlog.
      expect(Number(line?.split(/\s+/)[2])).toBe(Math.min(honoursBacklog ? 4096 : 512, limit));
      server.listener.stop();
    });

    test.skipIf(!HAS_IPV6)('IPv6 loopback', async () => {
      const server = await accepting(create().transport, {}, '::1');
      const peer = await connectPeer(server.port, '::1');
      const side = await server.nextSide();
      expect(side.socket.remoteAddress).toBe('::1');
      peer.destroy();
      server.listener.stop();
    });

    test.skipIf(!HAS_IPV6)(':: takes IPv4 as well, in the mapped form', async () => {
      const server = await accepting(create().transport, {}, '::');
      const peer = await connectPeer(server.port, '127.0.0.1');
      const side = await server.nextSide();
      expect(side.socket.remoteAddress).toBe('::ffff:127.0.0.1');
      expect(plainAddress(side.socket.remoteAddress)).toBe('127.0.0.1');
      peer.destroy();
      server.listener.stop();
    });
  });

  describe('listen on a unix socket', () => {
    let directory: string;
    let address: SocketAddress & { kind: 'unix' };
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'equipoise-'));
      address = { kind: 'unix', path: join(directory, 'x.sock') };
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    test('both ends speak, without addresses; stop removes the file', async () => {
      const { transport } = create();
      const accepted: Side[] = [];
      const echo = recordingHandlers(
        { data: (socket, bytes) => void socket.write(bytes, 0, bytes.byteLength) },
        (side) => accepted.push(side),
      );
      const listener = await transport.listen(address, echo);
      const side = new Side();
      transport.connect(address, recordingHandlers(), side);
      await side.has('open');
      side.socket.write(Buffer.from('over the file'), 0, 13);
      await side.until(({ text }) => text === 'over the file');
      for (const { socket } of [side, accepted[0]!]) {
        expect([socket.remoteAddress, socket.remotePort, socket.localAddress, socket.localPort]).toEqual([
          '',
          0,
          '',
          0,
        ]);
      }
      side.socket.terminate();
      listener.stop();
      await settle();
      expect(existsSync(address.path)).toBe(false);
    });

    test('a stale file of a server that crashed is replaced (P9)', async () => {
      await leaveStaleFile(address.path);
      const listener = await create().transport.listen(address, recordingHandlers());
      const peer = netConnect(address.path);
      await once(peer, 'connect');
      peer.destroy();
      listener.stop();
    });

    test('a live server keeps its file', async () => {
      const { transport } = create();
      const listener = await transport.listen(address, recordingHandlers());
      await expect(transport.listen(address, recordingHandlers())).rejects.toMatchObject({
        code: 'listen-failed',
        message: `cannot listen on unix:${address.path}: another process listens there; stop it or choose another path (EADDRINUSE)`,
      });
      expect(existsSync(address.path)).toBe(true);
      listener.stop();
    });

    test('a file that is no socket is left alone', async () => {
      writeFileSync(address.path, 'precious');
      const attempt = create().transport.listen(address, recordingHandlers());
      await expect(attempt).rejects.toMatchObject({ code: 'listen-failed' });
      expect(readFileSync(address.path, 'latin1')).toBe('precious');
    });

    test.each([
      { why: 'a missing directory', name: 'none/x.sock', want: 'the directory of the socket file does not exist' },
      { why: 'a path that is too long', name: 'x'.repeat(120), want: 'the path is longer than 107 bytes' },
    ])('$why is an error that says so', async ({ name, want }) => {
      const elsewhere: SocketAddress = { kind: 'unix', path: join(directory, name) };
      await expect(create().transport.listen(elsewhere, recordingHandlers())).rejects.toMatchObject({
        code: 'listen-failed',
        message: expect.stringContaining(want),
      });
    });
  });
}

/** Node and Bun unlink the file when a server stops; renamed away meanwhile, it stays as after a crash. */
async function leaveStaleFile(path: string): Promise<void> {
  const server = createServer();
  server.listen(path);
  await once(server, 'listening');
  renameSync(path, `${path}.kept`);
  server.close();
  await once(server, 'close');
  renameSync(`${path}.kept`, path);
}

/** What `ss` says of listeners; undefined where it is not installed. */
function readSocketTable(): string | undefined {
  try {
    return execFileSync('ss', ['-ltn'], { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { accepting, type CreateSubject, connectPeer, pairOf, pattern, readToEnd, Side, settle } from './side.ts';

const MEBIBYTE = 1024 * 1024;
/** More than loopback's kernel buffers of both ends hold together. */
const MORE_THAN_KERNEL_TAKES = 24 * MEBIBYTE;

/** Reading, writing and back-pressure. */
export function describeFlow(create: CreateSubject): void {
  describe('write', () => {
    test('sends the given range only (P2: always offset and length)', async () => {
      const { peer, side } = await pairOf(create().transport);
      expect(side.socket.write(Buffer.from('0123456789'), 3, 4)).toBe(4);
      side.socket.close();
      expect((await readToEnd(peer)).toString()).toBe('3456');
      peer.destroy();
    });

    test('leaves the bytes to the caller, who may change them at once', async () => {
      const { peer, side } = await pairOf(create().transport);
      peer.pause();
      const want: Uint8Array[] = [];
      let isFull = false;
      // Until the kernel is full, so that whoever keeps a reference instead of a copy is found out.
      while (!isFull) {
        const bytes = pattern(200_000, want.length);
        const written = side.socket.write(bytes, 0, bytes.byteLength);
        want.push(bytes.slice(0, written));
        bytes.fill(0);
        isFull = written < bytes.byteLength;
      }
      side.socket.close();
      expect(digest([await readToEnd(peer)])).toBe(digest(want));
      peer.destroy();
    });

    test('accepts a part, then nothing, and drain follows once the peer reads (P1, P5)', async () => {
      const { peer, side } = await pairOf(create().transport);
      peer.pause();
      const accepted = await fillUp(side);
      expect(accepted).toBeLessThan(MORE_THAN_KERNEL_TAKES);
      const drains = side.count('drain');
      await settle();
      expect(side.count('drain')).toBe(drains);
      let received = 0;
      peer.on('data', (chunk: Buffer) => {
        received += chunk.byteLength;
      });
      peer.resume();
      await side.until(() => side.count('drain') > drains);
      side.socket.close();
      await once(peer, 'end');
      expect(received).toBe(accepted);
      peer.destroy();
    });

    test('is negative once the connection is gone', async () => {
      const { side } = await pairOf(create().transport);
      side.socket.terminate();
      await side.has('close');
      expect(side.socket.write(Buffer.from('x'), 0, 1)).toBeLessThan(0);
    });
  });

  describe('pause', () => {
    test('holds data and FIN; resume brings both in order (P3)', async () => {
      const { peer, side } = await pairOf(create().transport, { open: (socket) => socket.pause() });
      peer.end('hello');
      await settle();
      expect(side.story).toEqual(['open']);
      side.socket.resume();
      await side.has('end');
      expect(side.text).toBe('hello');
      expect(side.story).toEqual(['open', 'data', 'end']);
      side.socket.close();
    });

    test('holds the FIN of a peer that sent nothing, also when our own FIN is out', async () => {
      const { peer, side } = await pairOf(create().transport);
      side.socket.pause();
      side.socket.shutdown();
      peer.end();
      await settle();
      expect(side.story).toEqual(['open']);
      side.socket.resume();
      await side.has('close');
      expect(side.story).toEqual(['open', 'end', 'close']);
    });

    test('works from inside data', async () => {
      const { peer, side } = await pairOf(create().transport, { data: (socket) => socket.pause() });
      peer.write('one');
      await side.has('data');
      peer.write('two');
      await settle();
      expect(side.text).toBe('one');
      side.socket.resume();
      await side.until(({ text }) => text === 'onetwo');
      peer.destroy();
    });

    test('bounds what is read ahead, and loses nothing', async () => {
      const { peer, side } = await pairOf(create().transport, { open: (socket) => socket.pause() });
      const bytes = pattern(MORE_THAN_KERNEL_TAKES);
      let isSent = false;
      peer.write(bytes, () => {
        isSent = true;
      });
      await settle();
      expect(isSent).toBe(false);
      expect(side.receivedBytes).toBe(0);
      side.socket.resume();
      await side.until(({ receivedBytes }) => receivedBytes >= bytes.byteLength);
      expect(digest(side.chunks)).toBe(digest([bytes]));
      peer.destroy();
    });

    test('still reports a reset of the peer', async () => {
      const { peer, side } = await pairOf(create().transport, { open: (socket) => socket.pause() });
      peer.resetAndDestroy();
      // Node notices when it next touches the socket; an owner has a time-out for that.
      await settle();
      side.socket.resume();
      await side.has('close');
      expect(side.story).toEqual(['open', 'close']);
    });
  });

  describe('data', () => {
    test("is the receiver's to keep", async () => {
      const { peer, side } = await pairOf(create().transport);
      for (let round = 0; round < 50; round++) {
        peer.write(String(round % 10).repeat(100));
        await side.until(({ receivedBytes }) => receivedBytes === (round + 1) * 100);
      }
      const want = Array.from({ length: 50 }, (_, round) => String(round % 10).repeat(100)).join('');
      expect(side.text).toBe(want);
      peer.destroy();
    });
  });

  test('a relay to a slow reader keeps every byte and a bounded queue', async () => {
    const { transport } = create();
    const bytes = pattern(MORE_THAN_KERNEL_TAKES, 7);
    const sink = await accepting(transport, { open: (socket) => socket.pause() });
    const relay = await startRelay(transport, sink.port);
    const source = await connectPeer(relay.port);
    source.end(bytes);
    const reader = await sink.nextSide();
    while (relay.timesPaused() === 0) await settle();
    reader.socket.resume();
    await reader.has('end');
    expect(digest(reader.chunks)).toBe(digest([bytes]));
    expect(relay.mostQueued()).toBeLessThanOrEqual(512 * 1024);
    reader.socket.terminate();
    source.destroy();
  });
}

/** Writes until the transport takes nothing more; returns how much it took. */
async function fillUp(side: Side): Promise<number> {
  const bytes = new Uint8Array(MORE_THAN_KERNEL_TAKES);
  let accepted = 0;
  let idleRounds = 0;
  while (idleRounds < 3 && accepted < bytes.byteLength) {
    const written = side.socket.write(bytes, accepted, bytes.byteLength - accepted);
    accepted += written;
    // The kernels of both ends may move some more.
    idleRounds = written === 0 ? idleRounds + 1 : 0;
    await settle();
  }
  return accepted;
}

/** The splice that protocols make: pause the source while the target has not taken everything. */
async function startRelay(transport: ReturnType<CreateSubject>['transport'], targetPort: number) {
  let queued: Uint8Array | null = null;
  let queuedFrom = 0;
  let mostQueued = 0;
  let timesPaused = 0;
  let sourceEnded = false;
  const target = new Side();

  function flush(): void {
    if (queued !== null) {
      queuedFrom += Math.max(0, target.socket.write(queued, queuedFrom, queued.byteLength - queuedFrom));
      if (queuedFrom < queued.byteLength) return;
      queued = null;
      source.sides[0]!.socket.resume();
    }
    if (sourceEnded) target.socket.shutdown();
  }

  const source = await accepting(transport, {
    open: (socket) => {
      socket.pause();
      const handlers = {
        open: (upstream: typeof target.socket) => {
          target.socket = upstream;
          socket.resume();
        },
        data: () => {},
        drain: flush,
        end: () => {},
        close: () => {},
        connectError: () => socket.terminate(),
      };
      transport.connect({ kind: 'tcp', host: '127.0.0.1', port: targetPort }, handlers, target);
    },
    data: (socket, bytes) => {
      // The harness keeps chunks for comparison; a relay must not.
      socket.data.chunks.length = 0;
      const written = target.socket.write(bytes, 0, bytes.byteLength);
      if (written === bytes.byteLength) return;
      queued = bytes;
      queuedFrom = Math.max(0, written);
      mostQueued = Math.max(mostQueued, bytes.byteLength - queuedFrom);
      timesPaused++;
      socket.pause();
    },
    end: () => {
      sourceEnded = true;
      flush();
    },
  });
  return { port: source.port, mostQueued: () => mostQueued, timesPaused: () => timesPaused };
}

function digest(chunks: readonly Uint8Array[]): string {
  const hash = createHash('sha1');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { accepting, type CreateSubject, pairOf, pattern, readToEnd, recordingHandlers, Side, settle } from './side.ts';

/** FIN, polite close and reset. */
export function describeClosing(create: CreateSubject): void {
  describe('half-close', () => {
    test("the peer's FIN leaves our direction open (P4)", async () => {
      const { peer, side } = await pairOf(create().transport);
      peer.end('question');
      await side.has('end');
      await settle();
      expect(side.events).not.toContain('close');
      const answer = readToEnd(peer);
      await side.writeAll(pattern(300_000));
      side.socket.close();
      expect((await answer).equals(pattern(300_000))).toBe(true);
      await side.has('close');
    });

    test("our FIN leaves the peer's direction open", async () => {
      const { peer, side } = await pairOf(create().transport);
      side.socket.shutdown();
      await readToEnd(peer);
      await settle();
      peer.write('late ');
      await side.has('data');
      peer.end('data');
      await side.has('end');
      expect(side.text).toBe('late data');
    });

    test('both FINs close once, after end', async () => {
      const { peer, side } = await pairOf(create().transport);
      side.socket.shutdown();
      peer.resume();
      await once(peer, 'end');
      peer.end();
      await side.has('close');
      await settle();
      expect(side.story).toEqual(['open', 'end', 'close']);
    });

    test('a reset after our FIN is a close without end', async () => {
      const { peer, side } = await pairOf(create().transport);
      side.socket.shutdown();
      peer.resume();
      await once(peer, 'end');
      peer.resetAndDestroy();
      await side.has('close');
      expect(side.story).toEqual(['open', 'close']);
    });

    test.each(['close', 'terminate'] as const)('%s after our FIN is a close without end', async (method) => {
      const { peer, side } = await pairOf(create().transport);
      side.socket.shutdown();
      side.socket[method]();
      await side.has('close');
      expect(side.story).toEqual(['open', 'close']);
      peer.destroy();
    });

    test('the FIN of a peer that answers ours comes with its data, once, from connect as well', async () => {
      const { transport } = create();
      const server = await accepting(transport, {
        end: (socket) => void socket.data.writeAll(pattern(400_000)).then(() => socket.shutdown()),
      });
      const side = new Side();
      transport.connect(server.listener.address, recordingHandlers({ open: (socket) => socket.shutdown() }), side);
      await side.has('close');
      expect(side.receivedBytes).toBe(400_000);
      expect(side.story).toEqual(['open', 'data', 'end', 'close']);
      server.listener.stop();
    });

    test('data that came with the FIN is reported before it', async () => {
      const { peer, side } = await pairOf(create().transport);
      peer.end(pattern(500_000));
      await side.has('end');
      expect(side.receivedBytes).toBe(500_000);
      expect(side.story).toEqual(['open', 'data', 'end']);
      side.socket.close();
    });
  });

  describe('close', () => {
    test('loses nothing of what was accepted, however slowly it is read (P5)', async () => {
      const { peer, side } = await pairOf(create().transport);
      peer.pause();
      const bytes = pattern(8 * 1024 * 1024);
      const writing = side.writeAll(bytes).then(() => side.socket.close());
      await settle();
      const received = await readToEnd(peer);
      await writing;
      expect(received.equals(bytes)).toBe(true);
      peer.destroy();
    });

    test('reports close once and nothing else', async () => {
      const { peer, side } = await pairOf(create().transport);
      side.socket.close();
      await side.has('close');
      peer.write('too late');
      await settle();
      expect(side.story).toEqual(['open', 'close']);
      peer.destroy();
    });

    test('closes a paused socket', async () => {
      const { peer, side } = await pairOf(create().transport);
      side.socket.pause();
      side.socket.close();
      peer.resume();
      await once(peer, 'end');
      await side.has('close');
      peer.destroy();
    });
  });

  describe('terminate', () => {
    test('shows the peer a reset', async () => {
      const { peer, side } = await pairOf(create().transport);
      const failure = once(peer, 'error');
      peer.resume();
      side.socket.terminate();
      expect((await failure)[0]).toMatchObject({ code: 'ECONNRESET' });
      await side.has('close');
      expect(side.story).toEqual(['open', 'close']);
    });

    test('twice, and every other call afterwards, is harmless', async () => {
      const { peer, side } = await pairOf(create().transport);
      side.socket.terminate();
      side.socket.terminate();
      side.socket.pause();
      side.socket.resume();
      side.socket.shutdown();
      side.socket.close();
      await side.has('close');
      await settle();
      expect(side.count('close')).toBe(1);
      peer.destroy();
    });

    test('reports the close of a paused socket whose FIN was held', async () => {
      const { peer, side } = await pairOf(create().transport);
      side.socket.pause();
      side.socket.shutdown();
      peer.end();
      await settle();
      side.socket.terminate();
      await side.has('close');
      expect(side.story).toEqual(['open', 'close']);
    });
  });

  test('a reset by the peer is a close without end', async () => {
    const { peer, side } = await pairOf(create().transport);
    peer.resetAndDestroy();
    await side.has('close');
    await settle();
    expect(side.story).toEqual(['open', 'close']);
  });

  test('what open has read of the remote address stays readable in close', async () => {
    let seen = '';
    const { peer, side } = await pairOf(create().transport, {
      open: ({ remoteAddress }) => {
        seen = remoteAddress;
      },
      close: ({ remoteAddress }) => {
        seen += ` ${remoteAddress}`;
      },
    });
    peer.resetAndDestroy();
    await side.has('close');
    expect(seen).toBe('127.0.0.1 127.0.0.1');
  });
}

import { once } from 'node:events';
import { connect as netConnect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { SocketHandlers } from '../transport.ts';
import {
  accepting,
  type Behaviour,
  type CreateSubject,
  closeOf,
  connectPeer,
  recordingHandlers,
  Side,
  settle,
} from './side.ts';

type HandlerName = keyof SocketHandlers<Side>;

/** An exception in a handler ends that connection and nothing else (P23). */
export function describeFaults(create: CreateSubject): void {
  describe('an exception in a handler', () => {
    test.each<{ handler: HandlerName }>([
      { handler: 'open' },
      { handler: 'data' },
      { handler: 'drain' },
      { handler: 'end' },
    ])('$handler: is reported, resets that connection, and spares the others', async ({ handler }) => {
      const subject = create();
      const bystander = await echoing(subject.transport);
      const server = await accepting(subject.transport, throwingIn(handler));
      // Not `connectPeer`: the reset may come before Node has noticed the connection.
      const peer = netConnect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {});
      peer.pause();
      const closed = closeOf(peer);
      provoke(peer, handler);
      await settle();
      peer.resume();
      await closed;
      await settle();
      expect(subject.handlerErrors.map(String)).toEqual([`Error: thrown by ${handler}`]);
      expect(await bystander.echo('alive')).toBe('alive');
      bystander.close();
      server.listener.stop();
    });

    test('close: is reported once; the process lives on', async () => {
      const subject = create();
      const server = await accepting(subject.transport, throwingIn('close'));
      const peer = await connectPeer(server.port);
      const side = await server.nextSide();
      peer.destroy();
      await side.has('end');
      side.socket.close();
      await side.has('close');
      await settle();
      expect(subject.handlerErrors.map(String)).toEqual(['Error: thrown by close']);
      server.listener.stop();
    });

    test('connectError: is reported once; the process lives on', async () => {
      const subject = create();
      const server = await accepting(subject.transport);
      server.listener.stop();
      await settle();
      const side = new Side();
      subject.transport.connect(server.listener.address, recordingHandlers(throwingIn('connectError')), side);
      await side.has('connectError refused');
      await settle();
      expect(subject.handlerErrors.map(String)).toEqual(['Error: thrown by connectError']);
    });
  });
}

function throwingIn(handler: HandlerName): Behaviour {
  const fill = new Uint8Array(16 * 1024 * 1024);
  const behaviour: Behaviour = {
    [handler]: () => {
      throw new Error(`thrown by ${handler}`);
    },
  };
  // A short write, so that a drain follows.
  if (handler === 'drain') behaviour.open = (socket) => void socket.write(fill, 0, fill.byteLength);
  return behaviour;
}

function provoke(peer: Awaited<ReturnType<typeof connectPeer>>, handler: HandlerName): void {
  if (handler === 'data') peer.write('x');
  if (handler === 'end') peer.end();
}

async function echoing(transport: ReturnType<CreateSubject>['transport']) {
  const server = await accepting(transport, {
    data: (socket, bytes) => void socket.write(bytes, 0, bytes.byteLength),
  });
  const peer = await connectPeer(server.port);
  return {
    async echo(text: string): Promise<string> {
      peer.write(text);
      return String((await once(peer, 'data'))[0]);
    },
    close(): void {
      peer.destroy();
      server.listener.stop();
    },
  };
}

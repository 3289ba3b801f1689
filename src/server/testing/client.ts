import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { SocketAddress } from '../../transport/transport.ts';

export interface Client {
  readonly socket: Socket;
  /** Resolves with everything received once it contains `text`. */
  sees(text: string): Promise<string>;
  /** How the connection ended: by FIN or by a reset. */
  readonly ended: Promise<'closed' | 'reset'>;
}

/** Connects; rejects when nobody listens. */
export async function openClient(address: SocketAddress): Promise<Client> {
  if (address.kind === 'unix') throw new Error('the test client speaks tcp');
  const socket = connect(address.port, address.host);
  let received = '';
  const waiting = new Set<() => void>();
  socket.on('data', (data) => {
    received += data;
    for (const look of waiting) look();
  });
  await once(socket, 'connect');
  const ended = new Promise<'closed' | 'reset'>((resolve) => {
    socket.on('error', () => resolve('reset'));
    socket.on('close', () => resolve('closed'));
  });
  const sees = (text: string) =>
    new Promise<string>((resolve) => {
      const look = () => received.includes(text) && resolve(received);
      waiting.add(look);
      look();
    });
  return { socket, sees, ended };
}

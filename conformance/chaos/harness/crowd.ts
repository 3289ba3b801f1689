import { connect, type Socket } from 'node:net';
import { adminAt } from '../../harness/admin.ts';
import { sleep } from '../../harness/sockets.ts';
import type { RunningBalancer } from './contenders.ts';

/** A client that only counts what comes. */
export interface Guest {
  readonly socket: Socket;
  readonly receivedBytes: number;
  readonly isOpen: boolean;
  /** Resolves when the connection is there, or cannot be had. */
  readonly settled: Promise<void>;
}

export function arrive(port: number): Guest {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const guest = { socket, receivedBytes: 0, isOpen: false, settled: Promise.resolve() };
  guest.settled = new Promise((resolve) => {
    socket.once('connect', () => {
      guest.isOpen = true;
      resolve();
    });
    socket.once('close', () => {
      guest.isOpen = false;
      resolve();
    });
  });
  socket.on('error', () => {});
  socket.on('end', () => {
    guest.isOpen = false;
  });
  socket.on('data', (bytes: Buffer) => {
    guest.receivedBytes += bytes.length;
  });
  return guest;
}

const AT_ONCE = 200;

/** So many of them, in groups that a listen queue can hold. */
export async function gather(port: number, count: number): Promise<Guest[]> {
  const guests: Guest[] = [];
  while (guests.length < count) {
    const group = Array.from({ length: Math.min(AT_ONCE, count - guests.length) }, () => arrive(port));
    await Promise.all(group.map(({ settled }) => settled));
    guests.push(...group);
  }
  return guests;
}

/** A request that no account is kept of, for an answer of so many bytes. */
export function anonymousRequest(contentBytes: number): string {
  return `GET /guest?content=${contentBytes} HTTP/1.1\r\nHost: chaos.example\r\n\r\n`;
}

/** Our balancer has nothing in flight and no connection of a client left. Throws after 10 s what remains. */
export async function expectEmpty(balancer: RunningBalancer): Promise<void> {
  if (balancer.adminPort === 0) return;
  const admin = adminAt(balancer.adminPort);
  for (const deadline = performance.now() + 10_000; ; await sleep(50)) {
    const [open, inFlight] = [await admin.sum('equipoise_connections_open'), await admin.sum('equipoise_in_flight')];
    if (open === 0 && inFlight === 0) return;
    if (performance.now() > deadline) throw new Error(`${open} connections and ${inFlight} requests are left over`);
  }
}

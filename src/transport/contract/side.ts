import { once } from 'node:events';
import { type Socket as NetSocket, connect as netConnect } from 'node:net';
import type { Listener, Socket, SocketHandlers, Transport } from '../transport.ts';

/** What the suite asks of an adapter. */
export interface ContractSubject {
  readonly transport: Transport;
  /** What handlers threw so far. */
  readonly handlerErrors: readonly unknown[];
  /** False where the runtime below ignores the backlog. */
  readonly honoursBacklog: boolean;
}

export type CreateSubject = () => ContractSubject;
export type Behaviour = Partial<SocketHandlers<Side>>;

const PATIENCE_MS = 4000;

/** One connection under test as its owner sees it: what was reported, in order. */
export class Side {
  socket!: Socket<Side>;
  /** Names of events; successive `data` counts once. */
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  #waiting: (() => void)[] = [];

  record(event: string): void {
    if (event !== 'data' || this.story.at(-1) !== 'data') this.events.push(event);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** The events without `drain`, which may come at any time. */
  get story(): string[] {
    return this.events.filter((event) => event !== 'drain');
  }

  get receivedBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  async until(condition: (side: Side) => boolean): Promise<this> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!condition(this)) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`gave up waiting; events: ${this.events.join(' ')}, ${this.receivedBytes} bytes`);
      await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), delay(left)]);
    }
    return this;
  }

  has(event: string): Promise<this> {
    return this.until(({ events }) => events.includes(event));
  }

  /** Offers all of `bytes`, waiting for drain; resolves when the transport accepted everything. */
  async writeAll(bytes: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < bytes.byteLength) {
      const drains = this.count('drain');
      const written = this.socket.write(bytes, offset, bytes.byteLength - offset);
      if (written < 0) throw new Error('closed while writing');
      offset += written;
      if (offset < bytes.byteLength) await this.until((side) => side.count('drain') > drains);
    }
  }

  count(event: string): number {
    return this.events.filter((each) => each === event).length;
  }
}

/** Handlers that record, then do what `behaviour` says. */
export function recordingHandlers(behaviour: Behaviour = {}, opened: (side: Side) => void = () => {}) {
  const handlers: SocketHandlers<Side> = {
    open(socket) {
      socket.data ??= new Side();
      const side = socket.data;
      side.socket = socket;
      behaviour.open?.(socket);
      opened(side);
      side.record('open');
    },
    data(socket, bytes) {
      socket.data.chunks.push(bytes);
      socket.data.record('data');
      behaviour.data?.(socket, bytes);
    },
    drain(socket) {
      socket.data.record('drain');
      behaviour.drain?.(socket);
    },
    end(socket) {
      socket.data.record('end');
      behaviour.end?.(socket);
    },
    close(socket) {
      socket.data.record('close');
      behaviour.close?.(socket);
    },
    connectError(side, code, systemCode) {
      side.record(`connectError ${code}`);
      behaviour.connectError?.(side, code, systemCode);
    },
  };
  return handlers;
}

/** A listener on loopback and its accepted sides, in order. */
export interface Accepting {
  readonly listener: Listener;
  readonly port: number;
  readonly sides: readonly Side[];
  nextSide(): Promise<Side>;
}

export async function accepting(
  transport: Transport,
  behaviour: Behaviour = {},
  host = '127.0.0.1',
): Promise<Accepting> {
  const sides: Side[] = [];
  const unclaimed: Side[] = [];
  const waiting: ((side: Side) => void)[] = [];
  const opened = (side: Side) => {
    sides.push(side);
    const claim = waiting.shift();
    if (claim) claim(side);
    else unclaimed.push(side);
  };
  const listener = await transport.listen({ kind: 'tcp', host, port: 0 }, recordingHandlers(behaviour, opened));
  const nextSide = () => {
    const side = unclaimed.shift();
    return side ? Promise.resolve(side) : new Promise<Side>((resolve) => waiting.push(resolve));
  };
  return { listener, port: portOf(listener), sides, nextSide };
}

/** An accepted side and the peer that made the connection, which is plain node:net and so independent of the adapter. */
export async function pairOf(transport: Transport, behaviour: Behaviour = {}) {
  const server = await accepting(transport, behaviour);
  const peer = await connectPeer(server.port);
  const side = await server.nextSide();
  return { server, peer, side };
}

export async function connectPeer(port: number, host = '127.0.0.1'): Promise<NetSocket> {
  const peer = netConnect({ port, host, allowHalfOpen: true, noDelay: true });
  await once(peer, 'connect');
  // Resets are part of the suite; `once(peer, 'error')` sees them as well.
  peer.on('error', () => {});
  return peer;
}

export function portOf(listener: Listener): number {
  return listener.address.kind === 'tcp' ? listener.address.port : 0;
}

/** Collects until the peer's end, or fails with the reset. */
export async function readToEnd(peer: NetSocket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  peer.on('data', (chunk: Buffer) => chunks.push(chunk));
  peer.resume();
  await once(peer, 'end');
  return Buffer.concat(chunks);
}

/**
 * Lets everything that is under way on loopback arrive: the proof that something does NOT happen needs a while,
 * since no event announces it.
 */
export function settle(): Promise<void> {
  return delay(40);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when the connection is gone, also by a reset (`once` would reject). */
export function closeOf(peer: NetSocket): Promise<void> {
  return new Promise((resolve) => peer.once('close', () => resolve()));
}

/** Bytes that differ everywhere, so that a lost, doubled or moved piece shows. */
export function pattern(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + seed, 0x9e3779b1);
  return new Uint8Array(words.buffer, 0, length);
}

/**
 * The second adapter, on node:net: insurance, and embedding in Node programs (≥ 20). It has no speed target.
 *
 * Node buffers what the kernel does not take. To keep memory bounded and `write` honest, at most one chunk is given
 * to it at a time; while that waits, `write` accepts nothing and `drain` follows.
 */
import { connect as connectTo, createServer, type Socket as NetSocket, type Server } from 'node:net';
import { EquipoiseError } from '../core/kernel/errors.ts';
import { type ConnectFailure, connectFailure, NO_ADDRESS, reportConnectError } from './connect-error.ts';
import { LISTEN_BACKLOG } from './listen-backlog.ts';
import { listenError } from './listen-error.ts';
import { NodeSocket } from './node-socket.ts';
import type { Listener, SocketAddress, SocketHandlers, Transport, TransportOptions } from './transport.ts';
import { freeUnixPath, isUnixPathShortEnough } from './unix-file.ts';

/** Read ahead of a paused socket, in bytes. */
const READ_AHEAD_BYTES = 64 * 1024;
/** For both directions of a connection; Node applies `highWaterMark` although its types leave it out for `connect`. */
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, highWaterMark: READ_AHEAD_BYTES };

export function createNodeTransport({ onHandlerError }: TransportOptions): Transport {
  async function listen<T>(address: SocketAddress, handlers: SocketHandlers<T>, shared = false): Promise<Listener> {
    if (shared) throw new EquipoiseError('runtime-unsupported', 'Node 20 cannot share an address among listeners');
    if (address.kind === 'unix') await freeUnixPath(address.path);
    const server = createServer(SOCKET_OPTIONS, (socket) => new NodeSocket(socket, handlers, onHandlerError).open());
    await bind(server, address);
    // Accepting may fail later (no descriptors); Node goes on by itself.
    server.on('error', onHandlerError);
    return { address: boundAddress(server, address), stop: () => void server.close() };
  }

  function connectCancellably<T>(address: SocketAddress, handlers: SocketHandlers<T>, data: T): () => void {
    /** Opened, failed or cancelled: the first of them counts. */
    let isOver = false;
    const first = (): boolean => {
      const isFirst = !isOver;
      isOver = true;
      return isFirst;
    };
    const connectError = (...failed: Parameters<typeof handlers.connectError>) => {
      if (first()) handlers.connectError(...failed);
    };
    const fail = (failure: ConnectFailure) => reportConnectError({ connectError }, data, failure, onHandlerError);
    const failed = (error: unknown) => fail(connectFailure(error));
    const socket = dial(address);
    if (socket === undefined) fail(NO_ADDRESS);
    socket?.once('error', failed);
    socket?.once('connect', () => {
      if (!first()) return;
      socket.off('error', failed);
      const adapted = new NodeSocket(socket, handlers, onHandlerError);
      adapted.data = data;
      adapted.open();
    });
    return () => {
      if (first()) socket?.destroy();
    };
  }

  return { name: 'node', canShare: false, listen, connect: connectCancellably, connectCancellably };
}

/** Undefined for an address that is none. */
function dial(address: SocketAddress): NetSocket | undefined {
  if (address.kind === 'unix' && !isUnixPathShortEnough(address.path)) return undefined;
  const where = address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  try {
    return connectTo({ ...where, ...SOCKET_OPTIONS });
  } catch {
    return undefined;
  }
}

function bind(server: Server, address: SocketAddress): Promise<void> {
  const where = address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => reject(listenError(address, error));
    server.once('error', failed);
    try {
      server.listen({ ...where, backlog: LISTEN_BACKLOG }, () => {
        server.off('error', failed);
        resolve();
      });
    } catch (error) {
      failed(error);
    }
  });
}

function boundAddress(server: Server, asked: SocketAddress): SocketAddress {
  const bound = server.address();
  if (asked.kind === 'unix' || bound === null || typeof bound === 'string') return asked;
  return { kind: 'tcp', host: asked.host, port: bound.port };
}

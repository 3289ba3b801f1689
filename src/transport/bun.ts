/**
 * The production adapter: a Bun socket is our `Socket`, its `data` and `drain` handlers are the protocol's own functions.
 *
 * TCP_NODELAY is already on for accepted and made connections (getsockopt gives 1 on both under Bun 1.4.5).
 * SO_REUSEPORT is on only where asked for: a second process on the same port is to be told so.
 */
import type { SocketHandler, TCPSocketListener } from 'bun';
import { openListenBacklog } from './bun-backlog.ts';
import { type ConnectFailure, connectFailure, NO_ADDRESS, reportConnectError } from './connect-error.ts';
import { descriptorsExhausted } from './descriptors.ts';
import { LISTEN_BACKLOG } from './listen-backlog.ts';
import { listenError } from './listen-error.ts';
import { createNodeTransport } from './node.ts';
import { systemCode } from './system-code.ts';
import {
  type Listener,
  NO_PEER,
  type Socket,
  type SocketAddress,
  type SocketHandlers,
  type Transport,
  type TransportOptions,
} from './transport.ts';
import { freeUnixPath } from './unix-file.ts';

type Kind = SocketAddress['kind'];
type BunHandlers = SocketHandler<unknown>;
type AnyHandlers = SocketHandlers<never>;

/** Needs Bun; on Node, creating it throws a ReferenceError. */
export function createBunTransport({ onHandlerError }: TransportOptions): Transport {
  const backlog = openListenBacklog();
  const notes = backlog.note === undefined ? [] : [backlog.note];
  // One translation per set of handlers, not per connection.
  const translated: Record<Kind, WeakMap<AnyHandlers, BunHandlers>> = { tcp: new WeakMap(), unix: new WeakMap() };

  function handlersFor(kind: Kind, handlers: AnyHandlers): BunHandlers {
    let known = translated[kind].get(handlers);
    if (known === undefined) {
      known = translate(kind, handlers, onHandlerError);
      translated[kind].set(handlers, known);
    }
    return known;
  }

  async function listen(address: SocketAddress, handlers: AnyHandlers, shared = false): Promise<Listener> {
    if (address.kind === 'unix') await freeUnixPath(address.path);
    const listener = bind(address, handlersFor(address.kind, handlers), shared);
    const problem = backlog.widen(listener);
    if (problem !== undefined) notes.push(problem);
    return {
      address: address.kind === 'unix' ? address : { kind: 'tcp', host: address.host, port: listener.port },
      stop: () => listener.stop(false),
    };
  }

  function connect(address: SocketAddress, handlers: AnyHandlers, data: unknown): void {
    const socket = handlersFor(address.kind, handlers);
    const where = address.kind === 'unix' ? { unix: address.path } : { hostname: address.host, port: address.port };
    try {
      // The failure is reported by the connectError handler; the promise repeats it.
      Bun.connect({ ...where, allowHalfOpen: true, data, socket } as never).catch(ignore);
    } catch {
      reportConnectError(handlers, data as never, NO_ADDRESS, onHandlerError);
    }
  }

  // Bun cannot end its own connects that are under way; those of its node:net it can.
  const { connectCancellably } = createNodeTransport({ onHandlerError });
  return { name: 'bun', canShare: process.platform === 'linux', notes, listen, connect, connectCancellably };
}

function bind(address: SocketAddress, socket: BunHandlers, shared: boolean): TCPSocketListener<unknown> {
  const { kind } = address;
  const where =
    kind === 'unix' ? { unix: address.path } : { hostname: address.host, port: address.port, reusePort: shared };
  try {
    return Bun.listen({ ...where, allowHalfOpen: true, backlog: LISTEN_BACKLOG, socket } as never);
  } catch (error) {
    throw listenError(address, withDescriptorCode(error));
  }
}

/** Bun gives no code when the process is out of descriptors. */
function withDescriptorCode(error: unknown): unknown {
  if (systemCode(error) !== '' || !descriptorsExhausted()) return error;
  return Object.assign(new Error('the process has no file descriptor left', { cause: error }), { code: 'EMFILE' });
}

function translate(kind: Kind, handlers: AnyHandlers, onHandlerError: (error: unknown) => void): BunHandlers {
  const { open, data, drain, end, close } = handlers as unknown as SocketHandlers<unknown>;
  return {
    data,
    drain,
    open: (socket: OpenSocket) => {
      socket.shutdown = shutdownFirst;
      if (kind === 'unix') Object.defineProperties(socket, UNIX_ADDRESSES);
      else if (socket.remoteAddress === undefined) Object.defineProperties(socket, GONE_ADDRESSES);
      open(socket);
    },
    end: (socket: OpenSocket) => {
      socket.shutdown = shutdownLast;
      end(socket);
    },
    close: (socket: OpenSocket, error?: Error) => {
      if (!finAwaited.delete(socket) || error !== undefined) return close(socket);
      try {
        end(socket);
      } finally {
        close(socket);
      }
    },
    // Bun calls it for an exception in a handler and leaves the connection open.
    error: (socket: OpenSocket, error: Error) => {
      socket.terminate();
      onHandlerError(error);
    },
    connectError: (socket: OpenSocket, error: Error) =>
      reportConnectError(handlers, socket.data as never, failureOf(error), onHandlerError),
  } as unknown as BunHandlers;
}

/** The methods that an open socket may have of its own. */
type OpenSocket = Socket<unknown>;
type Method = (this: OpenSocket) => void;

/**
 * Sockets that were shut down before the peer's FIN came. Bun reports that FIN as a `close` without `end`, which would
 * look like a connection that was cut; so `end` is added, unless the owner closed the socket in the meantime.
 */
const finAwaited = new WeakSet<object>();

/** Replaces the socket's method, at the cost of one property, since nothing else tells who closed first. */
const shutdownFirst: Method = function () {
  finAwaited.add(this);
  this.close = closeByOwner;
  this.terminate = terminateByOwner;
  methodsOf(this).shutdown.call(this);
};

const shutdownLast: Method = function () {
  methodsOf(this).shutdown.call(this);
};

const closeByOwner: Method = function () {
  finAwaited.delete(this);
  methodsOf(this).close.call(this);
};

const terminateByOwner: Method = function () {
  finAwaited.delete(this);
  methodsOf(this).terminate.call(this);
};

function methodsOf(socket: OpenSocket): Record<'shutdown' | 'close' | 'terminate', Method> {
  return Object.getPrototypeOf(socket);
}

/** Bun leaves the addresses of a unix socket undefined. */
const UNIX_ADDRESSES: PropertyDescriptorMap = {
  remoteAddress: { value: '' },
  remotePort: { value: 0 },
  localAddress: { value: '' },
  localPort: { value: 0 },
};

/** A peer that reset its connection before it was accepted has no address any more; what it sent can still be read. */
const GONE_ADDRESSES: PropertyDescriptorMap = {
  remoteAddress: { value: NO_PEER },
  remotePort: { value: 0 },
};

/** Bun reports a lack of descriptors, and some unreachable networks, as ECONNREFUSED. */
function failureOf(error: unknown): ConnectFailure {
  const failure = connectFailure(error);
  return failure.code === 'refused' && descriptorsExhausted() ? NO_DESCRIPTOR : failure;
}

const NO_DESCRIPTOR: ConnectFailure = { code: 'descriptors', systemCode: 'EMFILE' };

function ignore(): void {}

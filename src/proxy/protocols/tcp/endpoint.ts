import type { Socket, SocketHandlers } from '../../../transport/transport.ts';
import { relay, relayDrained, relayEnd } from '../../splice.ts';
import { EndpointConnection } from '../../upstream/endpoint-connection.ts';
import type { ProtocolDeps } from '../protocol.ts';
import type { TcpClient } from './client.ts';

/** The connection to an endpoint that serves one client. */
export class TcpEndpoint extends EndpointConnection {
  #client: TcpClient | null;
  #addressIndex = 0;

  constructor(client: TcpClient, slot: number) {
    super(slot, client.metrics);
    this.#client = client;
    client.listener.deps.timers.arm(this, client.pool.options.timeouts.connect);
    this.#dial();
  }

  #dial(): void {
    const { deps } = this.#client!.listener;
    const address = this.#client!.pool.picker.endpoint(this.slot).addresses[this.#addressIndex];
    if (address === undefined) queueMicrotask(() => this.#failed());
    else if (!deps.descriptors.tryTake()) queueMicrotask(() => this.#failed(true));
    else deps.transport.connect(address, handlersFor(deps), this as TcpEndpoint);
  }

  opened(socket: Socket<TcpEndpoint>, deps: ProtocolDeps): void {
    this.socket = socket as Socket<never>;
    deps.timers.remove(this);
    if (this.#client === null) this.terminate();
    else this.#client.connected();
  }

  connectError(deps: ProtocolDeps): void {
    deps.descriptors.release();
    if (this.#client === null) return;
    const { addresses } = this.#client.pool.picker.endpoint(this.slot);
    if (++this.#addressIndex < addresses.length) this.#dial();
    else this.#failed();
  }

  #failed(isOurs = false): void {
    const client = this.#client;
    if (client === null) return;
    this.#client = null;
    client.listener.deps.timers.remove(this);
    client.connectFailed(isOurs);
  }

  received(bytes: Uint8Array, deps: ProtocolDeps): void {
    if (this.#client === null) return;
    this.countReceived(bytes);
    deps.listenerMetrics.bytesSent(bytes.byteLength);
    this.#client.touch();
    relay(this, this.#client, bytes);
  }

  drained(): void {
    if (this.#client === null) return;
    this.#client.touch();
    relayDrained(this, this.#client);
  }

  ended(): void {
    if (this.#client !== null) relayEnd(this, this.#client);
  }

  closed(deps: ProtocolDeps): void {
    deps.descriptors.release();
    this.socket = null;
    const client = this.#client;
    this.#client = null;
    client?.endpointClosed(this.inputEnded);
  }

  /** The client is gone. */
  abandon(): void {
    this.#client?.listener.deps.timers.remove(this);
    this.#client = null;
    this.terminate();
  }

  onTimeout(): void {
    this.#failed();
  }
}

const handlersByDeps = new WeakMap<ProtocolDeps, SocketHandlers<TcpEndpoint>>();

/** One set of handlers for all connections to endpoints of a listener. */
function handlersFor(deps: ProtocolDeps): SocketHandlers<TcpEndpoint> {
  let handlers = handlersByDeps.get(deps);
  if (handlers === undefined) {
    handlers = {
      open: (socket) => socket.data.opened(socket, deps),
      data: (socket, bytes) => socket.data.received(bytes, deps),
      drain: (socket) => socket.data.drained(),
      end: (socket) => socket.data.ended(),
      close: (socket) => socket.data.closed(deps),
      connectError: (endpoint) => endpoint.connectError(deps),
    };
    handlersByDeps.set(deps, handlers);
  }
  return handlers;
}

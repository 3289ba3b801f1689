import { Tried } from '../../control/picker/picker.ts';
import type { Outcome } from '../../core/kernel/outcome.ts';
import { createPickRequest } from '../../core/kernel/policy.ts';
import { Connection } from '../../transport/connection.ts';
import type { Socket, SocketHandlers } from '../../transport/transport.ts';
import { type ClientSource, ClientSources } from '../client-source.ts';
import type { ListenerOptions } from '../listener-options.ts';
import { WeightedPools } from '../routing/weighted-pools.ts';
import { relay, relayDrained, relayEnd, relayProgress, relayTimeout } from '../splice.ts';
import type { ProtocolDefinition, ProtocolDeps, ProtocolRuntime, ProxyPool } from './protocol.ts';

const pickRequest = createPickRequest();
const outcome: Outcome = { ok: true, latencyMs: -1, neutral: false };

/** Any TCP protocol: a connection in, a connection out, bytes both ways with half-close and back-pressure. */
export const tcp: ProtocolDefinition<'tcp'> = {
  type: 'tcp',
  create: (_name, options, deps) => new TcpListener(options, deps),
};

class TcpListener implements ProtocolRuntime {
  readonly deps: ProtocolDeps;
  #limits: ListenerOptions['limits'];
  readonly #sources: ClientSources;
  readonly #clients = new Set<TcpClient>();
  #pools: ReadonlyMap<string, ProxyPool>;
  #destinations: WeightedPools;

  constructor(options: ListenerOptions, deps: ProtocolDeps) {
    this.deps = deps;
    this.#limits = options.limits;
    this.#sources = new ClientSources([], deps.sources);
    this.#pools = deps.pools;
    this.#destinations = destinationsOf(options);
  }

  configure(options: ListenerOptions, pools: ReadonlyMap<string, ProxyPool>): void {
    this.#limits = options.limits;
    this.#pools = pools;
    this.#destinations = destinationsOf(options);
  }

  get openConnections(): number {
    return this.#clients.size;
  }

  get handlers(): SocketHandlers<never> {
    const handlers: SocketHandlers<TcpClient> = {
      open: (socket) => this.#accept(socket),
      data: (socket, bytes) => socket.data.received(bytes),
      drain: (socket) => socket.data.drained(),
      end: (socket) => socket.data.ended(),
      close: (socket) => socket.data.closed(),
      connectError: () => {},
    };
    return handlers as SocketHandlers<never>;
  }

  #accept(socket: Socket<TcpClient>): void {
    const source = this.#sources.enter(socket.remoteAddress);
    const pool = this.#pools.get(this.#destinations.next())!;
    const client = new TcpClient(this, pool, socket, source);
    socket.data = client;
    const { connections, perSource = Number.POSITIVE_INFINITY } = this.#limits;
    const isAboveSource = source.total > perSource;
    if (isAboveSource || this.#clients.size >= connections || !this.deps.descriptors.tryTakeForClient()) {
      this.deps.listenerMetrics.connectionRefused(isAboveSource ? 'per-source' : 'limit');
      client.terminate();
      return;
    }
    this.#clients.add(client);
    this.deps.listenerMetrics.connectionOpened();
    client.start();
  }

  leave(client: TcpClient): void {
    this.#sources.leave(client.source);
    if (!this.#clients.delete(client)) return;
    this.deps.descriptors.releaseForClient();
    this.deps.listenerMetrics.connectionClosed();
  }

  /** Connections have no end that we could wait for but their own. */
  drain(): void {}

  terminate(): void {
    for (const client of [...this.#clients]) client.terminate();
  }
}

/** A tcp listener has one route, without a match. */
function destinationsOf({ routes }: ListenerOptions): WeightedPools {
  const { pools, pool } = routes[0]!;
  return new WeightedPools(pools ?? [{ pool: pool!, weight: 1 }]);
}

/** A client's connection and the tries to find it an endpoint. */
class TcpClient extends Connection {
  readonly source: ClientSource;
  readonly listener: TcpListener;
  readonly pool: ProxyPool;
  readonly #tried = new Tried();
  #triesLeft: number;
  #slot = -1;
  #ticket = -1;
  #endpoint: TcpEndpoint | null = null;

  constructor(listener: TcpListener, pool: ProxyPool, socket: Socket<TcpClient>, source: ClientSource) {
    super();
    this.listener = listener;
    this.pool = pool;
    this.source = source;
    this.socket = socket as Socket<never>;
    this.#triesLeft = pool.options.retries.attempts;
  }

  /** Reads nothing until an endpoint is there: what was not read can be given to any endpoint. */
  start(): void {
    this.pause();
    this.#pick();
  }

  #pick(): void {
    const { picker } = this.pool;
    pickRequest.clientIp = this.source.ip;
    this.#slot = picker.pick(pickRequest, this.#tried);
    if (this.#slot < 0) this.terminate();
    else {
      this.#ticket = picker.ticket;
      if (this.#tried.size > 0) this.listener.deps.poolMetrics(this.pool.name).retried(this.#slot);
      this.#endpoint = new TcpEndpoint(this, this.#slot);
    }
  }

  connected(): void {
    // It proved itself now; the connection may last for days.
    this.pool.picker.judge(this.#slot, true, this.#ticket);
    this.touch();
    this.resume();
  }

  /** `isOurs`: no descriptor is left to connect with, which says nothing about the endpoint. */
  connectFailed(isOurs: boolean): void {
    const slot = this.#slot;
    if (!isOurs) this.listener.deps.poolMetrics(this.pool.name).connectFailed(slot);
    this.#endpoint = null;
    this.#release(isOurs);
    if (isOurs || this.#triesLeft-- <= 0) {
      this.terminate();
      return;
    }
    this.#tried.add(slot);
    this.#pick();
  }

  received(bytes: Uint8Array): void {
    this.listener.deps.listenerMetrics.bytesReceived(bytes.byteLength);
    this.touch();
    if (this.#endpoint !== null) relay(this, this.#endpoint, bytes);
  }

  drained(): void {
    this.touch();
    if (this.#endpoint !== null) relayDrained(this, this.#endpoint);
    else this.flush();
  }

  ended(): void {
    if (this.#endpoint !== null) relayEnd(this, this.#endpoint);
    else this.terminate();
  }

  /** The endpoint's connection is gone; `politely`: after its FIN. */
  endpointClosed(politely: boolean): void {
    this.#endpoint = null;
    if (politely) this.closeWhenFlushed();
    else this.terminate();
  }

  closed(): void {
    this.socket = null;
    this.listener.deps.timers.remove(this);
    this.listener.leave(this);
    const endpoint = this.#endpoint;
    this.#endpoint = null;
    endpoint?.abandon();
    if (this.#slot !== -1) {
      this.listener.deps.poolMetrics(this.pool.name).request(this.#slot, 0, -1);
      this.#release(true);
    }
  }

  /** Bytes moved: the idle time starts again. */
  touch(): void {
    this.listener.deps.timers.arm(this, this.pool.options.timeouts.idle);
  }

  onTimeout(): void {
    if (this.#endpoint === null) this.terminate();
    else if (relayProgress(this, this.#endpoint)) this.touch();
    else relayTimeout(this, this.#endpoint);
  }

  #release(ok: boolean): void {
    if (this.#slot === -1) return;
    outcome.ok = ok;
    // Connected: judged then; not connected: the client went away, or we could not ask.
    outcome.neutral = ok;
    this.pool.picker.done(this.#slot, outcome, 1, this.#ticket);
    this.#slot = -1;
  }
}

/** The connection to an endpoint that serves one client. */
class TcpEndpoint extends Connection {
  readonly #slot: number;
  #client: TcpClient | null;
  #addressIndex = 0;

  constructor(client: TcpClient, slot: number) {
    super();
    this.#client = client;
    this.#slot = slot;
    client.listener.deps.timers.arm(this, client.pool.options.timeouts.connect);
    this.#dial();
  }

  #dial(): void {
    const { deps } = this.#client!.listener;
    const address = this.#client!.pool.picker.endpoint(this.#slot).addresses[this.#addressIndex];
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
    const { addresses } = this.#client.pool.picker.endpoint(this.#slot);
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

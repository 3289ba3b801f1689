import type { Picker } from '../../../control/picker/picker.ts';
import type { Role } from '../../../control/pool-options.ts';
import { createPickRequest } from '../../../core/kernel/policy.ts';
import type { Refusal } from '../../../telemetry/metrics.ts';
import type { Socket, SocketHandlers } from '../../../transport/transport.ts';
import { ClientSources } from '../../client-source.ts';
import type { DescribedRequest, RequestExplanation } from '../../explanation.ts';
import type { ListenerOptions } from '../../listener-options.ts';
import { WeightedPools } from '../../routing/weighted-pools.ts';
import type { ProtocolDefinition, ProtocolDeps, ProtocolRuntime, ProxyPool } from '../protocol.ts';
import { TcpClient } from './client.ts';
import { ConnectionRecords } from './connection-records.ts';

/** Any TCP protocol: a connection in, a connection out, bytes both ways with half-close and back-pressure. */
export const tcp: ProtocolDefinition<'tcp'> = {
  type: 'tcp',
  create: (name, options, deps) => new TcpListener(name, options, deps),
};

export class TcpListener implements ProtocolRuntime {
  readonly deps: ProtocolDeps;
  readonly #name: string;
  /** Null: nothing is logged or traced. */
  #records: ConnectionRecords | null = null;
  #limits: ListenerOptions['limits'];
  readonly #sources: ClientSources;
  readonly #clients = new Set<TcpClient>();
  #pools: ReadonlyMap<string, ProxyPool>;
  #destinations: WeightedPools;
  #role: Role | null;
  readonly #unwatch: (() => void)[] = [];

  constructor(name: string, options: ListenerOptions, deps: ProtocolDeps) {
    this.deps = deps;
    this.#name = name;
    this.#followWatchers();
    this.#limits = options.limits;
    this.#sources = new ClientSources([], deps.sources);
    this.#pools = deps.pools;
    this.#destinations = destinationsOf(options);
    this.#role = roleOf(options);
    this.#watchRoles();
  }

  configure(options: ListenerOptions, pools: ReadonlyMap<string, ProxyPool>): void {
    this.#followWatchers();
    this.#limits = options.limits;
    this.#pools = pools;
    this.#destinations = destinationsOf(options);
    this.#role = roleOf(options);
    this.#watchRoles();
  }

  #followWatchers(): void {
    this.#records = ConnectionRecords.follow(this.#name, this.#records, this.deps);
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
    this.deps.listenerMetrics.connectionArrived();
    const source = this.#sources.enter(socket.remoteAddress);
    const pool = this.#pools.get(this.#destinations.next())!;
    const client = new TcpClient(this, { pool, role: this.#role }, socket, source);
    socket.data = client;
    const { connections, perSource = Number.POSITIVE_INFINITY } = this.#limits;
    if (source.total > perSource) this.#refuse(client, 'per-source');
    else if (this.#clients.size >= connections) this.#refuse(client, 'limit');
    else if (!this.deps.descriptors.tryTakeForClient()) this.#refuse(client, 'descriptors');
    else {
      this.#clients.add(client);
      this.deps.listenerMetrics.connectionOpened();
      if (this.#records !== null) client.entry = this.#records.begin(source.ip, socket.remotePort ?? 0, pool.name);
      client.start();
    }
  }

  #refuse(client: TcpClient, reason: Refusal): void {
    this.deps.listenerMetrics.connectionRefused(reason);
    client.terminate();
  }

  leave(client: TcpClient): void {
    this.#sources.leave(client.source);
    if (!this.#clients.delete(client)) return;
    this.deps.descriptors.releaseForClient();
    this.deps.listenerMetrics.connectionClosed();
  }

  explain({ from }: DescribedRequest): RequestExplanation {
    const { ip } = this.#sources.of(from);
    const { name, picker } = this.#pools.get(this.#destinations.peek())!;
    const request = { ...createPickRequest(), clientIp: ip };
    return { clientIp: ip, routes: [], pool: name, pick: picker.explain(request, null, this.#role) };
  }

  evict(picker: Picker, slot: number): void {
    for (const client of [...this.#clients]) if (client.isServedBy(picker, slot)) client.evict();
  }

  /** Who asked for a role is not left with an endpoint that has lost it: a replica would refuse its writes, or lose them. */
  #watchRoles(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch();
    if (this.#role === null) return;
    for (const { picker } of this.#pools.values()) {
      const listener = (slot: number) => this.#roleChanged(picker, slot);
      this.#unwatch.push(picker.roles.onChange(listener));
    }
  }

  #roleChanged(picker: Picker, slot: number): void {
    const role = picker.roles.of(slot);
    for (const client of [...this.#clients]) {
      if (client.isServedBy(picker, slot) && client.role !== null && client.role !== role) client.evict();
    }
  }

  /** Connections have no end that we could wait for but their own. */
  drain(): void {}

  terminate(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch();
    for (const client of [...this.#clients]) client.cut();
  }
}

/** A tcp listener has one route, without a match. */
function destinationsOf({ routes }: ListenerOptions): WeightedPools {
  const { pools, pool } = routes[0]!;
  return new WeightedPools(pools ?? [{ pool: pool!, weight: 1 }]);
}

const roleOf = ({ routes }: ListenerOptions): Role | null => routes[0]!.role ?? null;

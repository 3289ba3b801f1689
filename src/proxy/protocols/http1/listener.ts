import { isDeepStrictEqual } from 'node:util';
import type { Picker } from '../../../control/picker/picker.ts';
import type { Clock } from '../../../core/kernel/clock.ts';
import type { ListenerMetrics, Refusal, RequestMetrics } from '../../../telemetry/metrics.ts';
import type { DescriptorBudget } from '../../../transport/descriptors.ts';
import type { TimerEntry, TimerWheel } from '../../../transport/timer-wheel.ts';
import type { Socket, SocketHandlers, Transport } from '../../../transport/transport.ts';
import { type ClientSource, ClientSources } from '../../client-source.ts';
import type { DescribedRequest, RequestExplanation } from '../../explanation.ts';
import type { ListenerOptions, RouteOptions } from '../../listener-options.ts';
import { routeName } from '../../routing/route-name.ts';
import { Router } from '../../routing/router.ts';
import { WeightedPools } from '../../routing/weighted-pools.ts';
import type { ProtocolDeps, ProtocolRuntime, ProxyPool } from '../protocol.ts';
import { ClientConnection } from './client-connection.ts';
import { Exchange } from './exchange.ts';
import { explainRequest } from './explain.ts';
import { Http1Pool } from './pool.ts';
import { fixedAnswers, problemAnswer, redirectAnswer, variant, withLine } from './problem.ts';
import { ONE_WRITE_BYTES } from './request-copy.ts';
import { type HeadLimits, RequestHead } from './request-head.ts';
import { RequestLog } from './request-log.ts';
import { RequestRecords } from './request-records.ts';
import { ResponseHead } from './response-head.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** Room for what is added to a head: forwarding fields, Host, framing, request id. */
const ADDED_BYTES = 4096;
/** Host may stand in a head three times: target, Host, X-Forwarded-Host. */
const HEAD_COPIES = 3;
/** Connections above a limit that may wait for their 503 to be read, out of the descriptors in reserve; others are reset. */
const MAX_REFUSED_OPEN = 8;

/** Where a matched route leads, resolved once per configuration. */
interface Destination {
  readonly route: RouteOptions;
  /** As metrics and logs call it. */
  readonly name: string;
  readonly pool: Http1Pool | null;
  readonly weighted: WeightedPools | null;
  /** Counts what goes to each of its pools, and to `pool`. */
  readonly metricsOf: ReadonlyMap<Http1Pool, RequestMetrics>;
  readonly metrics: RequestMetrics | null;
  /** Of a route that answers by itself; see `fixedAnswers`. */
  readonly answers: readonly Buffer[] | null;
}

/** One http listener at work: what its connections share. */
export class Http1Listener implements ProtocolRuntime {
  options: ListenerOptions;
  readonly transport: Transport;
  readonly timers: TimerWheel;
  readonly clock: Clock;
  readonly descriptors: DescriptorBudget;
  readonly metrics: ListenerMetrics;
  headLimits: HeadLimits;
  /** One of each serves all connections: a head that is complete is dealt with before another one is parsed. */
  requestHead: RequestHead;
  /** For requests that came under former limits, and are sent on now or sent again: it takes what any of those took. */
  copyHead: RequestHead;
  responseHead: ResponseHead;
  scratch: Buffer;
  /** Exchanges that are free for the next request. */
  readonly exchanges: Exchange[] = [];
  readonly upstreams = new Set<UpstreamConnection>();
  /** Null: nothing is logged. */
  requestLog: RequestLog | null = null;
  /** Null: nobody ever wants to know more of a request. */
  records: RequestRecords | null = null;
  isDraining = false;
  readonly #clients = new Set<ClientConnection>();
  readonly #deps: ProtocolDeps;
  #copyLimits: HeadLimits;
  readonly #name: string;
  #sources: ClientSources;
  #router: Router;
  #destinations: readonly Destination[];
  #pools = new Map<string, Http1Pool>();
  #refusedOpen = 0;

  constructor(name: string, options: ListenerOptions, deps: ProtocolDeps) {
    this.options = options;
    this.transport = deps.transport;
    this.timers = deps.timers;
    this.clock = deps.clock;
    this.descriptors = deps.descriptors;
    this.metrics = deps.listenerMetrics;
    this.headLimits = options.limits;
    this.requestHead = new RequestHead(options.limits);
    this.copyHead = new RequestHead(options.limits);
    this.#copyLimits = options.limits;
    this.responseHead = new ResponseHead(options.limits);
    this.scratch = createScratch(options.limits);
    this.#deps = deps;
    this.#name = name;
    this.#followWatchers();
    this.#sources = new ClientSources(options.trustedProxies, deps.sources);
    this.#router = new Router(options.routes);
    this.#destinations = options.routes.map((route) => this.#destination(route, deps.pools));
  }

  configure(options: ListenerOptions, pools: ReadonlyMap<string, ProxyPool>): void {
    const before = this.options;
    this.options = options;
    if (
      before.limits.headBytes !== options.limits.headBytes ||
      before.limits.headerFields !== options.limits.headerFields
    ) {
      this.headLimits = options.limits;
      this.requestHead = new RequestHead(options.limits);
      this.responseHead = new ResponseHead(options.limits);
      this.#copyLimits = mostOf(this.#copyLimits, options.limits);
      this.copyHead = new RequestHead(this.#copyLimits);
      this.scratch = createScratch(this.#copyLimits);
    }
    // Connections that are open keep what was found out about where they come from.
    if (!isDeepStrictEqual(before.trustedProxies, options.trustedProxies)) {
      this.#sources = new ClientSources(options.trustedProxies, this.#deps.sources);
    }
    this.#followWatchers();
    this.#router = new Router(options.routes);
    const former = this.#pools;
    this.#pools = new Map([...former].filter(([name, pool]) => pools.get(name)?.picker === pool.picker));
    for (const [name, pool] of this.#pools) pool.configure(pools.get(name)!);
    this.#destinations = options.routes.map((route) => this.#destination(route, pools));
    const used = new Set(
      options.routes.flatMap((route) => [route.pool, ...(route.pools ?? []).map(({ pool }) => pool)]),
    );
    for (const [name, pool] of former) {
      if (used.has(name) && this.#pools.get(name) === pool) continue;
      pool.retire();
      if (this.#pools.get(name) === pool) this.#pools.delete(name);
    }
  }

  /** The access log and the tracer, where they have changed. */
  #followWatchers(): void {
    const { accessLog, tracing } = this.#deps;
    const log = accessLog?.current ?? null;
    if (log !== (this.requestLog?.log ?? null))
      this.requestLog = log === null ? null : new RequestLog(log, this.#name, this.#deps);
    if (this.records === null || (tracing?.current ?? null) !== this.records.tracer)
      this.records = RequestRecords.of(this.#name, this.#deps, (head, source) => this.clientIpOf(head, source));
  }

  #destination(route: RouteOptions, pools: ReadonlyMap<string, ProxyPool>): Destination {
    const named = route.pools?.map(({ pool }) => pool) ?? (route.pool === undefined ? [] : [route.pool]);
    const name = routeName(route.match);
    const leadsTo = named.map((each) => this.#pool(each, pools));
    return {
      ...{ route, name },
      metricsOf: new Map(leadsTo.map((pool) => [pool, pool.metrics.route(name)])),
      metrics: route.pool === undefined ? null : leadsTo[0]!.metrics.route(name),
      pool: route.pool === undefined ? null : this.#pool(route.pool, pools),
      weighted: route.pools === undefined ? null : new WeightedPools(route.pools),
      answers: route.respond === undefined ? null : fixedAnswers(route.respond),
    };
  }

  #pool(name: string, pools: ReadonlyMap<string, ProxyPool>): Http1Pool {
    let pool = this.#pools.get(name);
    if (pool === undefined) {
      pool = new Http1Pool(pools.get(name)!, this.#deps);
      this.#pools.set(name, pool);
    }
    return pool;
  }

  get openConnections(): number {
    return this.#clients.size;
  }

  get handlers(): SocketHandlers<never> {
    const handlers: SocketHandlers<ClientConnection> = {
      open: (socket) => this.#accept(socket),
      data: (socket, bytes) => socket.data.received(bytes as Buffer),
      drain: (socket) => socket.data.drained(),
      end: (socket) => socket.data.ended(),
      close: (socket) => socket.data.closed(),
      connectError: () => {},
    };
    return handlers as SocketHandlers<never>;
  }

  #accept(socket: Socket<ClientConnection>): void {
    this.metrics.connectionArrived();
    const source = this.#sources.enter(socket.remoteAddress);
    const client = new ClientConnection(this, socket, source);
    socket.data = client;
    const { connections, perSource = Number.POSITIVE_INFINITY } = this.options.limits;
    if (source.total > perSource) this.#refuse(client, 'per-source');
    else if (this.#clients.size >= connections) this.#refuse(client, 'limit');
    else if (!this.descriptors.tryTakeForClient()) this.#refuse(client, 'descriptors');
    else {
      this.#clients.add(client);
      this.metrics.connectionOpened();
      if (this.requestLog?.isDetailed === true) client.learnPort();
    }
  }

  #refuse(client: ClientConnection, reason: Refusal): void {
    this.metrics.connectionRefused(reason);
    this.#sources.leave(client.source);
    client.isRefused = true;
    if (++this.#refusedOpen <= MAX_REFUSED_OPEN) client.refuseConnection();
    else client.cut();
  }

  /** A client's connection is gone. */
  leave(client: ClientConnection): void {
    this.timers.remove(client);
    if (client.isRefused) {
      this.#refusedOpen--;
      return;
    }
    this.#sources.leave(client.source);
    this.#clients.delete(client);
    this.descriptors.releaseForClient();
    this.metrics.connectionClosed();
  }

  takeExchange(): Exchange {
    return this.exchanges.pop() ?? new Exchange(this);
  }

  armBody(client: TimerEntry): void {
    this.timers.arm(client, this.options.timeouts.body);
  }

  clientIpOf(head: RequestHead, source: ClientSource): string {
    return head.hasForwardedFor ? this.clientIp(head, source) : source.ip;
  }

  clientIp(head: RequestHead, source: ClientSource): string {
    return this.#sources.clientIp(head.forwardedFor, source);
  }

  /** Sends a request where its route leads. */
  route(client: ClientConnection, exchange: Exchange, head: RequestHead): void {
    const index = this.#router.find(head);
    const destination = this.#destinations[index];
    if (exchange.record !== null) exchange.record.routed(head, this.options.routes, index);
    if (destination === undefined) {
      this.#answer(client, exchange, 404, null);
      return;
    }
    const { route, weighted } = destination;
    if (exchange.entry !== null) exchange.entry.route = destination.name;
    const pool = weighted === null ? destination.pool : this.#pools.get(weighted.next())!;
    if (pool !== null) {
      const timeoutMs = route.timeouts?.response ?? pool.options.timeouts.response;
      exchange.metrics = destination.metrics ?? destination.metricsOf.get(pool)!;
      exchange.forward(pool, head, timeoutMs, route.role ?? null);
      return;
    }
    const close = !exchange.keepAlive || !exchange.requestDone;
    if (route.redirect)
      this.#answer(client, exchange, route.redirect.status, redirectAnswer(route.redirect, head, close));
    else if (destination.answers !== null) {
      this.#answer(client, exchange, route.respond!.status, destination.answers[variant(close, head.isHead)]!);
    }
  }

  /** Answers without an endpoint; `bytes` null: the problem of that status. */
  #answer(client: ClientConnection, exchange: Exchange, status: number, bytes: Buffer | null): void {
    const { requestDone, isHead } = exchange;
    const keepAlive = exchange.keepAlive && requestDone;
    const own = bytes ?? problemAnswer(status, !keepAlive, isHead);
    this.metrics.answered(status);
    if (exchange.isWatched) exchange.ended(status, bytes === null ? 'no-route' : 'route', own);
    const { explainLine } = exchange;
    exchange.drop();
    client.answer(withLine(own, explainLine));
    client.exchangeEnded(keepAlive, requestDone);
  }

  explain(request: DescribedRequest): RequestExplanation {
    const source = this.#sources.of(request.from);
    return explainRequest(request, this.options, source, {
      clientIp: (head) => this.clientIpOf(head, source),
      poolOf: (route) => {
        const { pool, weighted } = this.#destinations[route]!;
        return weighted === null ? pool : this.#pools.get(weighted.peek())!;
      },
    });
  }

  evict(picker: Picker, slot: number, everything: boolean): void {
    for (const upstream of [...this.upstreams]) {
      if (upstream.isTo(picker, slot)) upstream.evict(everything);
    }
  }

  drain(): void {
    this.isDraining = true;
    for (const client of [...this.#clients]) client.drain();
    for (const pool of this.#pools.values()) pool.closeIdle();
  }

  terminate(): void {
    this.isDraining = true;
    for (const client of [...this.#clients]) client.cut('evicted');
    for (const upstream of [...this.upstreams]) upstream.abandon();
    for (const pool of this.#pools.values()) pool.retire();
  }
}

function mostOf(a: HeadLimits, b: HeadLimits): HeadLimits {
  return {
    headBytes: Math.max(a.headBytes, b.headBytes),
    headerFields: Math.max(a.headerFields, b.headerFields),
  };
}

function createScratch({ headBytes }: HeadLimits): Buffer {
  return Buffer.allocUnsafeSlow(HEAD_COPIES * headBytes + ADDED_BYTES + ONE_WRITE_BYTES);
}

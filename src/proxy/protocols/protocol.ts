import type { Picker } from '../../control/picker/picker.ts';
import type { PoolOptions } from '../../control/pool-options.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import type { Rng } from '../../core/kernel/rng.ts';
import type { AccessLogSource } from '../../telemetry/access-log/access-log.ts';
import type { ListenerMetrics, PoolMetrics } from '../../telemetry/metrics.ts';
import type { TracerSource } from '../../telemetry/tracing/tracer.ts';
import type { DescriptorBudget } from '../../transport/descriptors.ts';
import type { TimerWheel } from '../../transport/timer-wheel.ts';
import type { SocketHandlers, Transport } from '../../transport/transport.ts';
import type { DescribedRequest, LiveExplain, RequestExplanation } from '../explanation.ts';
import type { ListenerOptions } from '../listener-options.ts';
import type { CostFunction } from '../request-cost.ts';
import type { SourceCounter } from '../shared-sources.ts';
import type { PoolGate } from '../upstream/pool-gate.ts';

/** A pool as protocols see it. */
export interface ProxyPool {
  readonly name: string;
  readonly options: PoolOptions;
  readonly picker: Picker;
  /** The same for all listeners of a worker. */
  readonly gate: PoolGate;
  /** The function of `options.cost`, where that names a module. */
  readonly cost?: CostFunction;
}

/** Counts connections of clients. */
export interface OpenConnections {
  ofListener(): number;
  ofProgram(): number;
}

export interface ProtocolDeps {
  readonly transport: Transport;
  readonly timers: TimerWheel;
  readonly descriptors: DescriptorBudget;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly pools: ReadonlyMap<string, ProxyPool>;
  readonly listenerMetrics: ListenerMetrics;
  readonly poolMetrics: (pool: string) => PoolMetrics;
  /** Counts this listener's connections by where they come from, over all workers; absent where there is one. */
  readonly sources?: SourceCounter;
  /** Where requests are written down, looked at by each `configure`; absent: nowhere. */
  readonly accessLog?: AccessLogSource;
  /** Client connections that are open now, over all workers; absent: nobody counts them. */
  readonly connections?: OpenConnections;
  /** Explains requests under way to whoever may know; absent: to nobody. */
  readonly liveExplain?: LiveExplain;
  /** Takes the spans of requests, looked at by each `configure`; absent: none is traced. */
  readonly tracing?: TracerSource;
  /** Reports an unexpected exception that ended one connection. */
  readonly onError: (error: unknown) => void;
}

/** A listener's protocol at work. The server binds `handlers` to each address of the listener. */
export interface ProtocolRuntime {
  readonly handlers: SocketHandlers<never>;
  /** Client connections open now. */
  readonly openConnections: number;
  /**
   * Takes over other options and pools; `bind` is not looked at. They hold from the next request (tcp: connection) on; what
   * is under way goes on. A pool that has the same picker as before keeps its connections.
   */
  configure(options: ListenerOptions, pools: ReadonlyMap<string, ProxyPool>): void;
  /**
   * Ends what an endpoint serves and would go on by itself, tunnels and tcp connections, politely where nothing waits to be
   * read. `everything`: requests under way as well, which are tried elsewhere where that is safe. `slot` −1: every endpoint.
   */
  evict(picker: Picker, slot: number, everything: boolean): void;
  /** Closes every connection politely after the exchange that is under way, idle ones within a second. */
  drain(): void;
  /** Closes every connection at once. */
  terminate(): void;
  /** What would become of a request, or of a connection that does not speak HTTP; nothing is sent or counted. */
  explain?(request: DescribedRequest): RequestExplanation;
}

export interface ProtocolDefinition<T extends string = string> {
  readonly type: T;
  readonly create: (name: string, options: ListenerOptions, deps: ProtocolDeps) => ProtocolRuntime;
}

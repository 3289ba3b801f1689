import type { Config } from '../config/config.ts';
import type { Scheduler } from '../control/membership/scheduler.ts';
import type { Clock } from '../core/kernel/clock.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { Registry } from '../core/kernel/registry.ts';
import type { Rng } from '../core/kernel/rng.ts';
import type { ListenerOptions } from '../proxy/listener-options.ts';
import type { ProtocolDefinition, ProtocolRuntime, ProxyPool } from '../proxy/protocols/protocol.ts';
import type { Counters } from '../telemetry/counters.ts';
import type { DescriptorBudget } from '../transport/descriptors.ts';
import type { TimerWheel } from '../transport/timer-wheel.ts';
import type { SocketAddress, Transport } from '../transport/transport.ts';
import { type ConnectionsElsewhere, withinTotal } from './connection-total.ts';
import { type DrainResult, drainListeners } from './drain.ts';
import type { ServerHappening } from './events.ts';
import { bindAll, type ServedListener } from './listeners.ts';

export interface FrontDeps {
  readonly transport: Transport;
  /** Advanced by its owner, also while connections drain. */
  readonly timers: TimerWheel;
  /** Of the whole program: connections of clients and to endpoints. */
  readonly descriptors: DescriptorBudget;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly scheduler: Scheduler;
  readonly protocols: Pick<Registry<ProtocolDefinition>, 'get' | 'types'>;
  readonly counters: Counters;
  readonly emit: (what: ServerHappening) => void;
  /** Other workers; absent where there are none. */
  readonly elsewhere?: ConnectionsElsewhere;
}

export interface BoundListener {
  readonly name: string;
  readonly protocol: string;
  /** With the real port where 0 was asked for. */
  readonly address: SocketAddress;
  /** Whom its routes lead to. */
  readonly pools: readonly string[];
}

/** What accepts connections: the listeners of one worker, or of all of them together. */
export interface Front {
  /** One for each address of each listener. */
  readonly listeners: readonly BoundListener[];
  /** Client connections open now. */
  readonly openConnections: number;
  /** What was counted by all of it, those counted for it by others included. */
  collect(): Promise<Counters>;
  /** Stops accepting, lets what is in flight finish for `timeoutMs`, and ends the rest. */
  drain(timeoutMs: number): Promise<DrainResult>;
  /** Ends everything at once; resolves when nothing of it runs any more. */
  close(): Promise<void>;
}

type Served = Pick<Config, 'listeners' | 'limits'>;

/**
 * Binds every listener of `config`, in this thread. `shared`: other workers bind the same addresses.
 *
 * Errors  rejects with `listen-failed` (listener and address named) or `config-invalid`; nothing stays open then.
 */
export async function openFront(
  config: Served,
  pools: ReadonlyMap<string, ProxyPool>,
  deps: FrontDeps,
  shared = false,
): Promise<Front> {
  const listeners = Object.entries(config.listeners).map(([name, options]) => {
    const limited = withinTotal(name, options, config, deps.counters, deps.elsewhere);
    return { name, options, runtime: createRuntime(name, limited, pools, deps) };
  });
  return new ThreadFront(await bindAll(deps.transport, listeners, shared), deps);
}

function createRuntime(
  name: string,
  options: ListenerOptions,
  pools: ReadonlyMap<string, ProxyPool>,
  deps: FrontDeps,
): ProtocolRuntime {
  const { transport, timers, descriptors, clock, rng, counters, emit } = deps;
  // `http` is what is configured; HTTP/1.1 is the version of it that is spoken.
  const protocol = deps.protocols.get(options.protocol === 'http' ? 'http1' : options.protocol);
  if (protocol === undefined) {
    throw new EquipoiseError('config-invalid', `listener ${name}: no protocol "${options.protocol}"`);
  }
  return protocol.create(name, options, {
    transport,
    timers,
    descriptors,
    clock,
    rng,
    pools,
    listenerMetrics: counters.listener(name),
    poolMetrics: (pool) => counters.pool(name, pool),
    onError: (error) => emit({ kind: 'exception', listener: name, error }),
  });
}

class ThreadFront implements Front {
  readonly listeners: readonly BoundListener[];
  readonly #served: readonly ServedListener[];
  readonly #deps: FrontDeps;

  constructor(served: readonly ServedListener[], deps: FrontDeps) {
    this.#served = served;
    this.#deps = deps;
    this.listeners = served.flatMap(describeListener);
  }

  get openConnections(): number {
    return this.#served.reduce((sum, each) => sum + each.runtime.openConnections, 0);
  }

  collect(): Promise<Counters> {
    return Promise.resolve(this.#deps.counters);
  }

  drain(timeoutMs: number): Promise<DrainResult> {
    return drainListeners(this.#served, this.#deps.scheduler, this.#deps.clock, timeoutMs);
  }

  close(): Promise<void> {
    for (const { sockets, runtime } of this.#served) {
      for (const socket of sockets) socket.stop();
      runtime.terminate();
    }
    return Promise.resolve();
  }
}

function describeListener({ name, options, sockets }: ServedListener): BoundListener[] {
  const pools = options.routes.flatMap((route) => [route.pool, ...(route.pools ?? []).map((each) => each.pool)]);
  const named = [...new Set(pools.filter((pool) => pool !== undefined))];
  return sockets.map(({ address }) => ({ name, protocol: options.protocol, address, pools: named }));
}

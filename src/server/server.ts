import type { Config } from '../config/config.ts';
import type { EndpointState, MembershipEvent } from '../control/membership/membership.ts';
import type { Scheduler } from '../control/membership/scheduler.ts';
import type { GuardEvent } from '../control/picker/guard-event.ts';
import type { PickState } from '../control/picker/picker.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { PolicyDeps } from '../core/kernel/policy.ts';
import type { Registry } from '../core/kernel/registry.ts';
import type { FunctionFailure } from '../core/load/function-policy.ts';
import type { ListenerOptions } from '../proxy/listener-options.ts';
import type { ProtocolDefinition, ProtocolRuntime } from '../proxy/protocols/protocol.ts';
import type { Counters } from '../telemetry/counters.ts';
import type { EventBus } from '../telemetry/events.ts';
import type { DescriptorBudget } from '../transport/descriptors.ts';
import type { TimerWheel } from '../transport/timer-wheel.ts';
import type { SocketAddress } from '../transport/transport.ts';
import { withinTotal } from './connection-total.ts';
import { type DrainResult, drainListeners } from './drain.ts';
import type { ServerEvent, ServerHappening } from './events.ts';
import { bindAll, type ServedListener } from './listeners.ts';
import { policyOf } from './own-policy.ts';
import { type PoolDeps, type ServedPool, settled, startPool } from './pools.ts';

export interface ServerDeps extends Omit<PoolDeps, 'onEvent' | 'onGuardEvent'> {
  /** Advanced by its owner, also while the server drains. */
  readonly timers: TimerWheel;
  /** Of the whole program: connections of clients and to endpoints. */
  readonly descriptors: DescriptorBudget;
  readonly scheduler: Scheduler;
  readonly protocols: Pick<Registry<ProtocolDefinition>, 'get' | 'types'>;
  readonly counters: Counters;
  readonly events: EventBus<ServerEvent>;
  /** Milliseconds since 1970, for events. */
  readonly wallClock: () => number;
}

export type ServerState = 'serving' | 'draining' | 'closed';

export interface BoundListener {
  readonly name: string;
  readonly protocol: string;
  /** With the real port where 0 was asked for. */
  readonly address: SocketAddress;
  /** Whom its routes lead to. */
  readonly pools: readonly string[];
}

export interface PoolState {
  readonly name: string;
  readonly policy: string;
  readonly endpoints: readonly (EndpointState & PickState & { readonly inFlight: number })[];
}

export interface RunningServer {
  /** One for each address of each listener. */
  readonly listeners: readonly BoundListener[];
  /** May be given new connections. */
  readonly ready: boolean;
  readonly counters: Counters;
  readonly events: EventBus<ServerEvent>;
  state(): ServerState;
  pools(): readonly PoolState[];
  /**
   * Stops accepting and lets what is in flight finish for `drainTimeout`, then ends the rest. The same promise
   * however often it is called.
   */
  drain(): Promise<DrainResult>;
  /** Ends everything at once. */
  close(): void;
}

/** Host names that nobody answers for delay the start by at most this. */
const SETTLE_LIMIT_MS = 5000;

/**
 * Starts every pool, waits for the first answer of each name, then binds every listener.
 *
 * Errors  rejects with `listen-failed` (listener and address named) or `config-invalid`; nothing stays open then.
 */
export async function startServer(config: Config, deps: ServerDeps): Promise<RunningServer> {
  const emit = (what: ServerHappening) => deps.events.emit({ at: deps.wallClock(), ...what });
  const pools = new Map<string, ServedPool>();
  try {
    for (const [name, options] of Object.entries(config.pools)) {
      const onEvent = (event: MembershipEvent) => emit({ kind: 'membership', ...event });
      const onGuardEvent = (event: GuardEvent) => emit({ kind: 'guard', ...event });
      const onFailure = ({ reason }: FunctionFailure) => emit({ kind: 'policy', pool: name, reason });
      const create = await policyOf(name, options, deps.createPolicy, onFailure);
      const createPolicy = (_options: object, policyDeps: PolicyDeps) => create(policyDeps);
      pools.set(name, startPool(name, options, { ...deps, createPolicy, onEvent, onGuardEvent }));
    }
    const listeners = Object.entries(config.listeners).map(([name, options]) => {
      const limited = withinTotal(name, options, config, deps.counters);
      return { name, options, runtime: createRuntime(name, limited, pools, deps, emit) };
    });
    await settled(pools.values(), deps.scheduler, SETTLE_LIMIT_MS);
    return new Server(config, deps, pools, await bindAll(deps.transport, listeners), emit);
  } catch (error) {
    for (const pool of pools.values()) pool.membership.close();
    throw error;
  }
}

function createRuntime(
  name: string,
  options: ListenerOptions,
  pools: ReadonlyMap<string, ServedPool>,
  deps: ServerDeps,
  emit: (what: ServerHappening) => void,
): ProtocolRuntime {
  const { transport, timers, descriptors, clock, rng, counters } = deps;
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

class Server implements RunningServer {
  readonly listeners: readonly BoundListener[];
  readonly counters: Counters;
  readonly events: EventBus<ServerEvent>;
  readonly #config: Config;
  readonly #deps: ServerDeps;
  readonly #pools: ReadonlyMap<string, ServedPool>;
  readonly #served: readonly ServedListener[];
  readonly #emit: (what: ServerHappening) => void;
  #state: ServerState = 'serving';
  #drained: Promise<DrainResult> | undefined;

  constructor(
    config: Config,
    deps: ServerDeps,
    pools: ReadonlyMap<string, ServedPool>,
    served: readonly ServedListener[],
    emit: (what: ServerHappening) => void,
  ) {
    this.#config = config;
    this.#deps = deps;
    this.#pools = pools;
    this.#served = served;
    this.#emit = emit;
    this.counters = deps.counters;
    this.events = deps.events;
    this.listeners = served.flatMap(describeListener);
    for (const { name, address } of this.listeners) emit({ kind: 'listening', listener: name, address });
  }

  get ready(): boolean {
    return this.#state === 'serving';
  }

  state(): ServerState {
    return this.#state;
  }

  pools(): readonly PoolState[] {
    return [...this.#pools.values()].map(describePool);
  }

  drain(): Promise<DrainResult> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    for (const { sockets, runtime } of this.#served) {
      for (const socket of sockets) socket.stop();
      runtime.terminate();
    }
    for (const pool of this.#pools.values()) pool.membership.close();
  }

  async #drain(): Promise<DrainResult> {
    if (this.#state === 'closed') return { finished: true, remaining: 0 };
    this.#state = 'draining';
    const timeoutMs = this.#config.drainTimeout;
    const connections = this.#served.reduce((sum, each) => sum + each.runtime.openConnections, 0);
    this.#emit({ kind: 'draining', connections, timeoutMs });
    const result = await drainListeners(this.#served, this.#deps.scheduler, this.#deps.clock, timeoutMs);
    this.#emit({ kind: 'drained', remaining: result.remaining });
    this.close();
    return result;
  }
}

function describeListener({ name, options, sockets }: ServedListener): BoundListener[] {
  const pools = options.routes.flatMap((route) => [route.pool, ...(route.pools ?? []).map((each) => each.pool)]);
  const named = [...new Set(pools.filter((pool) => pool !== undefined))];
  return sockets.map(({ address }) => ({ name, protocol: options.protocol, address, pools: named }));
}

function describePool({ name, options, membership, picker, slots }: ServedPool): PoolState {
  const endpoints = membership.endpoints().map((each) => {
    const slot = slots.get(each.id);
    return slot === undefined
      ? { ...each, inFlight: 0 }
      : { ...each, ...picker.stateOf(slot), inFlight: picker.inFlight.of(slot) };
  });
  const { policy } = options;
  return { name, policy: 'module' in policy ? policy.module : policy.type, endpoints };
}

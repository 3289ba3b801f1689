import type { Config } from '../config/config.ts';
import type { EndpointState } from '../control/membership/membership.ts';
import { DECIDES } from '../control/picker/guard-share.ts';
import type { PickState } from '../control/picker/picker.ts';
import type { EndpointOptions, Mode, PoolOptions } from '../control/pool-options.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { Counters } from '../telemetry/counters.ts';
import type { EventBus } from '../telemetry/events.ts';
import { type Crew, createCrew, type SpawnThread } from './crew.ts';
import type { DrainResult } from './drain.ts';
import type { ServerEvent, ServerHappening } from './events.ts';
import { type Explained, type ExplainRequest, type NotExplained, reach } from './explain.ts';
import { type FrontDeps, openFront, type ThreadFront, type WorkerState } from './front.ts';
import { watchOverload } from './overload.ts';
import { createPoolMemory } from './pool-memory.ts';
import { type PoolDeps, type ServedPool, settled, startPool } from './pools.ts';
import { changesOf, planPools, type Reloaded, withoutRestart } from './reload.ts';
import { restoreState, type SavedState } from './saved-state.ts';
import type { BoundListener } from './served-listener.ts';

export type { BoundListener };

export interface ServerDeps extends Omit<PoolDeps, 'emit'>, Omit<FrontDeps, 'emit' | 'elsewhere'> {
  readonly events: EventBus<ServerEvent>;
  /** Milliseconds since 1970, for events. */
  readonly wallClock: () => number;
  /** Another program of ours listens on the addresses and is about to end: they are shared with it. */
  readonly takeover?: boolean;
  /** How many threads can run at a time; what `workers: auto` means. */
  readonly cores: number;
  /** Starts a thread that runs `runWorkerThread`; asked only where there are several workers. */
  readonly spawnThread: SpawnThread;
}

export type ServerState = 'serving' | 'draining' | 'closed';

export interface PoolState {
  readonly name: string;
  readonly policy: string;
  readonly endpoints: readonly (EndpointState &
    PickState & { /** Requests, whatever they cost. */ readonly inFlight: number })[];
  /** The endpoints that the configuration or a person listed last. */
  readonly listed: readonly EndpointOptions[];
}

export interface RunningServer {
  /** One for each address of each listener. */
  readonly listeners: readonly BoundListener[];
  /** May be given new connections. */
  readonly ready: boolean;
  /** Client connections open now. */
  readonly openConnections: number;
  readonly events: EventBus<ServerEvent>;
  state(): ServerState;
  pools(): readonly PoolState[];
  /** What was counted since the start, by every worker. */
  collect(): Promise<Counters>;
  /** The access log's file was moved away: another one of its name is begun, by every worker. */
  reopenLogs(): void;
  /** Threads that serve; with one of them it is this thread. */
  workers(): readonly WorkerState[];
  /** What would become of a request, and why: by the picker that would decide, without effect. */
  explain(request: ExplainRequest): Promise<Explained | NotExplained>;
  /** What is in force. */
  readonly config: Config;
  /**
   * Puts another configuration in force, without a gap: connections and what was learned of endpoints that stay are kept.
   * Resolves when every worker serves it.
   *
   * Errors  rejects with `config-invalid`, `listen-failed` or `not-serving`; nothing has changed then.
   */
  reload(config: Config): Promise<Reloaded>;
  /** Resolve when every worker has applied it; false when there is no such endpoint. Reject with `pool-unknown`. */
  setMode(pool: string, endpoint: string, mode: Mode, reason?: string): Promise<boolean>;
  setWeight(pool: string, endpoint: string, weight: number, reason?: string): Promise<boolean>;
  removeEndpoint(pool: string, id: string): Promise<boolean>;
  /** Rejects with `config-invalid` when the pool has an endpoint of that id. */
  addEndpoint(pool: string, endpoint: EndpointOptions): Promise<void>;
  /**
   * Stops accepting and lets what is in flight finish for `drainTimeout`, then ends the rest. The same promise
   * however often it is called.
   */
  drain(): Promise<DrainResult>;
  /** Ends everything at once; resolves when nothing of it runs any more. */
  close(): Promise<void>;
}

/** Host names that nobody answers for delay the start by at most this. */
const SETTLE_LIMIT_MS = 5000;

/**
 * Starts every pool, waits for the first answer of each name, then binds every listener: in this thread, or with several
 * workers in each of theirs. `saved` is what people had changed in an earlier run.
 *
 * Errors  rejects with `listen-failed` (listener and address named) or `config-invalid`; nothing stays open then.
 */
export async function startServer(config: Config, deps: ServerDeps, saved?: SavedState): Promise<RunningServer> {
  const emit = (what: ServerHappening) => deps.events.emit({ at: deps.wallClock(), ...what });
  const pools = new Map<string, ServedPool>();
  const workers = workersOf(config, deps);
  const crew = workers > 1 ? createCrew(workers, pools, { ...deps, emit }) : undefined;
  // The main thread picks nothing where workers do.
  const watching = { worker: DECIDES, epochMs: 0, onNews() {} };
  const start = (name: string, options: PoolOptions) => {
    const share = crew && { ...watching, memory: createPoolMemory(options.endpoints.length, workers) };
    return startPool(name, options, { ...deps, emit }, share, (version) => crew?.hasApplied(name, version) ?? true);
  };
  try {
    for (const [name, options] of Object.entries(config.pools)) pools.set(name, await start(name, options));
    if (saved !== undefined) emit({ kind: 'state-restored', ...restoreState(saved, pools) });
    await settled(pools.values(), deps.scheduler, SETTLE_LIMIT_MS);
    await crew?.configure(config, () => pools);
    const sharing = { shared: deps.transport.canShare, exclusive: deps.takeover ? 'later' : 'always' } as const;
    const front = crew ?? (await openFront(config, pools, { ...deps, emit }, sharing));
    const unwatch = watchOverload({
      scheduler: deps.scheduler,
      counted: () => crew?.counted() ?? [deps.counters],
      emit: (event) => emit({ kind: 'overload', ...event }),
    });
    return new Server(config, { pools, front, start, emit, unwatch, events: deps.events });
  } catch (error) {
    for (const pool of pools.values()) pool.membership.close();
    await crew?.close();
    throw error;
  }
}

/** One where the runtime cannot share an address among several. */
function workersOf({ workers }: Config, { cores, transport }: ServerDeps): number {
  if (!transport.canShare) return 1;
  return workers === 'auto' ? cores : workers;
}

interface ServerParts {
  readonly pools: Map<string, ServedPool>;
  readonly front: Crew | ThreadFront;
  readonly start: (name: string, options: PoolOptions) => Promise<ServedPool>;
  readonly emit: (what: ServerHappening) => void;
  readonly events: EventBus<ServerEvent>;
  /** At the end. */
  readonly unwatch: () => void;
}

class Server implements RunningServer {
  readonly events: EventBus<ServerEvent>;
  #config: Config;
  readonly #pools: Map<string, ServedPool>;
  readonly #front: Crew | ThreadFront;
  readonly #start: ServerParts['start'];
  readonly #emit: (what: ServerHappening) => void;
  readonly #unwatch: () => void;
  #state: ServerState = 'serving';
  #drained: Promise<DrainResult> | undefined;
  #closed: Promise<void> | undefined;
  /** One change of the configuration at a time. */
  #lastReload: Promise<unknown> = Promise.resolve();

  constructor(config: Config, { pools, front, start, emit, unwatch, events }: ServerParts) {
    this.#config = config;
    this.#pools = pools;
    this.#front = front;
    this.#start = start;
    this.#emit = emit;
    this.#unwatch = unwatch;
    this.events = events;
    for (const { name, address } of this.listeners) emit({ kind: 'listening', listener: name, address });
  }

  get config(): Config {
    return this.#config;
  }

  get listeners(): readonly BoundListener[] {
    return this.#front.listeners;
  }

  get ready(): boolean {
    return this.#state === 'serving' && this.#front.isServing;
  }

  get openConnections(): number {
    return this.#front.openConnections;
  }

  state(): ServerState {
    return this.#state;
  }

  pools(): readonly PoolState[] {
    return [...this.#pools.values()].map(describePool);
  }

  collect(): Promise<Counters> {
    return this.#front.collect();
  }

  reopenLogs(): void {
    this.#front.reopenLogs();
  }

  workers(): readonly WorkerState[] {
    return this.#front.workers();
  }

  async explain(request: ExplainRequest): Promise<Explained | NotExplained> {
    const reached = reach(request, this.listeners);
    if ('problem' in reached) return reached;
    const { listener, described, reason } = reached;
    const found = await this.#front.explain(listener, described);
    if (found === undefined) return { problem: 'no worker could be asked', fix: 'ask again' };
    const { worker, explanation } = found;
    return { listener, listenerReason: reason, ...(worker !== undefined && { worker }), ...explanation };
  }

  reload(config: Config): Promise<Reloaded> {
    const reloaded = this.#lastReload.then(() => this.#reload(config));
    this.#lastReload = reloaded.catch(() => {});
    return reloaded;
  }

  setMode(pool: string, endpoint: string, mode: Mode, reason?: string): Promise<boolean> {
    const { membership } = this.#poolNamed(pool);
    return this.#applied(pool, membership.setMode(endpoint, mode, reason));
  }

  setWeight(pool: string, endpoint: string, weight: number, reason?: string): Promise<boolean> {
    const { membership } = this.#poolNamed(pool);
    return this.#applied(pool, membership.setWeight(endpoint, weight, reason));
  }

  async addEndpoint(pool: string, endpoint: EndpointOptions): Promise<void> {
    const served = this.#poolNamed(pool);
    served.replaceEndpoints([...served.endpoints(), endpoint]);
    await this.#applied(pool, true);
  }

  async removeEndpoint(pool: string, id: string): Promise<boolean> {
    const served = this.#poolNamed(pool);
    const left = served.endpoints().filter((each) => each.id !== id);
    const isKnown = left.length < served.endpoints().length;
    if (isKnown) served.replaceEndpoints(left);
    return this.#applied(pool, isKnown);
  }

  drain(): Promise<DrainResult> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #close(): Promise<void> {
    this.#state = 'closed';
    this.#unwatch();
    for (const pool of this.#pools.values()) pool.membership.close();
    return this.#front.close();
  }

  async #reload(config: Config): Promise<Reloaded> {
    if (this.#state !== 'serving') throw new EquipoiseError('not-serving', 'the server is ending');
    const { config: next, needsRestart } = withoutRestart(this.#config, config);
    const changes = changesOf(this.#config, next);
    const plan = await planPools(this.#pools, next.pools, this.#start);
    try {
      await this.#front.configure(next, () => {
        plan.apply();
        return this.#pools;
      });
    } catch (error) {
      plan.discard();
      throw error;
    }
    this.#config = next;
    for (const name of this.#pools.keys()) await this.#applied(name, true);
    this.#emit({ kind: 'reloaded', changes, needsRestart });
    return { changes, needsRestart };
  }

  #poolNamed(name: string): ServedPool {
    const pool = this.#pools.get(name);
    if (pool === undefined) throw new EquipoiseError('pool-unknown', `there is no pool "${name}"`);
    return pool;
  }

  /** Answers `result` when every worker follows what the pool's membership says now. */
  async #applied(pool: string, result: boolean): Promise<boolean> {
    await this.#front.followed(pool, this.#poolNamed(pool).membership.version);
    return result;
  }

  async #drain(): Promise<DrainResult> {
    if (this.#state === 'closed') return { finished: true, remaining: 0 };
    this.#state = 'draining';
    const timeoutMs = this.#config.drainTimeout;
    this.#emit({ kind: 'draining', connections: this.#front.openConnections, timeoutMs });
    const result = await this.#front.drain(timeoutMs);
    // Not of one that was cut short.
    if (this.state() !== 'closed') this.#emit({ kind: 'drained', remaining: result.remaining });
    await this.close();
    return result;
  }
}

function describePool({ name, options, membership, picker, slots, endpoints: listed }: ServedPool): PoolState {
  const endpoints = membership.endpoints().map((each) => {
    const slot = slots.get(each.id);
    return slot === undefined
      ? { ...each, inFlight: 0 }
      : { ...each, ...picker.stateOf(slot), inFlight: picker.requestsOf(slot) };
  });
  const { policy } = options;
  return { name, policy: 'module' in policy ? policy.module : policy.type, endpoints, listed: listed() };
}

import type { Config } from '../config/config.ts';
import type { EndpointState } from '../control/membership/membership.ts';
import type { PickState } from '../control/picker/picker.ts';
import type { Counters } from '../telemetry/counters.ts';
import type { EventBus } from '../telemetry/events.ts';
import { openCrew, type SpawnThread } from './crew.ts';
import type { DrainResult } from './drain.ts';
import type { ServerEvent, ServerHappening } from './events.ts';
import { type BoundListener, type Front, type FrontDeps, openFront } from './front.ts';
import { createPoolMemory } from './pool-memory.ts';
import { type PoolDeps, type ServedPool, settled, startPool } from './pools.ts';

export type { BoundListener };

export interface ServerDeps extends Omit<PoolDeps, 'emit'>, Omit<FrontDeps, 'emit' | 'elsewhere'> {
  readonly events: EventBus<ServerEvent>;
  /** Milliseconds since 1970, for events. */
  readonly wallClock: () => number;
  /** How many threads can run at a time; what `workers: auto` means. */
  readonly cores: number;
  /** Starts a thread that runs `runWorkerThread`; asked only where there are several workers. */
  readonly spawnThread: SpawnThread;
}

export type ServerState = 'serving' | 'draining' | 'closed';

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
  readonly events: EventBus<ServerEvent>;
  state(): ServerState;
  pools(): readonly PoolState[];
  /** What was counted since the start, by every worker. */
  collect(): Promise<Counters>;
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
 * workers in each of theirs.
 *
 * Errors  rejects with `listen-failed` (listener and address named) or `config-invalid`; nothing stays open then.
 */
export async function startServer(config: Config, deps: ServerDeps): Promise<RunningServer> {
  const emit = (what: ServerHappening) => deps.events.emit({ at: deps.wallClock(), ...what });
  const pools = new Map<string, ServedPool>();
  const workers = workersOf(config, deps);
  const crew = workers > 1 ? openCrew(workers, config, pools, { ...deps, emit }) : undefined;
  try {
    for (const [name, options] of Object.entries(config.pools)) {
      const share = crew && { memory: createPoolMemory(options.endpoints.length, workers), worker: 0 };
      const isApplied = (version: number) => crew?.hasApplied(name, version) ?? true;
      pools.set(name, await startPool(name, options, { ...deps, emit }, share, isApplied));
    }
    await settled(pools.values(), deps.scheduler, SETTLE_LIMIT_MS);
    if (crew !== undefined) await crew.open();
    const front = crew ?? (await openFront(config, pools, { ...deps, emit }));
    return new Server(config, deps, pools, front, emit);
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

class Server implements RunningServer {
  readonly events: EventBus<ServerEvent>;
  readonly #config: Config;
  readonly #pools: ReadonlyMap<string, ServedPool>;
  readonly #front: Front;
  readonly #emit: (what: ServerHappening) => void;
  #state: ServerState = 'serving';
  #drained: Promise<DrainResult> | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    config: Config,
    { events }: ServerDeps,
    pools: ReadonlyMap<string, ServedPool>,
    front: Front,
    emit: (what: ServerHappening) => void,
  ) {
    this.#config = config;
    this.#pools = pools;
    this.#front = front;
    this.#emit = emit;
    this.events = events;
    for (const { name, address } of this.listeners) emit({ kind: 'listening', listener: name, address });
  }

  get listeners(): readonly BoundListener[] {
    return this.#front.listeners;
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

  collect(): Promise<Counters> {
    return this.#front.collect();
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
    for (const pool of this.#pools.values()) pool.membership.close();
    return this.#front.close();
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

import type { Config } from '../config/config.ts';
import type { Scheduler } from '../control/membership/scheduler.ts';
import type { Picker } from '../control/picker/picker.ts';
import type { Clock } from '../core/kernel/clock.ts';
import type { Registry } from '../core/kernel/registry.ts';
import type { Rng } from '../core/kernel/rng.ts';
import type { DescribedRequest } from '../proxy/explanation.ts';
import type { ProtocolDefinition, ProxyPool } from '../proxy/protocols/protocol.ts';
import type { SourceCounter } from '../proxy/shared-sources.ts';
import type { Counters } from '../telemetry/counters.ts';
import type { DescriptorBudget } from '../transport/descriptors.ts';
import type { TimerWheel } from '../transport/timer-wheel.ts';
import type { Listener, Transport } from '../transport/transport.ts';
import { type ConnectionsElsewhere, withinTotal } from './connection-total.ts';
import { type DrainResult, drainListeners } from './drain.ts';
import type { ServerHappening } from './events.ts';
import type { WorkerExplanation } from './explain.ts';
import { bindAll, checkFree } from './listeners.ts';
import {
  type BoundListener,
  configuredPools,
  createRuntime,
  describeListener,
  type ServedListener,
  socketOf,
} from './served-listener.ts';
import { type Vitals, type VitalsWatch, watchVitals } from './vitals.ts';
import { WatcherSet } from './watchers.ts';

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
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly emit: (what: ServerHappening) => void;
  /** From 0; absent where there is one. */
  readonly worker?: number;
  /** Other workers; absent where there are none. */
  readonly elsewhere?: ConnectionsElsewhere;
  /** Counts a listener's connections by where they come from; absent where there are no other workers. */
  readonly sources?: (listener: string) => SourceCounter;
}

/** The part of a configuration that accepts connections. */
export type Served = Pick<Config, 'listeners' | 'limits' | 'drainTimeout' | 'accessLog' | 'tracing' | 'admin'>;

/** A thread that serves. */
export interface WorkerState {
  /** From 0. */
  readonly worker: number;
  readonly isServing: boolean;
  /** As it said last; absent before that. */
  readonly vitals?: Vitals;
}

/** What accepts connections: the listeners of one worker, or of all of them together. */
export interface Front {
  /** One for each address of each listener. */
  readonly listeners: readonly BoundListener[];
  /** Client connections open now. */
  readonly openConnections: number;
  /** Somebody accepts. */
  readonly isServing: boolean;
  /** Resolves when all of it follows the pool's membership at `version` or a later one. */
  followed(pool: string, version: number): Promise<void>;
  /** The access log's file was moved away: another one of its name is begun. */
  reopenLogs(): void;
  /** Threads that serve. */
  workers(): readonly WorkerState[];
  /** How one worker explains a request. Undefined when there is no such listener, or nobody can say. */
  explain(listener: string, described: DescribedRequest): Promise<WorkerExplanation | undefined>;
  /** What was counted by all of it, those counted for it by others included. */
  collect(): Promise<Counters>;
  /** Stops accepting, lets what is in flight finish for `timeoutMs`, and ends the rest. */
  drain(timeoutMs: number): Promise<DrainResult>;
  /** Ends everything at once; resolves when nothing of it runs any more. */
  close(): Promise<void>;
}

/** The listeners of this thread. */
export interface ThreadFront extends Front {
  /**
   * Serves another configuration from the next request on: new addresses are bound first, a listener that is there already
   * keeps its sockets and connections, one that is gone drains for `drainTimeout`. `pools` is asked when nothing can fail any
   * more.
   *
   * Errors  rejects with `listen-failed` or `config-invalid`; nothing has changed then.
   */
  configure(config: Served, pools: () => ReadonlyMap<string, ProxyPool>): Promise<void>;
}

/** Who else may listen on our addresses. */
export interface AddressSharing {
  /** Other listeners may, of other workers or of another program: SO_REUSEPORT. */
  readonly shared?: boolean;
  /** Nobody must listen there yet, told by a look before; `later`: but for the first configuration. */
  readonly exclusive?: 'always' | 'later';
}

/**
 * Binds every listener of `config`, in this thread.
 *
 * Errors  rejects with `listen-failed` (listener and address named) or `config-invalid`; nothing stays open then.
 */
export async function openFront(
  config: Served,
  pools: ReadonlyMap<string, ProxyPool>,
  deps: FrontDeps,
  binding: AddressSharing = {},
): Promise<ThreadFront> {
  const front = new LiveFront(pools, deps, binding);
  await front.configure(config, () => pools);
  return front;
}

class LiveFront implements ThreadFront {
  readonly #deps: FrontDeps;
  readonly #sharing: AddressSharing;
  #pools: ReadonlyMap<string, ProxyPool>;
  #served: readonly ServedListener[] = [];
  /** Gone from the configuration; their connections end. */
  #leaving: readonly ServedListener[] = [];
  readonly #followed = new WeakSet<Picker>();
  #drainTimeoutMs = 0;
  readonly #vitals: VitalsWatch;
  readonly #watchers: WatcherSet;

  constructor(pools: ReadonlyMap<string, ProxyPool>, deps: FrontDeps, sharing: AddressSharing) {
    this.#pools = pools;
    this.#deps = deps;
    this.#sharing = sharing;
    this.#vitals = watchVitals(deps.scheduler, deps.clock);
    this.#watchers = new WatcherSet(deps);
  }

  get listeners(): readonly BoundListener[] {
    return this.#served.flatMap(describeListener);
  }

  get openConnections(): number {
    return [...this.#served, ...this.#leaving].reduce((sum, each) => sum + each.runtime.openConnections, 0);
  }

  get isServing(): boolean {
    return true;
  }

  followed(): Promise<void> {
    return Promise.resolve();
  }

  async configure(config: Served, pools: () => ReadonlyMap<string, ProxyPool>): Promise<void> {
    const { counters, elsewhere } = this.#deps;
    const watching = this.#watchers.prepare(config);
    const { watchers } = this.#watchers;
    const next = Object.entries(config.listeners).map(([name, options]) => {
      const before = this.#served.find((each) => each.name === name && each.options.protocol === options.protocol);
      const limited = withinTotal(name, options, config, counters, elsewhere);
      const runtime = before?.runtime ?? createRuntime(name, limited, this.#pools, this.#deps, watchers);
      return { name, options, limited, runtime, sockets: options.bind.map((each, at) => socketOf(before, each, at)) };
    });
    const missing = next.flatMap(({ name, options, runtime: { handlers }, sockets }) =>
      options.bind.flatMap((address, at) => (sockets[at] ? [] : [{ listener: name, address, handlers }])),
    );
    const bound = await this.#bind(missing).catch((error: unknown) => {
      watching.discard();
      const known = new Set(this.#served.map((each) => each.runtime));
      for (const { runtime } of next) if (!known.has(runtime)) runtime.terminate();
      throw error;
    });
    const before = [...this.#pools.values()];
    this.#pools = pools();
    watching.apply();
    const served = next.map(({ name, options, limited, runtime, sockets }): ServedListener => {
      runtime.configure(limited, this.#pools);
      return { name, options, runtime, sockets: sockets.map((each) => each ?? bound.shift()!) };
    });
    counters.keep(configuredPools(config.listeners));
    this.#leave(served, config.drainTimeout);
    this.#served = served;
    this.#drainTimeoutMs = config.drainTimeout;
    this.#followPools(before);
  }

  async #bind(missing: Parameters<typeof bindAll>[1]): Promise<Listener[]> {
    const { transport } = this.#deps;
    const { shared = false, exclusive } = this.#sharing;
    const looks = exclusive === 'always' || (exclusive === 'later' && this.#served.length > 0);
    if (looks) await checkFree(transport, missing, this.#served);
    return bindAll(transport, missing, shared);
  }

  reopenLogs(): void {
    this.#watchers.reopenLogs();
  }

  workers(): readonly WorkerState[] {
    return [{ worker: 0, isServing: this.isServing, vitals: this.#vitals.read() }];
  }

  explain(listener: string, described: DescribedRequest): Promise<WorkerExplanation | undefined> {
    const explanation = this.#served.find(({ name }) => name === listener)?.runtime.explain?.(described);
    return Promise.resolve(explanation && { explanation });
  }

  collect(): Promise<Counters> {
    return Promise.resolve(this.#deps.counters);
  }

  drain(timeoutMs: number): Promise<DrainResult> {
    const { scheduler, clock } = this.#deps;
    return drainListeners([...this.#served, ...this.#leaving], scheduler, clock, timeoutMs);
  }

  close(): Promise<void> {
    this.#vitals.close();
    for (const { sockets, runtime } of [...this.#served, ...this.#leaving]) {
      for (const socket of sockets) socket.stop();
      runtime.terminate();
    }
    // What was ended just now is written down as well.
    return this.#watchers.close();
  }

  /** Endpoints that leave, and pools that are gone, have the time of a drain; maintenance begins at once. */
  #followPools(before: readonly ProxyPool[]): void {
    const pickers = new Set([...this.#pools.values()].map((pool) => pool.picker));
    for (const { picker } of before) {
      if (!pickers.has(picker)) this.#deps.scheduler.after(this.#drainTimeoutMs, () => this.#evict(picker, -1, true));
    }
    for (const picker of pickers) {
      if (this.#followed.has(picker)) continue;
      this.#followed.add(picker);
      picker.onMaintenance((slot) => this.#evict(picker, slot, false));
      picker.onLeft((slot) => this.#evictLater(picker, slot));
    }
  }

  #evictLater(picker: Picker, slot: number): void {
    const left = picker.holderOf(slot);
    if (left === undefined) return;
    this.#deps.scheduler.after(this.#drainTimeoutMs, () => {
      if (picker.holderOf(slot) === left) this.#evict(picker, slot, true);
    });
  }

  #evict(picker: Picker, slot: number, everything: boolean): void {
    for (const { runtime } of [...this.#served, ...this.#leaving]) runtime.evict(picker, slot, everything);
  }

  /** Whoever is not in `staying` accepts no more, and has `drainTimeoutMs` to end. */
  #leave(staying: readonly ServedListener[], drainTimeoutMs: number): void {
    const kept = new Set(staying.flatMap((each) => each.sockets));
    for (const { sockets } of this.#served) for (const socket of sockets) if (!kept.has(socket)) socket.stop();
    const runtimes = new Set(staying.map((each) => each.runtime));
    const gone = this.#served.filter((each) => !runtimes.has(each.runtime));
    if (gone.length === 0) return;
    this.#leaving = [...this.#leaving, ...gone];
    const { scheduler, clock } = this.#deps;
    void drainListeners(gone, scheduler, clock, drainTimeoutMs).then(() => {
      this.#leaving = this.#leaving.filter((each) => !gone.includes(each));
    });
  }
}

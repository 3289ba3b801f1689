import type { Config } from '../config/config.ts';
import type { Scheduler } from '../control/membership/scheduler.ts';
import type { Clock } from '../core/kernel/clock.ts';
import { Counters, ended } from '../telemetry/counters.ts';
import type { SocketAddress, Transport } from '../transport/transport.ts';
import { Crewman, type SpawnThread } from './crewman.ts';
import type { DrainResult } from './drain.ts';
import type { ServerHappening } from './events.ts';
import type { BoundListener, Front } from './front.ts';
import { checkFree } from './listeners.ts';
import { releasePoolMemory } from './pool-memory.ts';
import type { ServedPool } from './pools.ts';
import { connectionsElsewhere, createConnectionsMemory, releaseConnections } from './shared-connections.ts';

export type { SpawnThread };

export interface CrewDeps {
  readonly spawnThread: SpawnThread;
  readonly transport: Transport;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly emit: (what: ServerHappening) => void;
}

/** Several workers, each in a thread of its own, that serve as one. */
export interface Crew extends Front {
  /**
   * Starts the workers and binds every listener in each; `pools` must be started. Rejects with `listen-failed` or what
   * keeps a worker from starting.
   */
  open(): Promise<void>;
  /** True when every worker follows the pool's membership at this version or a later one. */
  hasApplied(pool: string, version: number): boolean;
}

/** A worker that dies is replaced at once; one that dies again at once, after twice as long each time. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 5000;
/** A worker that has lived for this long starts afresh. */
const PROVEN_MS = 10_000;
const COUNT_EVERY_MS = 2000;

/** `pools` may be filled later, before `open`. */
export function openCrew(
  workers: number,
  config: Config,
  pools: ReadonlyMap<string, ServedPool>,
  deps: CrewDeps,
): Crew {
  return new ThreadCrew(workers, config, pools, deps);
}

class ThreadCrew implements Crew {
  readonly #workers: number;
  readonly #config: Config;
  readonly #pools: ReadonlyMap<string, ServedPool>;
  readonly #deps: CrewDeps;
  readonly #connections;
  readonly #crew: Crewman[] = [];
  /** How often in a row each worker died young. */
  readonly #deaths: number[] = [];
  /** What workers counted that died. */
  readonly #retired = new Counters();
  #listeners: readonly BoundListener[] = [];
  #closed = false;

  constructor(workers: number, config: Config, pools: ReadonlyMap<string, ServedPool>, deps: CrewDeps) {
    this.#workers = workers;
    this.#config = config;
    this.#pools = pools;
    this.#deps = deps;
    this.#connections = createConnectionsMemory(Object.keys(config.listeners), workers);
  }

  get listeners(): readonly BoundListener[] {
    return this.#listeners;
  }

  get openConnections(): number {
    const all = connectionsElsewhere(this.#connections, -1);
    return Object.keys(this.#config.listeners).reduce((sum, each) => sum + all.of(each), 0);
  }

  async open(): Promise<void> {
    const wanted = Object.entries(this.#config.listeners);
    await checkFree(this.#deps.transport, wanted);
    // The first one finds the ports where any will do.
    this.#listeners = await this.#hire(0, Object.fromEntries(wanted.map(([name, { bind }]) => [name, bind])));
    const others = Array.from({ length: this.#workers - 1 }, (_, index) => index + 1);
    await Promise.all(others.map((index) => this.#hire(index, this.#bindsOf(index))));
    this.#countNowAndThen();
  }

  hasApplied(pool: string, version: number): boolean {
    return this.#crew.every((each) => each.appliedVersion(pool) >= version);
  }

  async collect(): Promise<Counters> {
    const counted = await Promise.all(this.#crew.map((each) => each.count(this.#deps.scheduler)));
    const sum = new Counters();
    // Afterwards: one that died meanwhile is among them now.
    sum.add(this.#retired.data());
    for (const each of counted) if (each !== undefined) sum.add(each);
    return sum;
  }

  async drain(timeoutMs: number): Promise<DrainResult> {
    this.#closed = true;
    const results = await Promise.all(this.#crew.map((each) => each.drain(timeoutMs)));
    const remaining = results.reduce((sum, each) => sum + each.remaining, 0);
    return { finished: results.every((each) => each.finished), remaining };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#crew.map((each) => each.terminate()));
  }

  /** What `worker` binds: the ports that were found; a unix socket belongs to the first worker. */
  #bindsOf(worker: number): Record<string, SocketAddress[]> {
    const binds: Record<string, SocketAddress[]> = {};
    for (const name of Object.keys(this.#config.listeners)) {
      const bound = this.#listeners.filter((each) => each.name === name).map(({ address }) => address);
      binds[name] = bound.filter(({ kind }) => worker === 0 || kind === 'tcp');
    }
    return binds;
  }

  async #hire(
    worker: number,
    binds: Readonly<Record<string, readonly SocketAddress[]>>,
  ): Promise<readonly BoundListener[]> {
    const memory = Object.fromEntries([...this.#pools].map(([name, { share }]) => [name, share!.memory]));
    const start = { kind: 'start', worker, config: this.#config, memory, connections: this.#connections } as const;
    const startedAtMs = this.#deps.clock.now();
    const crewman = new Crewman(this.#deps.spawnThread(), this.#pools, {
      onHappening: this.#deps.emit,
      onEnd: (reason) => this.#ended(worker, crewman, startedAtMs, reason),
    });
    this.#crew[worker] = crewman;
    return crewman.open(start, binds);
  }

  /** So that little is forgotten of a worker that dies. */
  #countNowAndThen(): void {
    this.#deps.scheduler.after(COUNT_EVERY_MS, () => {
      if (this.#closed) return;
      for (const each of this.#crew) void each.count(this.#deps.scheduler);
      this.#countNowAndThen();
    });
  }

  #ended(worker: number, crewman: Crewman, startedAtMs: number, reason: string): void {
    if (crewman.lastCounted !== undefined) this.#retired.add(ended(crewman.lastCounted));
    let requests = 0;
    for (const { share } of this.#pools.values()) requests += releasePoolMemory(share!.memory, worker);
    const connections = releaseConnections(this.#connections, worker);
    // One that never served fails the start, or its own replacement.
    if (this.#closed || (!crewman.isOpen && this.#listeners.length === 0)) return;
    this.#deps.emit({ kind: 'worker-died', worker, reason, requests, connections });
    const isYoung = this.#deps.clock.now() - startedAtMs < PROVEN_MS;
    this.#deaths[worker] = isYoung ? (this.#deaths[worker] ?? 0) + 1 : 1;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (this.#deaths[worker]! - 1), LONGEST_DELAY_MS);
    this.#deps.scheduler.after(delayMs, () => this.#replace(worker));
  }

  #replace(worker: number): void {
    if (this.#closed) return;
    this.#hire(worker, this.#bindsOf(worker)).then(
      () => this.#deps.emit({ kind: 'worker-replaced', worker }),
      // It has ended, which is told and leads here again.
      () => {},
    );
  }
}

import type { Config } from '../config/config.ts';
import type { Scheduler } from '../control/membership/scheduler.ts';
import type { Clock } from '../core/kernel/clock.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { Rng } from '../core/kernel/rng.ts';
import type { DescribedRequest } from '../proxy/explanation.ts';
import { Counters, ended } from '../telemetry/counters.ts';
import type { DescriptorBudget } from '../transport/descriptors.ts';
import type { Transport } from '../transport/transport.ts';
import { unboundAddresses, withoutUnix, withRealPorts } from './bound-addresses.ts';
import { Crewman, type SpawnThread } from './crewman.ts';
import type { DrainResult } from './drain.ts';
import type { ServerHappening } from './events.ts';
import type { WorkerExplanation } from './explain.ts';
import type { Front, WorkerState } from './front.ts';
import { checkFree } from './listeners.ts';
import type { Counted } from './overload.ts';
import { releasePoolMemory } from './pool-memory.ts';
import type { ServedPool } from './pools.ts';
import { createProgramMemory, type ProgramMemory, releaseProgramMemory } from './program-memory.ts';
import { type PulseWatch, watchPulses } from './pulse.ts';
import { type BoundListener, configuredPools } from './served-listener.ts';
import {
  connectionsElsewhere,
  createConnectionsMemory,
  releaseConnections,
  withListeners,
} from './shared-connections.ts';
import { ToldOnce } from './told-once.ts';
import type { ConnectionsMemory, Order } from './worker-messages.ts';

export type { SpawnThread };

export interface CrewDeps {
  readonly spawnThread: SpawnThread;
  readonly transport: Transport;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** Its capacity is the program's. */
  readonly descriptors: Pick<DescriptorBudget, 'capacity'>;
  readonly emit: (what: ServerHappening) => void;
  /** Another program of ours listens on the addresses and is about to end. */
  readonly takeover?: boolean;
}

/** Several workers, each in a thread of its own, that serve as one. */
export interface Crew extends Front {
  /**
   * Starts the workers where there are none, and serves `config` in each; its pools must be started. Rejects with
   * `listen-failed` or what keeps a worker from serving it; what was served before still is. `pools` is asked when nothing
   * can fail any more.
   */
  configure(config: Config, pools: () => unknown): Promise<void>;
  /** What each worker counted, as it said last. */
  counted(): readonly Counted[];
  /** True when every worker follows the pool's membership at this version or a later one. */
  hasApplied(pool: string, version: number): boolean;
}

/** A worker that dies is replaced at once; one that dies again at once, after twice as long each time. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 5000;
/** A worker that has lived for this long starts afresh. */
const PROVEN_MS = 10_000;
const COUNT_EVERY_MS = 2000;
/** How often verdicts are looked for that nobody has told. */
const OBSERVE_EVERY_MS = 100;
/**
 * A worker whose loop has not turned for this long is ended: its clients wait in vain. Work of a few seconds at a stretch
 * (a large reload, a file read by a user's policy) is none of this.
 */
const STUCK_MS = 10_000;

/** `pools` may be filled later, before `configure`. */
export function createCrew(workers: number, pools: ReadonlyMap<string, ServedPool>, deps: CrewDeps): Crew {
  return new ThreadCrew(workers, pools, deps);
}

class ThreadCrew implements Crew {
  readonly #workers: number;
  readonly #pools: ReadonlyMap<string, ServedPool>;
  readonly #deps: CrewDeps;
  readonly #crew: Crewman[] = [];
  /** How often in a row each worker died young. */
  readonly #deaths: number[] = [];
  /** What workers counted that died. */
  readonly #retired = new Counters();
  readonly #program: ProgramMemory;
  readonly #pulses: PulseWatch;
  readonly #told = new ToldOnce();
  #connections: ConnectionsMemory;
  #order: Order | undefined;
  /** As configured, with the addresses that were bound. */
  #config: Config | undefined;
  #listeners: readonly BoundListener[] = [];
  #closed = false;
  /** Connections of workers that ended during the drain. */
  #cut = 0;

  constructor(workers: number, pools: ReadonlyMap<string, ServedPool>, deps: CrewDeps) {
    this.#workers = workers;
    this.#pools = pools;
    this.#deps = deps;
    this.#connections = createConnectionsMemory(workers);
    this.#program = createProgramMemory(workers, deps.descriptors.capacity, deps.rng);
    this.#pulses = watchPulses(this.#program.pulses, deps.clock, OBSERVE_EVERY_MS);
  }

  get listeners(): readonly BoundListener[] {
    return this.#listeners;
  }

  get openConnections(): number {
    const all = connectionsElsewhere(this.#connections, -1);
    return this.#connections.listeners.reduce((sum, each) => sum + all.of(each), 0);
  }

  get isServing(): boolean {
    return this.#crew.some((each) => each.isServing);
  }

  async configure(config: Config, pools: () => unknown): Promise<void> {
    const isFirst = this.#order === undefined;
    const known = withRealPorts(config, this.#config, this.#listeners);
    if (!(isFirst && this.#deps.takeover === true))
      await checkFree(this.#deps.transport, unboundAddresses(known, this.#listeners));
    this.#connections = withListeners(this.#connections, Object.keys(config.listeners));
    const before = { listeners: this.#listeners, config: this.#config, order: this.#order };
    // The first one finds the ports where any will do.
    const order = { pools: config.pools, served: known, connections: this.#connections };
    this.#listeners = await this.#serveByFirst(order, isFirst);
    this.#config = config;
    this.#order = { ...order, served: withRealPorts(config, this.#config, this.#listeners) };
    try {
      await this.#serveByOthers(this.#order, isFirst);
    } catch (error) {
      if (before.order !== undefined) await this.#goBack(before.listeners, before.config!, before.order);
      throw error;
    }
    pools();
    this.#retired.keep(configuredPools(config.listeners));
    this.#told.forget();
    if (isFirst) {
      this.#countNowAndThen();
      this.#observeNowAndThen();
    }
  }

  /** A worker that dies of something else meanwhile is no reason to refuse the configuration: its successor is asked. */
  async #serveByFirst(order: Order, isFirst: boolean): Promise<readonly BoundListener[]> {
    const wasServing = this.#crew[0]?.isServing === true;
    try {
      return await this.#serve(0, order);
    } catch (error) {
      if (isFirst || !wasServing || !this.#crew[0]!.hasEnded) throw error;
      return await this.#serve(0, order);
    }
  }

  /** Rejects when one refuses, after all have answered. Who dies meanwhile refuses nothing, but at the start: its successor serves it. */
  async #serveByOthers(order: Order, isFirst: boolean): Promise<void> {
    const others = Array.from({ length: this.#workers - 1 }, (_, index) => index + 1);
    const answers = await Promise.allSettled(others.map((worker) => this.#serve(worker, order)));
    const refused = answers.find(
      (answer, index) => answer.status === 'rejected' && (isFirst || !this.#crew[others[index]!]!.hasEnded),
    );
    if (refused?.status === 'rejected') throw refused.reason;
  }

  /** What one worker cannot serve none is to serve. */
  async #goBack(listeners: readonly BoundListener[], config: Config, order: Order): Promise<void> {
    this.#listeners = listeners;
    this.#config = config;
    this.#order = { ...order, connections: this.#connections };
    await Promise.allSettled(this.#crew.map((_, worker) => this.#serve(worker, this.#order!)));
  }

  hasApplied(pool: string, version: number): boolean {
    return this.#crew.every((each) => each.appliedVersion(pool) >= version);
  }

  async followed(pool: string, version: number): Promise<void> {
    await Promise.all(this.#crew.map((each) => each.followed(pool, version)));
  }

  counted(): readonly Counted[] {
    const alive = this.#crew.filter((each) => each.isServing).map((each) => each.lastCounted);
    return [this.#retired, ...alive.filter((each) => each !== undefined)];
  }

  async collect(): Promise<Counters> {
    const counted = await Promise.all(this.#crew.map((each) => each.count(this.#deps.scheduler)));
    const sum = new Counters();
    // Afterwards: one that died meanwhile is among them now.
    sum.add(this.#retired.data());
    for (const each of counted) if (each !== undefined) sum.add(each);
    return sum;
  }

  reopenLogs(): void {
    for (const each of this.#crew) each.reopenLogs();
  }

  workers(): readonly WorkerState[] {
    return this.#crew.map(({ isServing, lastVitals }, worker) => ({
      worker,
      isServing,
      ...(lastVitals && { vitals: lastVitals }),
    }));
  }

  async explain(listener: string, described: DescribedRequest): Promise<WorkerExplanation | undefined> {
    // One that is alive: what it does not share with the others, another one may know otherwise.
    const worker = this.#crew.findIndex((each) => each.isServing);
    const explanation = await this.#crew[worker]?.explain(listener, described);
    return explanation && { explanation, worker };
  }

  async drain(timeoutMs: number): Promise<DrainResult> {
    this.#closed = true;
    const results = await Promise.all(this.#crew.map((each) => each.drain(timeoutMs, this.#deps.scheduler)));
    const remaining = results.reduce((sum, each) => sum + each.remaining, this.#cut);
    return { finished: results.every((each) => each.finished), remaining };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#crew.map((each) => each.terminate()));
  }

  #serve(worker: number, { pools, served, connections }: Order): Promise<readonly BoundListener[]> {
    if (this.#closed) return Promise.reject(new EquipoiseError('not-serving', 'the server is ending'));
    const memory = Object.fromEntries([...this.#pools].map(([name, { share }]) => [name, share!.memory]));
    const present = this.#crew[worker];
    // Also one that is still starting: of two in one place nobody would end the other.
    const crewman = present === undefined || present.hasEnded ? this.#hire(worker) : present;
    const answer = crewman.configure(
      { worker, pools, memory, program: this.#program, originMs: this.#deps.wallClock() - this.#deps.clock.now() },
      { config: worker === 0 ? served : withoutUnix(served), connections },
    );
    const tell = () => this.#deps.emit({ kind: 'worker-replaced', worker });
    // One that fails has ended, which is told.
    if (present !== undefined && crewman !== present) answer.then(tell, () => {});
    return answer;
  }

  #hire(worker: number): Crewman {
    const startedAtMs = this.#deps.clock.now();
    this.#pulses.forget(worker);
    const crewman: Crewman = new Crewman(this.#deps.spawnThread(), this.#pools, {
      onHappening: (what) => {
        if (this.#told.isNews(worker, what)) this.#deps.emit(what);
      },
      onEnd: (reason) => this.#ended(worker, crewman, startedAtMs, reason),
    });
    this.#crew[worker] = crewman;
    return crewman;
  }

  /** Decides what no single worker can. */
  #observeNowAndThen(): void {
    this.#deps.scheduler.after(OBSERVE_EVERY_MS, () => {
      if (this.#closed) return;
      for (const { picker } of this.#pools.values()) picker.observe();
      this.#endStuck();
      this.#observeNowAndThen();
    });
  }

  #endStuck(): void {
    this.#pulses.look();
    this.#crew.forEach((crewman, worker) => {
      const silentMs = this.#pulses.silentMs(worker);
      if (crewman.isServing && silentMs < STUCK_MS) return;
      // A start may take its time, and has none against it when it is over.
      this.#pulses.forget(worker);
      if (!crewman.isServing) return;
      this.#deps.emit({ kind: 'worker-stuck', worker, silentMs });
      void crewman.terminate('it was stuck');
    });
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
    releaseProgramMemory(this.#program, worker);
    this.#told.left(worker);
    if (this.#closed) this.#cut += connections;
    // Before anything was served, its failure is the start's.
    if (this.#closed || this.#order === undefined) return;
    this.#deps.emit({ kind: 'worker-died', worker, reason, requests, connections });
    const isYoung = this.#deps.clock.now() - startedAtMs < PROVEN_MS;
    this.#deaths[worker] = isYoung ? (this.#deaths[worker] ?? 0) + 1 : 1;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (this.#deaths[worker]! - 1), LONGEST_DELAY_MS);
    this.#deps.scheduler.after(delayMs, () => this.#replace(worker));
  }

  #replace(worker: number): void {
    // Another configuration may have brought one.
    if (this.#closed || !this.#crew[worker]!.hasEnded) return;
    this.#serve(worker, this.#order!).catch(() => {});
  }
}

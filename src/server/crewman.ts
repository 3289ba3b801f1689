import type { Membership } from '../control/membership/membership.ts';
import type { Scheduler } from '../control/membership/scheduler.ts';
import type { MembershipUpdate } from '../control/membership/snapshot.ts';
import { EquipoiseError, type ErrorCode } from '../core/kernel/errors.ts';
import type { DescribedRequest, RequestExplanation } from '../proxy/explanation.ts';
import type { CountersData } from '../telemetry/counters.ts';
import type { DrainResult } from './drain.ts';
import type { ServerHappening } from './events.ts';
import type { ServedPool } from './pools.ts';
import type { BoundListener } from './served-listener.ts';
import type { Vitals } from './vitals.ts';
import type { FromWorker, ToWorker, WorkerListeners, WorkerPools } from './worker-messages.ts';

/** A thread that runs `runWorkerThread`. */
export interface Thread {
  post(message: ToWorker): void;
  onMessage(listener: (message: FromWorker) => void): void;
  /** Once, whatever the reason, which is in words. */
  onExit(listener: (reason: string) => void): void;
  terminate(): void;
}

export type SpawnThread = () => Thread;

export interface CrewmanEvents {
  readonly onHappening: (what: ServerHappening) => void;
  /** The thread has ended. */
  readonly onEnd: (reason: string) => void;
}

/** A membership whose updates are passed on. */
interface Followed {
  readonly membership: Membership;
  readonly unfollow: () => void;
}

interface Following {
  readonly pool: string;
  readonly version: number;
  readonly resolve: () => void;
}

/** A worker that does not say within this time what it counted is left out, with what it said last. */
const COUNT_LIMIT_MS = 1000;
/** What a worker may need beyond the time of its drain, to cut what is left and to write, which has 2 s itself. */
const DRAIN_GRACE_MS = 3000;

/** The main thread's side of one worker, for the life of its thread. */
export class Crewman {
  readonly #thread: Thread;
  readonly #pools: ReadonlyMap<string, ServedPool>;
  readonly #events: CrewmanEvents;
  readonly #applied = new Map<string, number>();
  #waiting: readonly Following[] = [];
  readonly #followed = new Map<string, Followed>();
  /** Who waits for an answer to a configuration, in the order of the questions. */
  readonly #answering: ((result: readonly BoundListener[] | Error) => void)[] = [];
  #counting: ((counters: CountersData | undefined) => void)[] = [];
  readonly #explaining: ((explanation: RequestExplanation | undefined) => void)[] = [];
  #drained: ((result: DrainResult) => void) | undefined;
  #isServing = false;
  #hasEnded = false;
  readonly #ended: Promise<void>;
  #failure: string | undefined;
  #lastCounted: CountersData | undefined;
  #lastVitals: Vitals | undefined;

  constructor(thread: Thread, pools: ReadonlyMap<string, ServedPool>, events: CrewmanEvents) {
    this.#thread = thread;
    this.#pools = pools;
    this.#events = events;
    thread.onMessage((message) => this.#receive(message));
    this.#ended = new Promise((resolve) => {
      thread.onExit((reason) => {
        this.#end(this.#failure ?? reason);
        resolve();
      });
    });
  }

  /** It accepts connections. */
  get isServing(): boolean {
    return this.#isServing && !this.#hasEnded;
  }

  /** Its thread runs no more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What it said last. */
  get lastCounted(): CountersData | undefined {
    return this.#lastCounted;
  }

  /** With what it said last. */
  get lastVitals(): Vitals | undefined {
    return this.#lastVitals;
  }

  /**
   * Rejects when the worker cannot serve that; a worker that served nothing before has ended then, or will. May be called
   * again before it has answered: then one takes force after the other.
   */
  configure(
    pools: Omit<WorkerPools, 'kind'>,
    listeners: Omit<WorkerListeners, 'kind'>,
  ): Promise<readonly BoundListener[]> {
    if (this.#hasEnded) return Promise.reject(endedEarly(this.#failure));
    const answer = new Promise<readonly BoundListener[]>((resolve, reject) => {
      this.#answering.push((result) => (result instanceof Error ? reject(result) : resolve(result)));
    });
    this.#thread.post({ kind: 'pools', ...pools });
    this.#follow(Object.keys(pools.pools));
    this.#thread.post({ kind: 'listeners', ...listeners });
    return answer;
  }

  #follow(names: readonly string[]): void {
    for (const [name, { membership, unfollow }] of this.#followed) {
      // Another one may have the name: that of a configuration that was refused is gone.
      if (names.includes(name) && this.#pools.get(name)!.membership === membership) continue;
      unfollow();
      this.#followed.delete(name);
      this.#applied.delete(name);
    }
    for (const pool of names) {
      if (this.#followed.has(pool)) continue;
      const { membership } = this.#pools.get(pool)!;
      const tell = (update: MembershipUpdate) => this.#thread.post({ kind: 'membership', pool, update });
      this.#followed.set(pool, { membership, unfollow: membership.subscribe(tell) });
    }
  }

  appliedVersion(pool: string): number {
    return this.#hasEnded ? Number.POSITIVE_INFINITY : (this.#applied.get(pool) ?? 0);
  }

  /** Resolves when it follows the pool's membership at `version` or a later one, or has ended. */
  followed(pool: string, version: number): Promise<void> {
    if (this.appliedVersion(pool) >= version) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting = [...this.#waiting, { pool, version, resolve }];
    });
  }

  /** What it counted; what it said last when it does not answer. */
  count(scheduler: Scheduler): Promise<CountersData | undefined> {
    if (this.#hasEnded) return Promise.resolve(undefined);
    this.#thread.post({ kind: 'count' });
    return new Promise((resolve) => {
      const limit = scheduler.after(COUNT_LIMIT_MS, () => resolve(this.#lastCounted));
      this.#counting.push((counters) => {
        limit.cancel();
        resolve(counters);
      });
    });
  }

  reopenLogs(): void {
    if (!this.#hasEnded) this.#thread.post({ kind: 'reopen-logs' });
  }

  /** Undefined when it has no such listener, or ends before it answers. */
  explain(listener: string, described: DescribedRequest): Promise<RequestExplanation | undefined> {
    if (this.#hasEnded) return Promise.resolve(undefined);
    this.#thread.post({ kind: 'explain', listener, described });
    return new Promise((resolve) => this.#explaining.push(resolve));
  }

  /** A worker that is stuck does not answer: it is ended a moment after `timeoutMs`. */
  drain(timeoutMs: number, scheduler: Scheduler): Promise<DrainResult> {
    if (this.#hasEnded) return Promise.resolve({ finished: true, remaining: 0 });
    this.#thread.post({ kind: 'drain', timeoutMs });
    const limit = scheduler.after(timeoutMs + DRAIN_GRACE_MS, () => void this.terminate('it did not answer'));
    return new Promise((resolve) => {
      this.#drained = (result) => {
        limit.cancel();
        resolve(result);
      };
    });
  }

  /** Resolves when the thread has ended. `reason` is then why, in words. */
  terminate(reason?: string): Promise<void> {
    this.#failure ??= reason;
    this.#thread.terminate();
    return this.#ended;
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'serving':
        this.#isServing = true;
        this.#answering.shift()?.(message.listeners);
        break;
      case 'refused':
        if (!this.#isServing) this.#failure = message.message;
        this.#answering.shift()?.(new EquipoiseError(message.code as ErrorCode, message.message));
        break;
      case 'applied':
        this.#applied.set(message.pool, message.version);
        this.#tellFollowers();
        break;
      case 'news':
        this.#pools.get(message.pool)?.picker.observe();
        break;
      case 'happened':
        this.#events.onHappening(message.what);
        break;
      case 'counted':
        this.#lastCounted = message.counters;
        this.#lastVitals = message.vitals;
        for (const resolve of this.#counting.splice(0)) resolve(message.counters);
        break;
      case 'explained':
        this.#explaining.shift()?.(message.explanation);
        break;
      case 'drained':
        this.#drained?.(message.result);
    }
  }

  #tellFollowers(): void {
    const isDone = (each: Following) => this.appliedVersion(each.pool) >= each.version;
    for (const each of this.#waiting.filter(isDone)) each.resolve();
    this.#waiting = this.#waiting.filter((each) => !isDone(each));
  }

  #end(reason: string): void {
    this.#hasEnded = true;
    this.#tellFollowers();
    for (const { unfollow } of this.#followed.values()) unfollow();
    for (const resolve of this.#counting.splice(0)) resolve(undefined);
    for (const resolve of this.#explaining.splice(0)) resolve(undefined);
    for (const answer of this.#answering.splice(0)) answer(endedEarly(reason));
    this.#drained?.({ finished: false, remaining: 0 });
    this.#events.onEnd(reason);
  }
}

function endedEarly(reason = 'unknown'): EquipoiseError {
  return new EquipoiseError('worker-failed', `a worker ended before it served: ${reason}`);
}

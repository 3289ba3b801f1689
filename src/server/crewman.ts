import type { Scheduler } from '../control/membership/scheduler.ts';
import { EquipoiseError, type ErrorCode } from '../core/kernel/errors.ts';
import type { CountersData } from '../telemetry/counters.ts';
import type { SocketAddress } from '../transport/transport.ts';
import type { DrainResult } from './drain.ts';
import type { ServerHappening } from './events.ts';
import type { BoundListener } from './front.ts';
import type { ServedPool } from './pools.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

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

/** A worker that does not say within this time what it counted is left out, with what it said last. */
const COUNT_LIMIT_MS = 1000;

/** The main thread's side of one worker, for the life of its thread. */
export class Crewman {
  readonly #thread: Thread;
  readonly #pools: ReadonlyMap<string, ServedPool>;
  readonly #events: CrewmanEvents;
  readonly #applied = new Map<string, number>();
  readonly #unsubscribe: (() => void)[] = [];
  #opened: ((result: readonly BoundListener[] | Error) => void) | undefined;
  #counting: ((counters: CountersData | undefined) => void)[] = [];
  #drained: ((result: DrainResult) => void) | undefined;
  #isOpen = false;
  #hasEnded = false;
  readonly #ended: Promise<void>;
  #failure: string | undefined;
  #lastCounted: CountersData | undefined;

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

  /** It accepts connections, or did until it ended. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What it said last. */
  get lastCounted(): CountersData | undefined {
    return this.#lastCounted;
  }

  /** Rejects when the worker cannot serve; it has ended then, or will. */
  open(
    start: WorkerStart,
    binds: Readonly<Record<string, readonly SocketAddress[]>>,
  ): Promise<readonly BoundListener[]> {
    this.#thread.post(start);
    for (const [pool, { membership }] of this.#pools) {
      this.#unsubscribe.push(membership.subscribe((update) => this.#thread.post({ kind: 'membership', pool, update })));
    }
    this.#thread.post({ kind: 'open', binds });
    return new Promise((resolve, reject) => {
      this.#opened = (result) => (result instanceof Error ? reject(result) : resolve(result));
    });
  }

  appliedVersion(pool: string): number {
    return this.#hasEnded ? Number.POSITIVE_INFINITY : (this.#applied.get(pool) ?? 0);
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

  drain(timeoutMs: number): Promise<DrainResult> {
    if (this.#hasEnded) return Promise.resolve({ finished: true, remaining: 0 });
    this.#thread.post({ kind: 'drain', timeoutMs });
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  /** Resolves when the thread has ended. */
  terminate(): Promise<void> {
    this.#thread.terminate();
    return this.#ended;
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'opened':
        this.#isOpen = true;
        this.#opened?.(message.listeners);
        break;
      case 'failed':
        this.#failure = message.message;
        this.#opened?.(new EquipoiseError(message.code as ErrorCode, message.message));
        break;
      case 'applied':
        this.#applied.set(message.pool, message.version);
        break;
      case 'happened':
        this.#events.onHappening(message.what);
        break;
      case 'counted':
        this.#lastCounted = message.counters;
        for (const resolve of this.#counting.splice(0)) resolve(message.counters);
        break;
      case 'drained':
        this.#drained?.(message.result);
    }
  }

  #end(reason: string): void {
    this.#hasEnded = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const resolve of this.#counting.splice(0)) resolve(undefined);
    this.#opened?.(new EquipoiseError('worker-failed', `a worker ended before it served: ${reason}`));
    this.#drained?.({ finished: false, remaining: 0 });
    this.#events.onEnd(reason);
  }
}

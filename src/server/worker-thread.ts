import type { MembershipUpdate } from '../control/membership/snapshot.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { DescribedRequest, RequestExplanation } from '../proxy/explanation.ts';
import { countSources } from '../proxy/shared-sources.ts';
import { shareDescriptors } from '../transport/shared-descriptors.ts';
import type { ConnectionsElsewhere } from './connection-total.ts';
import type { ServerHappening } from './events.ts';
import { type FrontDeps, openFront, type ThreadFront } from './front.ts';
import { createPoolPicker, type PoolPicker, type PoolPickerDeps } from './pool-picker.ts';
import type { ProgramMemory } from './program-memory.ts';
import { startPulse } from './pulse.ts';
import { connectionsElsewhere, connectionsWord } from './shared-connections.ts';
import type { FromWorker, ToWorker, WorkerListeners, WorkerPools } from './worker-messages.ts';

export interface WorkerThreadDeps extends Omit<PoolPickerDeps & FrontDeps, 'emit' | 'elsewhere' | 'sources'> {
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

/** The main thread, as a worker sees it. */
export interface MainThread {
  post(message: FromWorker): void;
  onMessage(listener: (message: ToWorker) => void): void;
  /** Ends this thread. */
  exit(): void;
}

/** Serves as one of several workers, by what the main thread tells it. */
export function runWorkerThread(main: MainThread, deps: WorkerThreadDeps): void {
  const thread = new WorkerThread(main, deps);
  // One after the other: a pool must be there before its members are.
  let last: Promise<void> = Promise.resolve();
  main.onMessage((message) => {
    last = last.then(() => thread.receive(message)).catch((error: unknown) => thread.fail(message, error));
  });
}

class WorkerThread {
  readonly #main: MainThread;
  readonly #deps: WorkerThreadDeps;
  readonly #pools = new Map<string, PoolPicker>();
  /** Put other options of pools in force. */
  #prepared: (() => PoolPicker)[] = [];
  #added: readonly string[] = [];
  /** Why the pools that were announced last could not be made. */
  #unprepared: unknown;
  #configured: ReadonlySet<string> = new Set();
  #front: ThreadFront | undefined;
  #worker = 0;
  #program: ProgramMemory | undefined;
  #elsewhere: ConnectionsElsewhere = { of: () => 0 };

  constructor(main: MainThread, deps: WorkerThreadDeps) {
    this.#main = main;
    this.#deps = deps;
  }

  receive(message: ToWorker): void | Promise<void> {
    switch (message.kind) {
      case 'pools':
        return this.#prepare(message);
      case 'membership':
        return this.#follow(message.pool, message.update);
      case 'listeners':
        return this.#serve(message);
      case 'count':
        return this.#tellCounts();
      case 'reopen-logs':
        return this.#front?.reopenLogs();
      case 'explain':
        return this.#explain(message.listener, message.described);
      case 'drain':
        // Not awaited: who drains still counts and follows its members.
        void this.#drain(message.timeoutMs);
    }
  }

  /** A message could not be obeyed. Of a configuration's two the second one is answered. */
  fail({ kind }: ToWorker, error: unknown): void {
    if (kind === 'pools') this.#unprepared = error;
    else if (kind === 'listeners') this.#refuse(error);
    else this.#emit({ kind: 'exception', error });
  }

  #refuse(error: unknown): void {
    const code = error instanceof EquipoiseError ? error.code : 'worker-failed';
    this.#main.post({ kind: 'refused', code, message: error instanceof Error ? error.message : String(error) });
    this.#prepared = [];
    for (const name of this.#added) this.#pools.delete(name);
    if (this.#front === undefined) this.#main.exit();
  }

  async #prepare({ pools, memory, program, originMs, worker }: WorkerPools): Promise<void> {
    this.#prepared = [];
    this.#unprepared = undefined;
    this.#added = Object.keys(pools).filter((name) => !this.#pools.has(name));
    this.#configured = new Set(Object.keys(pools));
    this.#worker = worker;
    if (this.#program === undefined) startPulse(program.pulses, worker, this.#deps.timers);
    this.#program = program;
    const { clock, wallClock } = this.#deps;
    const epochMs = originMs - (wallClock() - clock.now());
    const deps = { ...this.#deps, emit: (what: ServerHappening) => this.#emit(what) };
    for (const [name, options] of Object.entries(pools)) {
      const known = this.#pools.get(name);
      if (known !== undefined) this.#prepared.push(await known.prepare(options));
      else {
        const onNews = () => this.#main.post({ kind: 'news', pool: name });
        const share = { memory: memory[name]!, worker, epochMs, onNews };
        this.#pools.set(name, await createPoolPicker(name, options, deps, share));
      }
    }
  }

  #follow(name: string, update: MembershipUpdate): void {
    // Of a pool that could not be made, or is gone.
    const pool = this.#pools.get(name);
    pool?.apply(update);
    this.#main.post({ kind: 'applied', pool: name, version: update.version });
  }

  async #serve({ config, connections }: WorkerListeners): Promise<void> {
    if (this.#unprepared !== undefined) throw this.#unprepared;
    for (const name of Object.keys(config.listeners)) {
      this.#deps.counters.listener(name, connectionsWord(connections, this.#worker, name));
    }
    this.#elsewhere = connectionsElsewhere(connections, this.#worker);
    if (this.#front === undefined) {
      const emit = (what: ServerHappening) => this.#emit(what);
      const elsewhere: ConnectionsElsewhere = { of: (listener) => this.#elsewhere.of(listener) };
      const deps = { ...this.#deps, emit, elsewhere, ...this.#shared() };
      this.#front = await openFront(config, this.#pools, deps, { shared: true });
    } else await this.#front.configure(config, () => this.#applyPrepared());
    this.#added = [];
    this.#main.post({ kind: 'serving', listeners: this.#front.listeners });
  }

  /** The limits that hold for all workers together. */
  #shared(): Pick<FrontDeps, 'descriptors' | 'sources' | 'worker'> {
    const worker = this.#worker;
    const { descriptors, sources } = this.#program!;
    return {
      worker,
      descriptors: shareDescriptors(descriptors, worker),
      sources: (listener) => countSources(sources, worker, listener),
    };
  }

  #applyPrepared(): ReadonlyMap<string, PoolPicker> {
    for (const apply of this.#prepared.splice(0)) {
      const pool = apply();
      this.#pools.set(pool.name, pool);
    }
    for (const name of [...this.#pools.keys()]) if (!this.#configured.has(name)) this.#pools.delete(name);
    return this.#pools;
  }

  async #drain(timeoutMs: number): Promise<void> {
    const result = await (this.#front?.drain(timeoutMs) ?? { finished: true, remaining: 0 });
    // The main thread ends this one next, and what it has to write with it.
    await this.#front?.close();
    this.#tellCounts();
    this.#main.post({ kind: 'drained', result });
  }

  #tellCounts(): void {
    const vitals = this.#front?.workers()[0]?.vitals ?? { lagMs: 0, heapBytes: 0 };
    this.#main.post({ kind: 'counted', counters: this.#deps.counters.data(), vitals });
  }

  async #explain(listener: string, described: DescribedRequest): Promise<void> {
    let explanation: RequestExplanation | undefined;
    try {
      explanation = (await this.#front?.explain(listener, described))?.explanation;
    } finally {
      // In any case: who asks next would be told this one.
      this.#main.post({ kind: 'explained', explanation });
    }
  }

  #emit(what: ServerHappening): void {
    // An error need not survive the way to another thread; its text does.
    if (what.kind === 'exception' && what.error instanceof Error) {
      const { stack, message } = what.error;
      this.#main.post({ kind: 'happened', what: { ...what, error: stack ?? message } });
    } else this.#main.post({ kind: 'happened', what });
  }
}

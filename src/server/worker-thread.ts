import { EquipoiseError } from '../core/kernel/errors.ts';
import type { ServerHappening } from './events.ts';
import { type Front, type FrontDeps, openFront } from './front.ts';
import { createPoolPicker, type PoolPicker, type PoolPickerDeps } from './pool-picker.ts';
import { connectionsElsewhere, connectionsWord } from './shared-connections.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

export type WorkerThreadDeps = Omit<PoolPickerDeps & FrontDeps, 'emit' | 'elsewhere'>;

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
    last = last.then(() => thread.receive(message)).catch((error: unknown) => thread.fail(error));
  });
}

class WorkerThread {
  readonly #main: MainThread;
  readonly #deps: WorkerThreadDeps;
  readonly #pools = new Map<string, PoolPicker>();
  #start: WorkerStart | undefined;
  #front: Front | undefined;

  constructor(main: MainThread, deps: WorkerThreadDeps) {
    this.#main = main;
    this.#deps = deps;
  }

  receive(message: ToWorker): void | Promise<void> {
    switch (message.kind) {
      case 'start':
        return this.#begin(message);
      case 'membership':
        this.#pools.get(message.pool)!.apply(message.update);
        if (message.update.kind === 'snapshot') {
          this.#main.post({ kind: 'applied', pool: message.pool, version: message.update.version });
        }
        return;
      case 'open':
        return this.#open(message.binds);
      case 'count':
        return this.#main.post({ kind: 'counted', counters: this.#deps.counters.data() });
      case 'drain':
        // Not awaited: who drains still counts and follows its members.
        void this.#drain(message.timeoutMs);
    }
  }

  fail(error: unknown): void {
    const code = error instanceof EquipoiseError ? error.code : 'worker-failed';
    this.#main.post({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) });
    void this.#front?.close();
    this.#main.exit();
  }

  async #begin(start: WorkerStart): Promise<void> {
    this.#start = start;
    for (const [name, options] of Object.entries(start.config.pools)) {
      const share = { memory: start.memory[name]!, worker: start.worker };
      const deps = { ...this.#deps, emit: (what: ServerHappening) => this.#emit(what) };
      this.#pools.set(name, await createPoolPicker(name, options, deps, share));
    }
  }

  async #open(binds: Extract<ToWorker, { kind: 'open' }>['binds']): Promise<void> {
    const { config, connections, worker } = this.#start!;
    const { counters } = this.#deps;
    for (const name of Object.keys(binds)) counters.listener(name, connectionsWord(connections, worker, name));
    const listeners = Object.fromEntries(
      Object.entries(binds).map(([name, bind]) => [name, { ...config.listeners[name]!, bind }]),
    );
    const deps = {
      ...this.#deps,
      emit: (what: ServerHappening) => this.#emit(what),
      elsewhere: connectionsElsewhere(connections, worker),
    };
    this.#front = await openFront({ limits: config.limits, listeners }, this.#pools, deps, true);
    this.#main.post({ kind: 'opened', listeners: this.#front.listeners });
  }

  async #drain(timeoutMs: number): Promise<void> {
    const result = await (this.#front?.drain(timeoutMs) ?? { finished: true, remaining: 0 });
    this.#main.post({ kind: 'counted', counters: this.#deps.counters.data() });
    this.#main.post({ kind: 'drained', result });
  }

  #emit(what: ServerHappening): void {
    // An error need not survive the way to another thread; its text does.
    if (what.kind === 'exception' && what.error instanceof Error) {
      const { stack, message } = what.error;
      this.#main.post({ kind: 'happened', what: { ...what, error: stack ?? message } });
    } else this.#main.post({ kind: 'happened', what });
  }
}

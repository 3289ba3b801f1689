import type { ProtocolDeps } from '../proxy/protocols/protocol.ts';
import { AccessLogs } from './access-log.ts';
import type { FrontDeps, Served } from './front.ts';
import { liveExplainOf } from './live-explain.ts';
import { Tracers } from './tracing.ts';

/** What protocols are given of it. */
export type Watchers = Pick<ProtocolDeps, 'accessLog' | 'tracing' | 'liveExplain'>;

/** Another configuration, ready but not in force. */
export interface WatchersChange {
  apply(): void;
  discard(): void;
}

/** Who is told of the requests of this thread. */
export class WatcherSet {
  readonly #accessLogs: AccessLogs;
  readonly #tracers: Tracers;
  readonly #deps: FrontDeps;
  #watchers: Watchers | undefined;

  constructor(deps: FrontDeps) {
    this.#deps = deps;
    this.#accessLogs = new AccessLogs(deps);
    this.#tracers = new Tracers(deps);
  }

  /**
   * Makes ready what `config` wants; `watchers` is there from then on. What `admin` says holds as it was first: another one
   * takes a restart.
   *
   * Errors  throws `config-invalid` when the access log's file cannot be opened.
   */
  prepare({ accessLog, tracing, admin }: Served): WatchersChange {
    const log = this.#accessLogs.prepare(accessLog);
    const liveExplain = this.#watchers === undefined ? liveExplainOf(admin, this.#deps.worker) : undefined;
    this.#watchers ??= {
      accessLog: this.#accessLogs,
      tracing: this.#tracers,
      ...(liveExplain && { liveExplain }),
    };
    return {
      apply: () => {
        log.apply();
        this.#tracers.configure(tracing);
      },
      discard: () => log.discard(),
    };
  }

  /** Once something was prepared. */
  get watchers(): Watchers {
    return this.#watchers!;
  }

  reopenLogs(): void {
    this.#accessLogs.reopen();
  }

  /** Resolves when everything is written and sent, or after 2 s. */
  async close(): Promise<void> {
    await Promise.all([this.#accessLogs.close(), this.#tracers.close()]);
  }
}

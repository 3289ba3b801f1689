import { isDeepStrictEqual } from 'node:util';
import { EquipoiseError } from '../core/kernel/errors.ts';
import { AccessLog, type AccessLogOptions, type AccessLogSource } from '../telemetry/access-log/access-log.ts';
import type { FrontDeps } from './front.ts';

/** Another access log, open but not in force. */
export interface AccessLogChange {
  apply(): void;
  /** It is closed again. */
  discard(): void;
}

/** The access log of this thread as it changes: what has begun ends where it began. */
export class AccessLogs implements AccessLogSource {
  current: AccessLog | null = null;
  readonly #deps: FrontDeps;
  /** Of configurations before, with requests under way. */
  readonly #retiring = new Set<AccessLog>();

  constructor(deps: FrontDeps) {
    this.#deps = deps;
  }

  /**
   * Opens another log, unless it is the same.
   *
   * Errors  throws `config-invalid` when its file cannot be opened.
   */
  prepare(options: AccessLogOptions | undefined): AccessLogChange {
    if (isDeepStrictEqual(options, this.current?.options)) return { apply() {}, discard() {} };
    const next = options === undefined ? null : this.#open(options);
    return {
      apply: () => {
        const former = this.current;
        this.current = next;
        if (former !== null) this.#retire(former);
      },
      discard: () => void next?.close(),
    };
  }

  #open(options: AccessLogOptions): AccessLog {
    const { clock, wallClock, counters, emit, scheduler } = this.#deps;
    const after = (ms: number, run: () => void) => void scheduler.after(ms, run);
    const onFailure = (reason: string) => emit({ kind: 'log-failed', reason });
    try {
      return new AccessLog(options, { clock, wallClock, after, onFailure, counts: counters.accessLog });
    } catch (error) {
      throw new EquipoiseError('config-invalid', `accessLog: ${(error as Error).message}`, { cause: error });
    }
  }

  #retire(log: AccessLog): void {
    this.#retiring.add(log);
    void log.retire().then(() => this.#retiring.delete(log));
  }

  reopen(): void {
    for (const log of this.#all()) log.reopen();
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await Promise.all(this.#all().map((log) => log.close()));
  }

  #all(): AccessLog[] {
    return this.current === null ? [...this.#retiring] : [this.current, ...this.#retiring];
  }
}

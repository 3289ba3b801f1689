import { EquipoiseError } from '../core/kernel/errors.ts';
import { AccessLog } from '../telemetry/access-log/access-log.ts';
import type { FrontDeps, Served } from './front.ts';

/**
 * The access log of this thread; undefined where none is configured.
 *
 * Errors  throws `config-invalid` when its file cannot be opened.
 */
export function openAccessLog({ accessLog }: Served, deps: FrontDeps): AccessLog | undefined {
  if (accessLog === undefined) return undefined;
  const { scheduler, wallClock, counters, emit } = deps;
  try {
    return new AccessLog(accessLog, {
      after: (ms, run) => void scheduler.after(ms, run),
      wallClock,
      counts: counters.accessLog,
      onFailure: (reason) => emit({ kind: 'log-failed', reason }),
    });
  } catch (error) {
    throw new EquipoiseError('config-invalid', `accessLog: ${(error as Error).message}`, { cause: error });
  }
}

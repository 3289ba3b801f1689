import type { Clock } from '../../../core/kernel/clock.ts';
import type { AccessLog } from '../../../telemetry/access-log/access-log.ts';
import { createConnectionRecord } from '../../../telemetry/access-log/record.ts';
import type { Tracer } from '../../../telemetry/tracing/tracer.ts';
import type { ProtocolDeps } from '../protocol.ts';
import { ConnectionEntry } from './connection-entry.ts';
import { ConnectionLog } from './connection-log.ts';
import { ConnectionTrace } from './connection-trace.ts';

/** Who wants to know of some. */
interface Wanted {
  readonly log: AccessLog | null;
  readonly tracer: Tracer | null;
}

/** Which connections of a tcp listener are recorded: for the access log, for a trace, or for both. */
export class ConnectionRecords {
  readonly #listener: string;
  readonly #log: ConnectionLog | null;
  readonly #tracer: Tracer | null;
  readonly #clock: Clock;

  private constructor(listener: string, { log, tracer }: Wanted, deps: ProtocolDeps) {
    this.#listener = listener;
    this.#log = log === null ? null : new ConnectionLog(log, listener, deps);
    this.#tracer = tracer;
    this.#clock = deps.clock;
  }

  /** As it is now: `former` where nothing has changed, null where no connection ever is. */
  static follow(listener: string, former: ConnectionRecords | null, deps: ProtocolDeps): ConnectionRecords | null {
    const log = deps.accessLog?.current ?? null;
    const tracer = tracerOf(deps);
    if (log === null && tracer === null) return null;
    const isSame = former !== null && former.#tracer === tracer && (former.#log?.log ?? null) === log;
    return isSame ? former : new ConnectionRecords(listener, { log, tracer }, deps);
  }

  /** Null where nobody wants to know of this connection. */
  begin(clientIp: string, clientPort: number, pool: string): ConnectionEntry | null {
    const log = this.#log?.draws() === true ? this.#log : null;
    const trace = this.#tracer?.draws() === true ? new ConnectionTrace(this.#tracer, this.#listener) : null;
    if (log === null && trace === null) return null;
    log?.begin();
    return new ConnectionEntry(createConnectionRecord(clientIp, clientPort, pool), { log, trace }, this.#clock);
  }
}

function tracerOf({ tracing }: ProtocolDeps): Tracer | null {
  const tracer = tracing?.current ?? null;
  return tracer?.options.connections === true ? tracer : null;
}

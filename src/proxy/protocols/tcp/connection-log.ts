import type { Rng } from '../../../core/kernel/rng.ts';
import type { AccessLog } from '../../../telemetry/access-log/access-log.ts';
import type { LineFormat } from '../../../telemetry/access-log/line-format.ts';
import type { ConnectionRecord } from '../../../telemetry/access-log/record.ts';
import type { OpenConnections, ProtocolDeps } from '../protocol.ts';

/** One tcp listener's part of an access log. A line is begun when its connection comes, and ended once. */
export class ConnectionLog {
  readonly log: AccessLog;
  readonly connections: OpenConnections | undefined;
  readonly #format: LineFormat;
  readonly #rng: Rng;

  constructor(log: AccessLog, listener: string, { rng, connections }: ProtocolDeps) {
    this.log = log;
    this.connections = connections;
    this.#format = log.formatOf(listener);
    this.#rng = rng;
  }

  /** Entries want what only few formats tell. */
  get isDetailed(): boolean {
    return this.#format.isDetailed;
  }

  /** Draws whether a connection is among those that are logged. */
  draws(): boolean {
    const { sample } = this.log.options;
    return sample === 1 || this.#rng.next() < sample;
  }

  /** A line will come. */
  begin(): void {
    this.log.begin();
  }

  /** Times are the clock's. */
  end(record: ConnectionRecord, beganMs: number, endedMs: number): void {
    this.log.connection(this.#format, record, beganMs, endedMs);
  }
}

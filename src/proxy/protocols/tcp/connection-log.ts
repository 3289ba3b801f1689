import type { Clock } from '../../../core/kernel/clock.ts';
import type { Rng } from '../../../core/kernel/rng.ts';
import type { AccessLog } from '../../../telemetry/access-log/access-log.ts';
import type { LineFormat } from '../../../telemetry/access-log/line-format.ts';
import { type ConnectionRecord, createConnectionRecord, type End } from '../../../telemetry/access-log/record.ts';

/** What the access log is to say of one connection. */
export class ConnectionEntry {
  readonly record: ConnectionRecord;
  readonly #log: ConnectionLog;
  readonly #clock: Clock;
  readonly #beganMs: number;
  #dialedMs = 0;
  /** The first reason counts: others follow from it. */
  #end: End | null = null;

  constructor(log: ConnectionLog, record: ConnectionRecord, clock: Clock) {
    this.#log = log;
    this.record = record;
    this.#clock = clock;
    this.#beganMs = clock.now();
  }

  /** `retries`: tries before this one. */
  dialed(endpoint: string, retries: number): void {
    this.record.endpoint = endpoint;
    this.record.retries = retries;
    this.#dialedMs = this.#clock.now();
  }

  connected(): void {
    this.record.connectMs = this.#clock.now() - this.#dialedMs;
  }

  waited(ms: number): void {
    this.record.queueMs = Math.max(0, this.record.queueMs) + ms;
  }

  /** Why it is about to end. */
  because(end: End): void {
    this.#end ??= end;
  }

  /** It is over; `otherwise`: how, where nobody has said it. */
  ended(bytesIn: number, bytesOut: number, otherwise: End): void {
    const { record } = this;
    record.bytesIn = bytesIn;
    record.bytesOut = bytesOut;
    record.end = this.#end ?? otherwise;
    this.#log.end(record, this.#beganMs);
  }
}

/** One tcp listener's part of an access log. An entry is begun when its connection comes, and ended once. */
export class ConnectionLog {
  readonly log: AccessLog;
  readonly #format: LineFormat;
  readonly #clock: Clock;
  readonly #rng: Rng;

  constructor(log: AccessLog, listener: string, clock: Clock, rng: Rng) {
    this.log = log;
    this.#format = log.formatOf(listener);
    this.#clock = clock;
    this.#rng = rng;
  }

  /** Null where this connection is not among those that are logged. */
  begin(clientIp: string, clientPort: number, pool: string): ConnectionEntry | null {
    const { sample } = this.log.options;
    if (sample < 1 && this.#rng.next() >= sample) return null;
    this.log.begin();
    return new ConnectionEntry(this, createConnectionRecord(clientIp, clientPort, pool), this.#clock);
  }

  end(record: ConnectionRecord, beganMs: number): void {
    this.log.connection(this.#format, record, beganMs, this.#clock.now());
  }
}

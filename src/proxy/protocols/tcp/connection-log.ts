import type { Clock } from '../../../core/kernel/clock.ts';
import type { Rng } from '../../../core/kernel/rng.ts';
import type { AccessLog } from '../../../telemetry/access-log/access-log.ts';
import type { LineFormat } from '../../../telemetry/access-log/line-format.ts';
import { type ConnectionRecord, createConnectionRecord, type End } from '../../../telemetry/access-log/record.ts';
import type { OpenConnections, ProtocolDeps, ProxyPool } from '../protocol.ts';

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

  /** It is in the line, as the last one of so many. */
  queued(length: number): void {
    this.record.queuePlace += length;
  }

  waited(ms: number): void {
    this.record.queueMs = Math.max(0, this.record.queueMs) + ms;
  }

  /** It is still here, of those that wait too: who else is. `slot` −1: it has no endpoint. */
  meet({ picker, gate }: ProxyPool, slot: number, isWaiting: boolean): void {
    const { record } = this;
    const { connections, isDetailed } = this.#log;
    if (!isDetailed) return;
    record.programConnections = connections?.ofProgram() ?? 0;
    record.listenerConnections = connections?.ofListener() ?? 0;
    record.poolRequests = picker.inFlight.total() + (gate.line?.length ?? 0) - (slot !== -1 || isWaiting ? 1 : 0);
    record.endpointRequests = slot === -1 ? 0 : picker.requestsOf(slot) - 1;
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
  readonly connections: OpenConnections | undefined;
  readonly #format: LineFormat;
  readonly #clock: Clock;
  readonly #rng: Rng;

  constructor(log: AccessLog, listener: string, { clock, rng, connections }: ProtocolDeps) {
    this.log = log;
    this.connections = connections;
    this.#format = log.formatOf(listener);
    this.#clock = clock;
    this.#rng = rng;
  }

  /** Entries want what only few formats tell. */
  get isDetailed(): boolean {
    return this.#format.isDetailed;
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

import type { Clock } from '../../../core/kernel/clock.ts';
import type { ConnectionRecord, End } from '../../../telemetry/access-log/record.ts';
import type { ProxyPool } from '../protocol.ts';
import type { ConnectionLog } from './connection-log.ts';
import type { ConnectionTrace } from './connection-trace.ts';

/** Who wants to know of a connection. */
interface Wanted {
  readonly log: ConnectionLog | null;
  readonly trace: ConnectionTrace | null;
}

/** What the access log and a trace are to say of one connection. */
export class ConnectionEntry {
  readonly record: ConnectionRecord;
  /** Null: it is not logged. */
  readonly #log: ConnectionLog | null;
  /** Null: it is not traced. */
  readonly #trace: ConnectionTrace | null;
  readonly #clock: Clock;
  readonly #beganMs: number;
  #dialedMs = 0;
  /** The first reason counts: others follow from it. */
  #end: End | null = null;

  constructor(record: ConnectionRecord, { log, trace }: Wanted, clock: Clock) {
    this.#log = log;
    this.#trace = trace;
    this.record = record;
    if (trace !== null) {
      record.traceId = trace.traceId;
      record.spanId = trace.spanId;
    }
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
    if (this.#log === null || !this.#log.isDetailed) return;
    const { connections } = this.#log;
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
    const nowMs = this.#clock.now();
    this.#log?.end(record, this.#beganMs, nowMs);
    this.#trace?.end(record, this.#beganMs, nowMs);
  }
}

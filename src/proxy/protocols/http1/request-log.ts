import type { Clock } from '../../../core/kernel/clock.ts';
import type { Rng } from '../../../core/kernel/rng.ts';
import type { AccessLog } from '../../../telemetry/access-log/access-log.ts';
import type { LineFormat } from '../../../telemetry/access-log/line-format.ts';
import { createRequestRecord, type End, type RequestRecord } from '../../../telemetry/access-log/record.ts';
import { COLON, ZERO } from './bytes.ts';
import type { RequestHead } from './request-head.ts';
import { fieldOf } from './request-values.ts';

/** A record, and where it will be written: also when that has changed meanwhile. */
export interface LogEntry extends RequestRecord {
  readonly log: RequestLog;
}

const NO_BYTES = new Uint8Array(0);

/**
 * One listener's part of an access log. An entry is begun while its request's head is parsed, filled by those who know, and
 * ended once.
 *
 * Cost  entries are used again, and hold offsets into the head's bytes, which must not change until the end.
 */
export class RequestLog {
  readonly log: AccessLog;
  readonly #format: LineFormat;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #free: LogEntry[] = [];

  constructor(log: AccessLog, listener: string, clock: Clock, rng: Rng) {
    this.log = log;
    this.#format = log.formatOf(listener);
    this.#clock = clock;
    this.#rng = rng;
  }

  /** Null where this request is not among those that are logged. */
  begin(head: RequestHead, clientIp: string): LogEntry | null {
    const entry = this.#take(clientIp);
    if (entry === null) return null;
    const { pathEnd, targetEnd } = head;
    entry.bytes = head.bytes;
    entry.methodStart = head.start;
    entry.methodEnd = head.methodEnd;
    entry.hostStart = head.hostStart;
    entry.hostEnd = withoutPort(head.bytes, head.hostStart, head.hostEnd);
    entry.pathStart = head.pathStart;
    entry.pathEnd = pathEnd;
    entry.queryStart = pathEnd === targetEnd ? targetEnd : pathEnd + 1;
    entry.queryEnd = targetEnd;
    if (head.hasRequestId) this.#readRequestId(head, entry);
    const { headers } = this.log.options;
    for (let i = 0; i < headers.length; i++) this.#readHeader(head, entry, i, headers[i]!);
    return entry;
  }

  /** A request whose head could not be read. */
  refused(clientIp: string, status: number): void {
    const entry = this.#take(clientIp);
    if (entry === null) return;
    entry.methodEnd = entry.methodStart;
    entry.headers.fill(0);
    this.end(entry, status, status === 408 ? 'client-timeout' : 'bad-request');
  }

  /**
   * Writes it down; the entry is not the caller's any more. `beganMs`: when something was done about it first; `endedMs`: now;
   * 0: unknown.
   */
  end(entry: LogEntry, status: number, end: End, beganMs = 0, endedMs = 0): void {
    entry.status = status;
    entry.end = end;
    const nowMs = endedMs || this.#clock.now();
    // What was answered without being sent anywhere took no time.
    this.log.request(this.#format, entry, beganMs || nowMs, nowMs);
    entry.bytes = NO_BYTES;
    this.#free.push(entry);
  }

  #take(clientIp: string): LogEntry | null {
    const { sample, headers } = this.log.options;
    if (sample < 1 && this.#rng.next() >= sample) return null;
    const entry = this.#free.pop() ?? { ...createRequestRecord(headers.length), log: this };
    this.log.begin();
    entry.clientIp = clientIp;
    entry.route = '';
    entry.pool = '';
    entry.endpoint = '';
    entry.firstByteMs = -1;
    entry.bytesIn = 0;
    entry.bytesOut = 0;
    entry.retries = 0;
    entry.requestId = '';
    entry.requestIdStart = 0;
    entry.requestIdEnd = 0;
    return entry;
  }

  #readRequestId(head: RequestHead, entry: LogEntry): void {
    const { offsets } = head.fields;
    const field = fieldOf(head, 'x-request-id');
    entry.requestIdStart = offsets[4 * field + 2]!;
    entry.requestIdEnd = offsets[4 * field + 3]!;
  }

  #readHeader(head: RequestHead, entry: LogEntry, index: number, name: string): void {
    const { offsets } = head.fields;
    const field = fieldOf(head, name);
    entry.headers[2 * index] = field === -1 ? 0 : offsets[4 * field + 2]!;
    entry.headers[2 * index + 1] = field === -1 ? 0 : offsets[4 * field + 3]!;
  }
}

/** Where the host in bytes[start, end) ends, which may have a port behind it. */
function withoutPort(bytes: Uint8Array, start: number, end: number): number {
  let p = end;
  while (p > start && bytes[p - 1]! >= ZERO && bytes[p - 1]! < COLON) p--;
  return p > start && bytes[p - 1] === COLON ? p - 1 : end;
}

const ENDS: Readonly<Record<number, End>> = { 408: 'client-timeout', 499: 'client-gone' };
/** How a request ended that its client is to blame for. */
export const endOfClient = (status: number): End => ENDS[status] ?? 'bad-request';

/** How one ended that got a problem of ours. */
export function endOfProblem(status: number, hadEndpoint: boolean): End {
  if (status === 504) return 'endpoint-timeout';
  return status === 503 && !hadEndpoint ? 'no-endpoint' : 'endpoint-failed';
}

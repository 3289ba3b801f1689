import type { AccessLog } from '../../../telemetry/access-log/access-log.ts';
import type { LineFormat } from '../../../telemetry/access-log/line-format.ts';
import {
  type Company,
  createRequestRecord,
  type End,
  type RequestRecord,
} from '../../../telemetry/access-log/record.ts';
import type { ClientSource } from '../../client-source.ts';
import type { ProtocolDeps } from '../protocol.ts';
import { COLON, ZERO } from './bytes.ts';
import { bodyBytesOf, problemAnswer } from './problem.ts';
import type { RequestHead } from './request-head.ts';
import { fieldOf } from './request-values.ts';

/** A record, and where it will be written: also when that has changed meanwhile. */
export interface LogEntry extends RequestRecord {
  readonly log: RequestLog;
}

/** Whose request it is. */
export interface LoggedClient {
  readonly source: ClientSource;
  learnPort(): number;
  /** When the first piece of a head came that did not come whole, on the clock; 0: it did, or nobody looked. */
  readonly headBeganMs: number;
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
  readonly #deps: ProtocolDeps;
  readonly #free: LogEntry[] = [];

  constructor(log: AccessLog, listener: string, deps: ProtocolDeps) {
    this.log = log;
    this.#format = log.formatOf(listener);
    this.#deps = deps;
  }

  /** Entries want what only few formats tell. */
  get isDetailed(): boolean {
    return this.#format.isDetailed;
  }

  /** Null where this request is not among those that are logged. */
  begin(head: RequestHead, clientIp: string, client: LoggedClient): LogEntry | null {
    const entry = this.#take(clientIp, client);
    if (entry === null) return null;
    const { headBeganMs } = client;
    entry.headMs = headBeganMs === 0 ? 0 : this.#deps.clock.now() - headBeganMs;
    entry.isHttp10 = head.isHttp10;
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
  refused(client: LoggedClient, status: number): void {
    const entry = this.#take(client.source.ip, client);
    if (entry === null) return;
    const problem = problemAnswer(status, true, false);
    entry.headMs = -1;
    entry.stage = 'request';
    entry.fault = 'none';
    entry.bytesOut = bodyBytesOf(problem);
    entry.sentBytes = problem.byteLength;
    if (this.isDetailed) this.meet(entry);
    entry.methodEnd = entry.methodStart;
    entry.headers.fill(0);
    this.end(entry, status, status === 408 ? 'client-timeout' : 'bad-request', client.headBeganMs);
  }

  /**
   * Writes it down; the entry is not the caller's any more. `beganMs`: when something was done about it first; `endedMs`: now;
   * 0: unknown.
   */
  end(entry: LogEntry, status: number, end: End, beganMs = 0, endedMs = 0): void {
    entry.status = status;
    entry.end = end;
    const nowMs = endedMs || this.#deps.clock.now();
    // What was answered without being sent anywhere took no time.
    this.log.request(this.#format, entry, beganMs || nowMs, nowMs);
    entry.bytes = NO_BYTES;
    this.#free.push(entry);
  }

  /** The connections that are open; nothing of a pool. */
  meet(company: Company): void {
    const { connections } = this.#deps;
    company.listenerConnections = connections?.ofListener() ?? 0;
    company.programConnections = connections?.ofProgram() ?? 0;
    company.poolRequests = 0;
    company.endpointRequests = 0;
  }

  #take(clientIp: string, client: LoggedClient): LogEntry | null {
    const { sample, headers } = this.log.options;
    if (sample < 1 && this.#deps.rng.next() >= sample) return null;
    const entry = this.#free.pop() ?? { ...createRequestRecord(headers.length), log: this };
    this.log.begin();
    entry.clientIp = clientIp;
    // Behind a proxy that is trusted nobody knows it.
    if (this.isDetailed) entry.clientPort = clientIp === client.source.ip ? client.learnPort() : 0;
    entry.route = '';
    entry.pool = '';
    entry.endpoint = '';
    entry.firstByteMs = -1;
    entry.bytesIn = 0;
    entry.bytesOut = 0;
    entry.retries = 0;
    entry.queueMs = -1;
    entry.queuePlace = 0;
    entry.connectMs = -1;
    entry.answerMs = -1;
    entry.sentBytes = 0;
    entry.requestId = '';
    entry.traceId = '';
    entry.spanId = '';
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

import type { Clock } from '../../../core/kernel/clock.ts';
import type { Rng } from '../../../core/kernel/rng.ts';
import type { AccessLog } from '../../../telemetry/access-log/access-log.ts';
import { createQueryFilter } from '../../../telemetry/access-log/hide-query.ts';
import { type AccessRecord, createRecord, type End } from '../../../telemetry/access-log/record.ts';
import { hostName } from '../../routing/router.ts';
import { latin1, startsWith } from './bytes.ts';
import type { RequestHead } from './request-head.ts';
import { headerOf } from './request-values.ts';

/** A record, and when its request began on this thread's clock. */
export interface LogEntry extends AccessRecord {
  beganMs: number;
}

/**
 * The access log of one listener. An entry is begun while its request's head is parsed, filled by those who know, and ended
 * once.
 */
export class RequestLog {
  readonly #log: AccessLog;
  readonly #listener: string;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #filter: (query: string) => string;
  readonly #free: LogEntry[] = [];
  /** As it was sent, and its name. */
  #lastHost = '';
  #lastHostName = '';

  constructor(log: AccessLog, listener: string, clock: Clock, rng: Rng) {
    this.#log = log;
    this.#listener = listener;
    this.#clock = clock;
    this.#rng = rng;
    this.#filter = createQueryFilter(log.options.hideQuery);
  }

  /** Null where this request is not among those that are logged. */
  begin(head: RequestHead, clientIp: string): LogEntry | null {
    const entry = this.#take(clientIp);
    if (entry === null) return null;
    entry.method = methodOf(head);
    entry.host = this.#hostOf(head);
    // The target is made a text once; both parts are slices of it.
    const target = latin1(head.bytes, head.pathStart, head.targetEnd);
    const mark = target.indexOf('?');
    entry.path = mark === -1 ? target || '/' : target.slice(0, mark) || '/';
    entry.query = mark === -1 ? '' : this.#filter(target.slice(mark + 1));
    const { headers } = this.#log.options;
    for (let i = 0; i < headers.length; i++) entry.headers[i] = this.#headerOf(head, headers[i]!);
    return entry;
  }

  /** A request whose head could not be read. */
  refused(clientIp: string, status: number): void {
    const entry = this.#take(clientIp);
    if (entry === null) return;
    entry.method = '';
    entry.host = '';
    entry.path = '';
    entry.query = '';
    entry.headers.fill('');
    this.end(entry, status, status === 408 ? 'client-timeout' : 'bad-request');
  }

  /** Writes it down; the entry is not the caller's any more. */
  end(entry: LogEntry, status: number, end: End): void {
    const durationMs = this.#clock.now() - entry.beganMs;
    entry.status = status;
    entry.end = end;
    entry.durationMs = durationMs;
    entry.startedAt = this.#log.wallClock() - durationMs;
    this.#log.record(entry);
    this.#free.push(entry);
  }

  #take(clientIp: string): LogEntry | null {
    const { sample, headers } = this.#log.options;
    if (sample < 1 && this.#rng.next() >= sample) return null;
    const entry = this.#free.pop() ?? { ...createRecord(this.#listener, headers.length), beganMs: 0 };
    entry.beganMs = this.#clock.now();
    entry.clientIp = clientIp;
    entry.route = '';
    entry.pool = '';
    entry.endpoint = '';
    entry.firstByteMs = -1;
    entry.bytesIn = 0;
    entry.bytesOut = 0;
    entry.retries = 0;
    entry.requestId = '';
    return entry;
  }

  /** Most requests ask for the same host as the one before. */
  #hostOf(head: RequestHead): string {
    const { bytes, hostStart, hostEnd } = head;
    const isSame = hostEnd - hostStart === this.#lastHost.length && startsWith(bytes, hostStart, this.#lastHost);
    if (!isSame) {
      this.#lastHost = head.host;
      this.#lastHostName = hostName(this.#lastHost);
    }
    return this.#lastHostName;
  }

  #headerOf(head: RequestHead, name: string): string {
    const value = headerOf(head, name) ?? '';
    if (name !== 'referer') return value;
    const mark = value.indexOf('?');
    return mark === -1 ? value : `${value.slice(0, mark + 1)}${this.#filter(value.slice(mark + 1))}`;
  }
}

const G = 71;

function methodOf(head: RequestHead): string {
  const { bytes, start, methodEnd } = head;
  return methodEnd - start === 3 && bytes[start] === G && startsWith(bytes, start, 'GET') ? 'GET' : head.method;
}

const ENDS: Readonly<Record<number, End>> = { 408: 'client-timeout', 499: 'client-gone' };
/** How a request ended that its client is to blame for. */
export const endOfClient = (status: number): End => ENDS[status] ?? 'bad-request';

/** How one ended that got a problem of ours. */
export function endOfProblem(status: number, hadEndpoint: boolean): End {
  if (status === 504) return 'endpoint-timeout';
  return status === 503 && !hadEndpoint ? 'no-endpoint' : 'endpoint-failed';
}

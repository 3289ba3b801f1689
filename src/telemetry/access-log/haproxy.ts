import { encoded, HAPROXY_NAME, HAPROXY_TEXT } from './escaping.ts';
import { KnownTexts } from './known-texts.ts';
import type { LineBytes } from './line-bytes.ts';
import {
  COLON,
  DASH,
  LINE_FEED,
  type LineFormat,
  type LineOptions,
  mostBytes,
  QUOTE,
  SLASH,
  SPACE,
} from './line-format.ts';
import { createCommonTime } from './log-time.ts';
import { QueryFilter } from './query-filter.ts';
import type { ConnectionRecord, End, Fault, Happening, RequestRecord, Stage } from './record.ts';
import { writeTarget } from './target.ts';

/**
 * HAProxy's `option httplog`, and for connections `option tcplog` (configuration manual 2.6, sections 8.2.2, 8.2.3, 8.4, 8.5).
 * Times are whole milliseconds that add up; −1: never reached. Different from HAProxy: a further try always goes to another
 * endpoint, and what was lost before it is part of the time to connect; a client that is gone has status 499; times are UTC.
 */
export const createHaproxyFormat = (options: LineOptions): LineFormat => new HaproxyFormat(options);

/** The first letter of the termination state of what did not end as it should: who or what ended it. */
const WHO: Readonly<Partial<Record<End, string>>> = {
  route: 'L',
  'no-route': 'P',
  'bad-request': 'P',
  'client-timeout': 'c',
  'client-gone': 'C',
  'no-endpoint': 'S',
  'turned-away': 'P',
  'endpoint-failed': 'S',
  'endpoint-timeout': 's',
  'answer-cut': 'S',
  idle: 'c',
  evicted: 'K',
};

/** The same, where more is known. */
const WHO_BY_FAULT: Readonly<Partial<Record<Fault, string>>> = {
  garbage: 'P',
  descriptors: 'R',
  timeout: 's',
  'half-closed': 'C',
};

/** The second one: what was waited for. */
const WHEN: Readonly<Record<Stage, string>> = { request: 'R', queue: 'Q', connection: 'C', answer: 'H', data: 'D' };

const PERIOD = 46;
const PLUS = 43;
const BEFORE_TIME = encoded(' [');
const NOT_REACHED = encoded('-1');
const NEVER_READ = encoded(' -1/-1/-1/-1/');
const NO_COOKIES = encoded(' - - ');
const UNREAD = encoded('<BADREQ>');
const UNIX = encoded('unix');

class HaproxyFormat implements LineFormat {
  readonly mostBytes = mostBytes([]);
  readonly isDetailed = true;
  readonly #time = createCommonTime();
  /** With the listener before it. */
  readonly #pool: KnownTexts;
  readonly #endpoint = new KnownTexts('/', '', HAPROXY_NAME, '/<NOSRV>');
  readonly #query: QueryFilter;

  constructor({ listener, hideQuery }: LineOptions) {
    const name = new TextDecoder().decode(new KnownTexts('', '', HAPROXY_NAME).of(listener));
    this.#pool = new KnownTexts(`] ${name} `, '', HAPROXY_NAME, `] ${name} ${name}`);
    this.#query = new QueryFilter(hideQuery);
  }

  request(line: LineBytes, record: RequestRecord): void {
    const { startedAt, headMs, status, methodStart, methodEnd } = record;
    this.#client(line, record);
    this.#place(line, record, startedAt - Math.max(0, headMs));
    this.#times(line, record);
    line.byte(SPACE);
    line.integer(status);
    line.byte(SPACE);
    line.integer(record.sentBytes);
    line.constant(NO_COOKIES);
    requestState(line, record);
    line.byte(DASH);
    line.byte(DASH);
    this.#company(line, record);
    line.byte(SPACE);
    line.byte(QUOTE);
    if (methodEnd === methodStart) line.constant(UNREAD);
    else writeTarget(line, record, this.#query, HAPROXY_TEXT);
    line.byte(QUOTE);
    line.byte(LINE_FEED);
  }

  connection(line: LineBytes, record: ConnectionRecord): void {
    this.#client(line, record);
    this.#place(line, record, record.startedAt);
    line.byte(SPACE);
    this.#waits(line, record);
    line.byte(SPACE);
    line.integer(record.bytesOut);
    line.byte(SPACE);
    connectionState(line, record);
    this.#company(line, record);
    line.byte(LINE_FEED);
  }

  #client(line: LineBytes, { clientIp, clientPort }: Happening): void {
    if (clientIp === '') line.constant(UNIX);
    else line.string(clientIp, HAPROXY_NAME);
    line.byte(COLON);
    line.integer(clientPort);
    line.constant(BEFORE_TIME);
  }

  /** When, and where to. */
  #place(line: LineBytes, { pool, endpoint }: Happening, startedAt: number): void {
    this.#time.write(line, startedAt, PERIOD);
    line.constant(this.#pool.of(pool));
    line.constant(this.#endpoint.of(endpoint));
  }

  /** TR/Tw/Tc/Tr/Ta. */
  #times(line: LineBytes, record: RequestRecord): void {
    const { headMs, durationMs, connectMs, answerMs } = record;
    if (headMs < 0) {
      line.constant(NEVER_READ);
      line.integer(Math.round(durationMs));
      return;
    }
    const queued = headMs + Math.max(0, record.queueMs);
    const connected = queued + Math.max(0, connectMs);
    line.byte(SPACE);
    span(line, 0, headMs, true);
    span(line, headMs, queued, !isUnplaced(record));
    span(line, queued, connected, connectMs >= 0);
    span(line, connected, connected + answerMs, answerMs >= 0);
    line.integer(Math.round(headMs + durationMs));
  }

  /** actconn/feconn/beconn/srv_conn/retries srv_queue/backend_queue; a pool has one line for all its endpoints. */
  #company(line: LineBytes, record: Happening): void {
    const { retries, queuePlace } = record;
    line.byte(SPACE);
    count(line, record.programConnections);
    count(line, record.listenerConnections);
    count(line, record.poolRequests);
    count(line, record.endpointRequests);
    // Behind a plus: not by the endpoint that is named.
    if (retries > 0) line.byte(PLUS);
    line.integer(retries);
    line.byte(SPACE);
    count(line, 0);
    line.integer(queuePlace);
  }

  #waits(line: LineBytes, record: ConnectionRecord): void {
    const { queueMs, connectMs, durationMs } = record;
    const queued = Math.max(0, queueMs);
    span(line, 0, queued, !isUnplaced(record));
    span(line, queued, queued + connectMs, connectMs >= 0);
    line.integer(Math.round(durationMs));
  }
}

/** What lies between two points of time, so that the rounded spans of a line add up. */
function span(line: LineBytes, fromMs: number, toMs: number, isReached: boolean): void {
  if (isReached) line.integer(Math.round(toMs) - Math.round(fromMs));
  else line.constant(NOT_REACHED);
  line.byte(SLASH);
}

function count(line: LineBytes, value: number): void {
  line.integer(value);
  line.byte(SLASH);
}

function requestState(line: LineBytes, record: RequestRecord): void {
  const { end, stage, fault, queueMs } = record;
  const isExpired = end === 'turned-away' && queueMs >= 0;
  const who = isExpired ? 's' : (WHO_BY_FAULT[fault] ?? WHO[end]);
  if (end === 'complete' || end === 'tunnel' || who === undefined) letters(line, '-', '-');
  else letters(line, who, WHEN[stage]);
}

function connectionState(line: LineBytes, record: ConnectionRecord): void {
  const { end, queueMs, connectMs } = record;
  const who = end === 'turned-away' && queueMs >= 0 ? 's' : WHO[end];
  if (who === undefined) letters(line, '-', '-');
  else letters(line, who, neverPicked(record) ? 'Q' : connectMs < 0 ? 'C' : 'D');
}

function letters(line: LineBytes, who: string, when: string): void {
  line.byte(who.charCodeAt(0));
  line.byte(when.charCodeAt(0));
}

/** No place was sought for it, or there was none to wait for. */
const isUnplaced = ({ endpoint, queueMs }: Happening): boolean => endpoint === '' && queueMs < 0;

/** It waited for a place, or would have had to, to its end. */
function neverPicked({ end, endpoint, queueMs }: ConnectionRecord): boolean {
  return end === 'turned-away' || (endpoint === '' && queueMs >= 0);
}

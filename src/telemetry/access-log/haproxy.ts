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
import type { ConnectionRecord, End, Happening, RequestRecord } from './record.ts';
import { writeTarget } from './target.ts';

/**
 * HAProxy's `option httplog`, and for connections `option tcplog` (configuration manual, sections 8.2.2 and 8.2.3). What is
 * not measured here is 0: the client's port and the times to receive and to connect of a request, counts of connections and of
 * the queue.
 */
export const createHaproxyFormat = (options: LineOptions): LineFormat => new HaproxyFormat(options);

/** Letters of HAProxy's termination state of a request: who or what ended it, and when. */
const REQUEST_ENDS: Readonly<Record<End, string>> = {
  complete: '----',
  tunnel: '----',
  route: 'LR--',
  'no-route': 'PR--',
  'bad-request': 'PR--',
  'client-timeout': 'cR--',
  'client-gone': 'CH--',
  'no-endpoint': 'SC--',
  'turned-away': 'sQ--',
  'endpoint-failed': 'SH--',
  'endpoint-timeout': 'sH--',
  'answer-cut': 'SD--',
  idle: 'cD--',
  evicted: 'KD--',
};

/** The first of a connection's two. The second says how far it had come: in the queue, connecting, or with data. */
const CONNECTION_ENDS: Readonly<Partial<Record<End, string>>> = {
  'client-gone': 'C',
  'no-endpoint': 'S',
  'turned-away': 's',
  'endpoint-failed': 'S',
  idle: 'c',
  evicted: 'K',
};

const encodedEnds = Object.entries(REQUEST_ENDS).map(
  ([end, letters]) => [end as End, encoded(` - - ${letters} 0/0/0/0/`)] as const,
);
const REQUEST_STATES: ReadonlyMap<End, Uint8Array> = new Map(encodedEnds);

const PERIOD = 46;
const BEFORE_TIME = encoded(' [');
const NO_PORT_BEFORE_TIME = encoded(':0 [');
const WAITS = encoded(' 0/0/0/');
const NOT_ANSWERED = encoded('-1');
const QUEUES = encoded(' 0/0');
const BEFORE_REQUEST = encoded(' 0/0 "');
const UNREAD = encoded('<BADREQ>');
const COUNTS = encoded(' 0/0/0/0/');

class HaproxyFormat implements LineFormat {
  readonly mostBytes = mostBytes([]);
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
    const { firstByteMs, status, methodStart, methodEnd } = record;
    this.#client(line, record.clientIp);
    line.constant(NO_PORT_BEFORE_TIME);
    this.#place(line, record);
    line.constant(WAITS);
    if (firstByteMs < 0) line.constant(NOT_ANSWERED);
    else line.integer(Math.round(firstByteMs));
    line.byte(SLASH);
    line.integer(Math.round(record.durationMs));
    line.byte(SPACE);
    line.integer(status);
    line.byte(SPACE);
    line.integer(record.bytesOut);
    line.constant(REQUEST_STATES.get(record.end)!);
    line.integer(record.retries);
    line.constant(BEFORE_REQUEST);
    if (methodEnd === methodStart) line.constant(UNREAD);
    else writeTarget(line, record, this.#query, HAPROXY_TEXT);
    line.byte(QUOTE);
    line.byte(LINE_FEED);
  }

  connection(line: LineBytes, record: ConnectionRecord): void {
    this.#client(line, record.clientIp);
    line.byte(COLON);
    line.integer(record.clientPort);
    line.constant(BEFORE_TIME);
    this.#place(line, record);
    line.byte(SPACE);
    this.#waits(line, record);
    line.byte(SPACE);
    line.integer(record.bytesOut);
    line.byte(SPACE);
    this.#state(line, record);
    line.constant(COUNTS);
    line.integer(record.retries);
    line.constant(QUEUES);
    line.byte(LINE_FEED);
  }

  #client(line: LineBytes, clientIp: string): void {
    if (clientIp === '') line.byte(DASH);
    else line.string(clientIp, HAPROXY_NAME);
  }

  /** When, and where to. */
  #place(line: LineBytes, { startedAt, pool, endpoint }: Happening): void {
    this.#time.write(line, startedAt, PERIOD);
    line.constant(this.#pool.of(pool));
    line.constant(this.#endpoint.of(endpoint));
  }

  #waits(line: LineBytes, record: ConnectionRecord): void {
    const { queueMs, connectMs, durationMs } = record;
    if (neverPicked(record)) line.constant(NOT_ANSWERED);
    else line.integer(Math.round(Math.max(0, queueMs)));
    line.byte(SLASH);
    if (connectMs < 0) line.constant(NOT_ANSWERED);
    else line.integer(Math.round(connectMs));
    line.byte(SLASH);
    line.integer(Math.round(durationMs));
  }

  #state(line: LineBytes, record: ConnectionRecord): void {
    const who = CONNECTION_ENDS[record.end];
    if (who === undefined) {
      line.byte(DASH);
      line.byte(DASH);
      return;
    }
    line.byte(who.charCodeAt(0));
    line.byte((neverPicked(record) ? 'Q' : record.connectMs < 0 ? 'C' : 'D').charCodeAt(0));
  }
}

/** It waited for a place, or would have had to, to its end. */
function neverPicked({ end, endpoint, queueMs }: ConnectionRecord): boolean {
  return end === 'turned-away' || (endpoint === '' && queueMs >= 0);
}

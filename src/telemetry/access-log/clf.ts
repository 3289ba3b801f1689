import { APACHE_TEXT, encoded } from './escaping.ts';
import type { LineBytes } from './line-bytes.ts';
import { DASH, LINE_FEED, type LineFormat, type LineOptions, mostBytes, QUOTE, SPACE } from './line-format.ts';
import { createCommonTime } from './log-time.ts';
import { QueryFilter } from './query-filter.ts';
import type { ConnectionRecord, End, RequestRecord } from './record.ts';
import { writeTarget } from './target.ts';

/**
 * Apache's Common Log Format; with headers, those in quotes behind it: `[referer, user-agent]` is the Combined one.
 * A connection is a request `TCP <listener>` with the status that a request would have had.
 */
export const createCommonFormat = (options: LineOptions): LineFormat => new CommonFormat(options);

const BEFORE_TIME = encoded(' - - [');
const BEHIND_TIME = encoded(' +0000] "');
const BEHIND_REQUEST = encoded('" ');
const BEFORE_HEADER = encoded(' "');

/** As nginx' stream module counts them. */
const STATUS: Readonly<Partial<Record<End, number>>> = {
  'client-gone': 499,
  'no-endpoint': 503,
  'turned-away': 503,
  'endpoint-failed': 502,
};

class CommonFormat implements LineFormat {
  readonly mostBytes: number;
  readonly isDetailed = false;
  readonly #time = createCommonTime();
  readonly #connection: Uint8Array;
  readonly #query: QueryFilter;
  readonly #headers: number;
  readonly #referer: number;

  constructor({ listener, headers, hideQuery }: LineOptions) {
    this.mostBytes = mostBytes(headers);
    this.#connection = encoded(`TCP /${encodeURIComponent(listener)} TCP`);
    this.#query = new QueryFilter(hideQuery);
    this.#headers = headers.length;
    this.#referer = headers.indexOf('referer');
  }

  request(line: LineBytes, record: RequestRecord): void {
    this.#start(line, record.clientIp, record.startedAt);
    if (record.methodEnd === record.methodStart) line.byte(DASH);
    else writeTarget(line, record, this.#query, APACHE_TEXT);
    this.#result(line, record.status, record.bytesOut);
    for (let i = 0; i < this.#headers; i++) this.#header(line, record, i);
    line.byte(LINE_FEED);
  }

  connection(line: LineBytes, { clientIp, startedAt, end, bytesOut }: ConnectionRecord): void {
    this.#start(line, clientIp, startedAt);
    line.constant(this.#connection);
    this.#result(line, STATUS[end] ?? 200, bytesOut);
    for (let i = 0; i < this.#headers; i++) line.constant(NO_HEADER);
    line.byte(LINE_FEED);
  }

  #start(line: LineBytes, clientIp: string, startedAt: number): void {
    if (clientIp === '') line.byte(DASH);
    else line.string(clientIp, APACHE_TEXT);
    line.constant(BEFORE_TIME);
    this.#time.write(line, startedAt, -1);
    line.constant(BEHIND_TIME);
  }

  #result(line: LineBytes, status: number, bytesOut: number): void {
    line.constant(BEHIND_REQUEST);
    line.integer(status);
    line.byte(SPACE);
    if (bytesOut === 0) line.byte(DASH);
    else line.integer(bytesOut);
  }

  #header(line: LineBytes, { bytes, headers }: RequestRecord, index: number): void {
    const start = headers[2 * index]!;
    const end = headers[2 * index + 1]!;
    if (end === start) {
      line.constant(NO_HEADER);
      return;
    }
    line.constant(BEFORE_HEADER);
    if (index === this.#referer) this.#query.writeUrl(line, bytes, start, end, APACHE_TEXT);
    else line.text(bytes, start, end, APACHE_TEXT);
    line.byte(QUOTE);
  }
}

const NO_HEADER = encoded(' "-"');

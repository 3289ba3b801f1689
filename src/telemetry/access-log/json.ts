import { encoded, JSON_LOWER, JSON_TEXT } from './escaping.ts';
import { KnownTexts } from './known-texts.ts';
import type { LineBytes } from './line-bytes.ts';
import { LINE_FEED, type LineFormat, type LineOptions, mostBytes, QUOTE } from './line-format.ts';
import { createIsoTime } from './log-time.ts';
import { QueryFilter } from './query-filter.ts';
import type { ConnectionRecord, Happening, RequestRecord } from './record.ts';

/** One object a line; what is empty is left out. */
export const createJsonFormat = (options: LineOptions): LineFormat => new JsonFormat(options);

const KEYS = {
  time: encoded('{"time":"'),
  method: encoded(',"method":"'),
  host: encoded('","host":"'),
  path: encoded('","path":"'),
  root: encoded('","path":"/'),
  query: encoded('","query":"'),
  status: encoded(',"status":'),
  bytesIn: encoded(',"bytesIn":'),
  bytesOut: encoded(',"bytesOut":'),
  durationMs: encoded(',"durationMs":'),
  firstByteMs: encoded(',"firstByteMs":'),
  queueMs: encoded(',"queueMs":'),
  connectMs: encoded(',"connectMs":'),
  retries: encoded(',"retries":'),
  requestId: encoded(',"requestId":"'),
  traceId: encoded(',"traceId":"'),
  spanId: encoded('","spanId":"'),
} as const;
const PERIOD = 46;
const CLOSING_BRACE = 125;

class JsonFormat implements LineFormat {
  readonly mostBytes: number;
  readonly isDetailed = false;
  readonly #time = createIsoTime();
  /** With the listener before it and the client's key behind it. */
  readonly #route: KnownTexts;
  readonly #connection: Uint8Array;
  readonly #pool = new KnownTexts(',"pool":"', '"', JSON_TEXT);
  readonly #endpoint = new KnownTexts(',"endpoint":"', '"', JSON_TEXT);
  readonly #end = new KnownTexts(',"end":"', '"', JSON_TEXT);
  readonly #query: QueryFilter;
  readonly #headerKeys: readonly Uint8Array[];
  /** Place of the referer among the headers; −1: it is not among them. */
  readonly #referer: number;

  constructor({ listener, headers, hideQuery }: LineOptions) {
    this.mostBytes = mostBytes(headers);
    const named = `Z","listener":${JSON.stringify(listener)}`;
    this.#route = new KnownTexts(`${named},"route":"`, '","client":"', JSON_TEXT, `${named},"client":"`);
    this.#connection = encoded(`${named},"protocol":"tcp","client":"`);
    this.#query = new QueryFilter(hideQuery);
    this.#headerKeys = headers.map((name) => encoded(`,${JSON.stringify(name)}:"`));
    this.#referer = headers.indexOf('referer');
  }

  request(line: LineBytes, record: RequestRecord): void {
    this.#start(line, record.startedAt, this.#route.of(record.route), record.clientIp);
    this.#target(line, record);
    line.constant(KEYS.status);
    line.integer(record.status);
    this.#moved(line, record);
    if (record.firstByteMs >= 0) {
      line.constant(KEYS.firstByteMs);
      line.millis(record.firstByteMs);
    }
    if (record.queueMs >= 0) this.#waited(line, record);
    this.#served(line, record);
    this.#requestId(line, record);
    if (record.traceId !== '') this.#trace(line, record);
    line.constant(this.#end.of(record.end));
    for (let i = 0; i < this.#headerKeys.length; i++) this.#header(line, record, i);
    line.byte(CLOSING_BRACE);
    line.byte(LINE_FEED);
  }

  connection(line: LineBytes, record: ConnectionRecord): void {
    this.#start(line, record.startedAt, this.#connection, record.clientIp);
    this.#moved(line, record);
    if (record.queueMs >= 0) this.#waited(line, record);
    if (record.connectMs >= 0) {
      line.constant(KEYS.connectMs);
      line.millis(record.connectMs);
    }
    this.#served(line, record);
    if (record.traceId !== '') this.#trace(line, record);
    line.constant(this.#end.of(record.end));
    line.byte(CLOSING_BRACE);
    line.byte(LINE_FEED);
  }

  #start(line: LineBytes, startedAt: number, place: Uint8Array, clientIp: string): void {
    line.constant(KEYS.time);
    this.#time.write(line, startedAt, PERIOD);
    line.constant(place);
    line.string(clientIp, JSON_TEXT);
    line.byte(QUOTE);
  }

  #target(line: LineBytes, record: RequestRecord): void {
    const { bytes, methodStart, methodEnd, pathStart, pathEnd, queryStart, queryEnd } = record;
    if (methodEnd === methodStart) return;
    line.constant(KEYS.method);
    line.text(bytes, methodStart, methodEnd, JSON_TEXT);
    if (record.hostEnd > record.hostStart) {
      line.constant(KEYS.host);
      line.text(bytes, record.hostStart, record.hostEnd, JSON_LOWER);
    }
    if (pathEnd === pathStart) line.constant(KEYS.root);
    else {
      line.constant(KEYS.path);
      line.text(bytes, pathStart, pathEnd, JSON_TEXT);
    }
    if (queryEnd > queryStart) {
      line.constant(KEYS.query);
      this.#query.write(line, bytes, queryStart, queryEnd, JSON_TEXT);
    }
    line.byte(QUOTE);
  }

  #moved(line: LineBytes, { bytesIn, bytesOut, durationMs }: Happening): void {
    line.constant(KEYS.bytesIn);
    line.integer(bytesIn);
    line.constant(KEYS.bytesOut);
    line.integer(bytesOut);
    line.constant(KEYS.durationMs);
    line.millis(durationMs);
  }

  #waited(line: LineBytes, { queueMs }: Happening): void {
    line.constant(KEYS.queueMs);
    line.millis(queueMs);
  }

  #served(line: LineBytes, { pool, endpoint, retries }: Happening): void {
    line.constant(this.#pool.of(pool));
    line.constant(this.#endpoint.of(endpoint));
    line.constant(KEYS.retries);
    line.integer(retries);
  }

  #trace(line: LineBytes, { traceId, spanId }: Happening): void {
    line.constant(KEYS.traceId);
    line.string(traceId, JSON_TEXT);
    line.constant(KEYS.spanId);
    line.string(spanId, JSON_TEXT);
    line.byte(QUOTE);
  }

  #requestId(line: LineBytes, { bytes, requestId, requestIdStart, requestIdEnd }: RequestRecord): void {
    if (requestId === '' && requestIdEnd === requestIdStart) return;
    line.constant(KEYS.requestId);
    if (requestId !== '') line.string(requestId, JSON_TEXT);
    else line.text(bytes, requestIdStart, requestIdEnd, JSON_TEXT);
    line.byte(QUOTE);
  }

  #header(line: LineBytes, { bytes, headers }: RequestRecord, index: number): void {
    const start = headers[2 * index]!;
    const end = headers[2 * index + 1]!;
    if (end === start) return;
    line.constant(this.#headerKeys[index]!);
    if (index === this.#referer) this.#query.writeUrl(line, bytes, start, end, JSON_TEXT);
    else line.text(bytes, start, end, JSON_TEXT);
    line.byte(QUOTE);
  }
}

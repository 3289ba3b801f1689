import { BodyReader, BY_LENGTH, CHUNKED, NO_BODY, UNTIL_CLOSE } from './body-reader.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Exchange } from './exchange.ts';
import { COMPLETE, INCOMPLETE } from './field-scanner.ts';
import type { Http1Listener } from './listener.ts';
import { PartialHead } from './partial-head.ts';
import { ONE_WRITE_BYTES } from './request-copy.ts';
import { ResponseHead } from './response-head.ts';
import {
  isForwardedAsIs,
  type ResponseExtras,
  writeInterimHead,
  writeResponseHead,
  writeSwitchingHead,
} from './response-writer.ts';
import type { Try } from './try.ts';

/** What the bytes of an answer led to. */
export const NEEDS_MORE = 0;
export const DONE = 1;
/** Malformed, or with two readings: not forwarded. */
export const BROKEN = 2;
/** 101: from here on it is a tunnel. */
export const SWITCHED = 3;
/** Read and thrown away: another endpoint is asked. */
export const DISCARDED = 4;

/** More interim answers than this before the final one are an attack, not information. */
const MAX_INTERIM_ANSWERS = 32;
/** Above this a head is put in front of its body in place, below it both are copied. */
const SMALL_BODY_BYTES = 1024;
const CRLF = Buffer.from('\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const NO_BYTES = Buffer.alloc(0);

const extras: ResponseExtras = {
  isHttp10Client: false,
  keepAlive: true,
  isChunked: false,
  servedByLine: '',
  explainLine: '',
};

/** Reads the answers that come on one connection to an endpoint, and sends each to the client of its exchange. */
export class Answer {
  /** The endpoint keeps the connection, and no byte came that belongs to no answer. */
  keepAlive = false;
  /** So far all of it came at once, when its first byte did; its end, too. */
  isOnePiece = false;
  /** What of it went to the client, with its head and framing. */
  sentBytes = 0;
  /** Behind the head of a 101: the tunnel's first bytes. */
  rest: Buffer = NO_BYTES;
  readonly #listener: Http1Listener;
  #try: Try | null = null;
  #readsReports = false;
  readonly #body = new BodyReader();
  /** The body has no framing of its own and goes out chunked. */
  #isReframed = false;
  #interimAnswers = 0;
  #partial: PartialHead<ResponseHead> | null = null;

  constructor(listener: Http1Listener) {
    this.#listener = listener;
  }

  /** To the request of this try. `readsReports`: what the endpoint says of its load is for us, and not for the client. */
  begin(each: Try, readsReports: boolean): void {
    this.#try = each;
    this.#readsReports = readsReports;
    this.#body.contentBytes = 0;
    this.sentBytes = 0;
    this.#interimAnswers = 0;
    this.#partial = null;
  }

  /** Content so far. */
  get bodyBytes(): number {
    return this.#body.contentBytes;
  }

  /** Something of it came: the request must not be sent again. */
  get hasBegun(): boolean {
    return this.#partial !== null || this.#interimAnswers > 0;
  }

  /** Until the final head is complete. `servedByLine`: see ResponseExtras. */
  receiveHead(exchange: Exchange, piece: Buffer, servedByLine: string): number {
    let head = this.#listener.responseHead;
    let bytes = piece;
    let end = piece.byteLength;
    let from = 0;
    const partial = this.#partial;
    this.isOnePiece = !this.hasBegun;
    if (partial === null) head.begin(piece, 0, this.#readsReports);
    else {
      partial.append(piece);
      head = partial.parser;
      bytes = partial.bytes;
      end = partial.length;
    }
    let status = head.parse(bytes, end);
    while (status === COMPLETE && head.status < 200 && head.status !== 101) {
      if (++this.#interimAnswers > MAX_INTERIM_ANSWERS) return BROKEN;
      this.#forwardInterim(exchange, head);
      from = head.end;
      head.begin(bytes, from, this.#readsReports);
      status = head.parse(bytes, end);
    }
    if (status === INCOMPLETE) {
      if (partial === null || from > 0) this.#keepPartial(bytes.subarray(from, end));
      return NEEDS_MORE;
    }
    this.#partial = null;
    if (status !== COMPLETE) return BROKEN;
    if (exchange.discards(this.#try!, head)) return this.#discard(exchange, head, bytes, end);
    exchange.settle(this.#try!, false);
    if (!this.isOnePiece && exchange.entry !== null) {
      exchange.entry.answerMs = this.#listener.clock.now() - this.#try!.sentAtMs;
    }
    if (head.status === 101) return this.#switchProtocols(exchange, head, bytes.subarray(head.end, end));
    return this.#forwardHead(exchange, head, bytes, end, servedByLine);
  }

  receiveBody(exchange: Exchange, bytes: Buffer): number {
    this.isOnePiece = false;
    return this.#forwardBody(exchange.client!, bytes, 0, bytes.byteLength);
  }

  /** The endpoint's FIN: the end of a body that has no other. */
  receiveEnd(exchange: Exchange): number {
    if (this.#body.kind !== UNTIL_CLOSE) return BROKEN;
    this.isOnePiece = false;
    if (this.#isReframed) this.#send(exchange.client!, LAST_CHUNK);
    return DONE;
  }

  #keepPartial(piece: Uint8Array): void {
    const parser = new ResponseHead(this.#listener.headLimits);
    this.#partial = new PartialHead(piece, parser);
    parser.begin(this.#partial.bytes, 0, this.#readsReports);
    this.#partial.parse();
  }

  /** 100, 102, 103: passed on to clients that know them. */
  #forwardInterim(exchange: Exchange, head: ResponseHead): void {
    exchange.settle(this.#try!, true);
    if (exchange.isHttp10) return;
    const { scratch } = this.#listener;
    const length = writeInterimHead(head, scratch);
    this.sentBytes += length;
    exchange.client!.send(scratch, 0, length, false);
  }

  /** What came of the body is the end of it, or the connection is of no more use. */
  #discard(exchange: Exchange, head: ResponseHead, bytes: Buffer, end: number): number {
    const body = this.#body;
    this.#beginBody(exchange, head);
    if (body.read(bytes, head.end, end) !== end || !body.done) this.keepAlive = false;
    return DISCARDED;
  }

  #switchProtocols(exchange: Exchange, head: ResponseHead, rest: Buffer): number {
    if (!exchange.wantsUpgrade) return BROKEN;
    const { scratch } = this.#listener;
    exchange.beginTunnel();
    exchange.responseStarted = true;
    const length = writeSwitchingHead(head, scratch, exchange.explainLine);
    this.sentBytes += length;
    exchange.client!.send(scratch, 0, length, false);
    this.rest = rest;
    return SWITCHED;
  }

  #forwardHead(exchange: Exchange, head: ResponseHead, bytes: Buffer, end: number, servedByLine: string): number {
    const client = exchange.client!;
    const body = this.#body;
    this.#beginBody(exchange, head);
    exchange.status = head.status;
    exchange.responseStarted = true;
    if (head.reportStart !== -1) exchange.readReport(head);
    const isFramed = body.kind === NO_BODY || body.kind === BY_LENGTH || !exchange.isHttp10;
    const isLast = client.inputEnded || this.#listener.isDraining;
    if (!exchange.requestDone || isLast || !isFramed) exchange.keepAlive = false;
    extras.isHttp10Client = exchange.isHttp10;
    extras.keepAlive = exchange.keepAlive;
    extras.isChunked = !exchange.isHttp10 && (head.isChunked ? !isBodyless(head.status) : this.#isReframed);
    extras.servedByLine = servedByLine;
    extras.explainLine = exchange.explainLine;
    const bodyStart = head.end;
    if (this.#isReframed) {
      this.#sendHead(client, head, bytes, bodyStart);
      return this.#forwardBody(client, bytes, bodyStart, end);
    }
    const bodyEnd = body.read(bytes, bodyStart, end);
    this.#sendHead(client, head, bytes, bodyEnd < 0 ? bodyStart : body.forwardEnd);
    return this.#afterBody(client, bodyEnd, end);
  }

  #beginBody(exchange: Exchange, head: ResponseHead): void {
    const body = this.#body;
    this.keepAlive = head.keepAlive;
    this.#isReframed = false;
    // A body that comes nevertheless must not become the next answer.
    if (head.status === 204 && (head.contentLength > 0 || head.isChunked)) this.keepAlive = false;
    if (exchange.isHead || isBodyless(head.status)) body.begin(NO_BODY, 0, false);
    else if (head.isChunked) body.begin(CHUNKED, 0, exchange.isHttp10);
    else if (head.contentLength >= 0) body.begin(BY_LENGTH, head.contentLength, false);
    else {
      body.begin(UNTIL_CLOSE, 0, false);
      this.#isReframed = !exchange.isHttp10;
      this.keepAlive = false;
    }
  }

  /** Head and first body bytes in one write: as they came, or with a new head in the old one's place. */
  #sendHead(client: ClientConnection, head: ResponseHead, bytes: Buffer, bodyEnd: number): void {
    const { scratch, metrics } = this.#listener;
    if (isForwardedAsIs(head, extras)) {
      metrics.bytesSent(bodyEnd - head.start);
      this.sentBytes += bodyEnd - head.start;
      client.send(bytes, head.start, bodyEnd, true);
      return;
    }
    const headEnd = head.end;
    const headBytes = writeResponseHead(head, scratch, extras);
    const bodyBytes = bodyEnd - headEnd;
    metrics.bytesSent(headBytes + bodyBytes);
    this.sentBytes += headBytes + bodyBytes;
    if (headBytes <= headEnd - head.start && bodyBytes > SMALL_BODY_BYTES) {
      scratch.copy(bytes, headEnd - headBytes, 0, headBytes);
      client.send(bytes, headEnd - headBytes, bodyEnd, true);
    } else if (bodyBytes <= ONE_WRITE_BYTES) {
      bytes.copy(scratch, headBytes, headEnd, bodyEnd);
      client.send(scratch, 0, headBytes + bodyBytes, false);
    } else {
      client.send(scratch, 0, headBytes, false);
      client.send(bytes, headEnd, bodyEnd, true);
    }
  }

  #forwardBody(client: ClientConnection, bytes: Buffer, from: number, to: number): number {
    const body = this.#body;
    const end = body.read(bytes, from, to);
    if (end < 0) return BROKEN;
    const length = body.forwardEnd - from;
    this.#listener.metrics.bytesSent(length);
    this.sentBytes += length;
    if (!this.#isReframed) client.send(bytes, from, body.forwardEnd, true);
    else if (length > 0) this.#sendAsChunk(client, bytes, from, body.forwardEnd);
    return this.#afterBody(client, end, to);
  }

  #afterBody(client: ClientConnection, end: number, to: number): number {
    const body = this.#body;
    if (end < 0) return BROKEN;
    if (!body.done) return NEEDS_MORE;
    // Bytes that nobody asked for would be taken for the next request's answer.
    if (end < to) this.keepAlive = false;
    if (body.tail.byteLength > 0) this.#send(client, body.tail);
    return DONE;
  }

  #sendAsChunk(client: ClientConnection, bytes: Buffer, from: number, to: number): void {
    this.#send(client, Buffer.from(`${(to - from).toString(16)}\r\n`, 'latin1'));
    client.send(bytes, from, to, true);
    this.#send(client, CRLF);
  }

  /** What belongs to the framing of the body. */
  #send(client: ClientConnection, bytes: Uint8Array): void {
    this.sentBytes += bytes.byteLength;
    client.send(bytes, 0, bytes.byteLength, true);
  }
}

function isBodyless(status: number): boolean {
  return status === 204 || status === 304;
}

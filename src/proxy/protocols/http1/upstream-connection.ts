import { Connection } from '../../../transport/connection.ts';
import type { ConnectErrorCode, Socket, SocketHandlers } from '../../../transport/transport.ts';
import { relay, relayDrained, relayEnd } from '../../splice.ts';
import { BodyReader, BY_LENGTH, CHUNKED, NO_BODY, UNTIL_CLOSE } from './body-reader.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Exchange, Failure } from './exchange.ts';
import { ONE_WRITE_BYTES } from './exchange.ts';
import { COMPLETE, INCOMPLETE } from './field-scanner.ts';
import type { Http1Listener } from './listener.ts';
import { PartialHead } from './partial-head.ts';
import type { Http1Pool } from './pool.ts';
import { ResponseHead } from './response-head.ts';
import { isForwardedAsIs, type ResponseExtras, writeResponseHead, writeSwitchingHead } from './response-writer.ts';

const CONNECTING = 0;
const IDLE = 1;
/** A request went out; no whole head has come back. */
const WAITING = 2;
const BODY = 3;
const TUNNEL = 4;
const CLOSED = 5;

/** More interim answers than this before the final one are an attack, not information. */
const MAX_INTERIM_ANSWERS = 32;
const CRLF = Buffer.from('\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

const extras: ResponseExtras = { isHttp10Client: false, keepAlive: true, isChunked: false, servedByLine: '' };

/** A connection to an endpoint: sends requests one after another and reads their answers. */
export class UpstreamConnection extends Connection {
  readonly #listener: Http1Listener;
  readonly #pool: Http1Pool;
  readonly #slot: number;
  #state = CONNECTING;
  #exchange: Exchange | null = null;
  #tunnel: ClientConnection | null = null;
  #addressIndex = 0;
  #requests = 0;
  #createdAtMs = 0;
  #interimAnswers = 0;
  #partial: PartialHead<ResponseHead> | null = null;
  #keepAlive = false;
  /** The body has no framing of its own and goes out chunked. */
  #isReframed = false;
  #body: BodyReader | null = null;

  private constructor(listener: Http1Listener, pool: Http1Pool, slot: number, exchange: Exchange) {
    super();
    this.#listener = listener;
    this.#pool = pool;
    this.#slot = slot;
    this.#exchange = exchange;
  }

  /** Starts a connection for `exchange`; it calls `exchange.sendOn` or `exchange.upstreamFailed`. */
  static connect(listener: Http1Listener, pool: Http1Pool, slot: number, exchange: Exchange): UpstreamConnection {
    const connection = new UpstreamConnection(listener, pool, slot, exchange);
    listener.timers.arm(connection, pool.options.timeouts.connect);
    connection.#dial();
    return connection;
  }

  #dial(): void {
    const address = this.#pool.picker.endpoint(this.#slot).addresses[this.#addressIndex];
    const listener = this.#listener;
    // Failing now would call back into an exchange that is still being set up.
    if (address === undefined || !listener.descriptors.tryTake()) queueMicrotask(() => this.#connectFailed());
    else listener.transport.connect(address, upstreamHandlers, this as UpstreamConnection);
  }

  opened(socket: Socket<UpstreamConnection>): void {
    this.socket = socket as Socket<never>;
    this.#pool.metrics.connectionOpened(this.#slot);
    if (this.#state === CLOSED || this.#exchange === null) {
      this.terminate();
      return;
    }
    this.#listener.upstreams.add(this);
    this.#createdAtMs = this.#listener.clock.now();
    const { client } = this.#exchange;
    this.#exchange.sendOn(this, null);
    client?.resumeInput();
  }

  connectError(_code: ConnectErrorCode): void {
    this.#listener.descriptors.release();
    if (this.#state === CLOSED) return;
    const { addresses } = this.#pool.picker.endpoint(this.#slot);
    if (++this.#addressIndex < addresses.length) this.#dial();
    else this.#connectFailed();
  }

  #connectFailed(): void {
    if (this.#state !== CLOSED) this.#fail('connect');
  }

  /** The connection is `exchange`'s now; its request goes out next. */
  startExchange(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#state = WAITING;
    this.#requests++;
    this.#interimAnswers = 0;
    this.awaitResponse(exchange);
  }

  /** (Re)starts the time that the endpoint has for the first byte of its answer. */
  awaitResponse(exchange: Exchange): void {
    if (this.#state === WAITING) this.#listener.timers.arm(this, exchange.responseTimeoutMs);
  }

  received(bytes: Buffer): void {
    switch (this.#state) {
      case WAITING:
        this.#receiveHead(bytes);
        return;
      case BODY:
        this.#listener.timers.arm(this, this.#pool.options.timeouts.idle);
        this.#forwardBody(this.#exchange!, bytes, 0);
        return;
      case TUNNEL:
        this.#listener.timers.arm(this, this.#pool.options.timeouts.tunnel);
        this.#listener.metrics.bytesSent(bytes.byteLength);
        relay(this, this.#tunnel!, bytes);
        return;
      default:
        // Bytes that nobody asked for would be taken for the next request's answer.
        this.#close();
    }
  }

  #receiveHead(piece: Buffer): void {
    const exchange = this.#exchange!;
    if (exchange.latencyMs < 0) exchange.latencyMs = this.#listener.clock.now() - exchange.sentAtMs;
    let bytes = piece;
    let end = piece.byteLength;
    let head = this.#listener.responseHead;
    let from = 0;
    let status: number;
    if (this.#partial === null) {
      head.begin(bytes, 0);
      status = head.parse(bytes, end);
    } else {
      this.#partial.append(piece);
      status = this.#partial.parse();
      head = this.#partial.parser;
      bytes = this.#partial.bytes;
      end = this.#partial.length;
      if (status !== INCOMPLETE) this.#partial = null;
    }
    while (status === COMPLETE && head.status < 200 && head.status !== 101) {
      if (!this.#forwardInterim(exchange, head)) return;
      from = head.end;
      head.begin(bytes, from);
      status = head.parse(bytes, end);
    }
    if (status === INCOMPLETE) {
      if (this.#partial === null) this.#keepPartial(bytes.subarray(from, end));
    } else if (status !== COMPLETE) this.#fail('garbage');
    else if (head.status === 101) this.#switchProtocols(exchange, head, bytes.subarray(head.end, end));
    else this.#forwardAnswer(exchange, head, bytes, end);
  }

  #keepPartial(piece: Uint8Array): void {
    const parser = new ResponseHead(this.#listener.headLimits);
    this.#partial = new PartialHead(piece, parser);
    parser.begin(this.#partial.bytes, 0);
    this.#partial.parse();
  }

  /** 100, 102, 103: passed on to clients that know them. False when the exchange failed. */
  #forwardInterim(exchange: Exchange, head: ResponseHead): boolean {
    if (++this.#interimAnswers > MAX_INTERIM_ANSWERS) {
      this.#fail('garbage');
      return false;
    }
    if (exchange.isHttp10) return true;
    const { scratch } = this.#listener;
    const length = head.cuts.copyKept(head.bytes as Buffer, head.start, head.end, scratch, 0);
    scratch[7] = 49;
    exchange.client!.send(scratch, 0, length, false);
    return true;
  }

  #forwardAnswer(exchange: Exchange, head: ResponseHead, bytes: Buffer, end: number): void {
    const client = exchange.client!;
    const listener = this.#listener;
    this.#state = BODY;
    this.#keepAlive = head.keepAlive;
    exchange.status = head.status;
    exchange.responseStarted = true;
    listener.timers.arm(this, this.#pool.options.timeouts.idle);
    const body = this.#beginBody(exchange, head);
    if (!exchange.requestDone || client.inputEnded) exchange.keepAlive = false;
    if (body.kind === UNTIL_CLOSE && exchange.isHttp10) exchange.keepAlive = false;
    if (body.kind === CHUNKED && exchange.isHttp10) exchange.keepAlive = false;
    extras.isHttp10Client = exchange.isHttp10;
    extras.keepAlive = exchange.keepAlive;
    extras.isChunked = !exchange.isHttp10 && (head.isChunked ? !isBodyless(head.status) : this.#isReframed);
    extras.servedByLine = this.#pool.servedByLine(this.#slot);
    const headEnd = head.end;
    if (this.#isReframed || body.read(bytes, headEnd, end) < 0) {
      this.#sendHead(client, head, bytes, headEnd, headEnd);
      if (!this.#isReframed) this.#fail('garbage');
      else this.#forwardBody(exchange, bytes.subarray(0, end), headEnd);
      return;
    }
    this.#sendHead(client, head, bytes, headEnd, body.forwardEnd);
    this.#afterBodyBytes(exchange, body.done && body.kind === NO_BODY ? headEnd < end : false);
  }

  #beginBody(exchange: Exchange, head: ResponseHead): BodyReader {
    this.#body ??= new BodyReader();
    const body = this.#body;
    this.#isReframed = false;
    if (exchange.isHead || isBodyless(head.status)) body.begin(NO_BODY, 0, false);
    else if (head.isChunked) body.begin(CHUNKED, 0, exchange.isHttp10);
    else if (head.contentLength >= 0) body.begin(BY_LENGTH, head.contentLength, false);
    else {
      body.begin(UNTIL_CLOSE, 0, false);
      this.#isReframed = !exchange.isHttp10;
      this.#keepAlive = false;
    }
    return body;
  }

  /** Head and first body bytes in one write: as they came, or with a new head in the old one's place. */
  #sendHead(client: ClientConnection, head: ResponseHead, bytes: Buffer, headEnd: number, bodyEnd: number): void {
    const listener = this.#listener;
    if (isForwardedAsIs(head, extras)) {
      listener.metrics.bytesSent(bodyEnd - head.start);
      client.send(bytes, head.start, bodyEnd, true);
      return;
    }
    const { scratch } = listener;
    const headBytes = writeResponseHead(head, scratch, extras);
    const bodyBytes = bodyEnd - headEnd;
    listener.metrics.bytesSent(headBytes + bodyBytes);
    if (headBytes <= headEnd - head.start && bodyBytes > 1024) {
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

  #forwardBody(exchange: Exchange, bytes: Buffer, from: number): void {
    const body = this.#body!;
    const client = exchange.client!;
    const end = body.read(bytes, from, bytes.byteLength);
    if (end < 0) {
      this.#fail('garbage');
      return;
    }
    const length = body.forwardEnd - from;
    this.#listener.metrics.bytesSent(length);
    if (this.#isReframed && length > 0) sendAsChunk(client, bytes, from, body.forwardEnd);
    else client.send(bytes, from, body.forwardEnd, true);
    this.#afterBodyBytes(exchange, end < bytes.byteLength);
  }

  /** `surplus`: bytes came that belong to no answer; the connection is not used again. */
  #afterBodyBytes(exchange: Exchange, surplus: boolean): void {
    const body = this.#body!;
    const client = exchange.client!;
    if (surplus) this.#keepAlive = false;
    if (body.done) {
      if (body.tail.byteLength > 0) client.send(body.tail, 0, body.tail.byteLength, true);
      this.#answered(exchange);
    } else if (client.backedUp) {
      this.pause();
      client.awaitDrain(this.#pool.options.timeouts.idle);
    }
  }

  #answered(exchange: Exchange): void {
    this.#exchange = null;
    const { options, idle, picker } = this.#pool;
    const reusable =
      this.#keepAlive &&
      exchange.requestDone &&
      !this.backedUp &&
      !this.inputEnded &&
      !this.#listener.isDraining &&
      this.#requests < options.connections.maxRequests &&
      exchange.sentAtMs - this.#createdAtMs < options.connections.maxAge &&
      picker.isMember(this.#slot) &&
      idle.put(this.#slot, this);
    if (reusable) {
      this.#state = IDLE;
      this.#listener.timers.arm(this, options.timeouts.idle);
      this.resume();
    } else this.#close();
    exchange.finish();
  }

  #switchProtocols(exchange: Exchange, head: ResponseHead, rest: Buffer): void {
    if (!exchange.wantsUpgrade) {
      this.#fail('garbage');
      return;
    }
    const client = exchange.client!;
    const { scratch } = this.#listener;
    client.send(scratch, 0, writeSwitchingHead(head, scratch), false);
    exchange.status = 101;
    exchange.responseStarted = true;
    this.#state = TUNNEL;
    this.#tunnel = client;
    this.#listener.timers.arm(this, this.#pool.options.timeouts.tunnel);
    client.startTunnel(this);
    if (rest.byteLength > 0) relay(this, client, rest);
  }

  /** The client's side of a tunnel was active. */
  touch(): void {
    this.#listener.timers.arm(this, this.#pool.options.timeouts.tunnel);
  }

  drained(): void {
    if (this.#state === TUNNEL) relayDrained(this, this.#tunnel!);
    else if (this.backedUp && this.flush()) this.#exchange?.client?.resumeInput();
  }

  /** The endpoint's FIN. */
  ended(): void {
    this.inputEnded = true;
    const exchange = this.#exchange;
    if (this.#state === TUNNEL) relayEnd(this, this.#tunnel!);
    else if (this.#state === BODY && this.#body!.kind === UNTIL_CLOSE) {
      const client = exchange!.client!;
      if (this.#isReframed) client.send(LAST_CHUNK, 0, LAST_CHUNK.byteLength, true);
      this.#answered(exchange!);
    } else if (exchange !== null) this.#fail('closed');
    else this.#close();
  }

  closed(): void {
    this.#listener.descriptors.release();
    this.#listener.upstreams.delete(this);
    this.#pool.metrics.connectionClosed(this.#slot);
    this.#listener.timers.remove(this);
    this.socket = null;
    const tunnel = this.#tunnel;
    if (this.#state === IDLE) this.#pool.idle.remove(this.#slot, this);
    const wasOpen = this.#state !== CLOSED;
    this.#state = CLOSED;
    if (tunnel !== null) tunnel.tunnelClosed();
    else if (wasOpen && this.#exchange !== null) this.#report('closed');
  }

  onTimeout(): void {
    if (this.#state === CONNECTING) this.#fail('connect');
    else if (this.#state === WAITING) this.#fail('timeout');
    else if (this.#state === TUNNEL) this.#tunnel!.cut();
    else if (this.#exchange !== null) this.#fail('closed');
    else this.closeIdle();
  }

  /** The exchange ended without us: the client went away. */
  abandon(): void {
    this.#exchange = null;
    this.#tunnel = null;
    this.#state = CLOSED;
    this.#listener.timers.remove(this);
    this.terminate();
  }

  /** Closes a connection that serves no exchange. */
  closeIdle(): void {
    if (this.#state === IDLE) this.#pool.idle.remove(this.#slot, this);
    this.#close();
  }

  #close(): void {
    if (this.#state === IDLE) this.#pool.idle.remove(this.#slot, this);
    this.#state = CLOSED;
    this.socket?.end();
  }

  #fail(failure: Failure): void {
    this.#state = CLOSED;
    this.#listener.timers.remove(this);
    this.terminate();
    this.#report(failure);
  }

  #report(failure: Failure): void {
    const exchange = this.#exchange!;
    this.#exchange = null;
    // A head that began to come is an answer, if a broken one; the request must not be sent twice.
    const isPartial = failure === 'closed' && (this.#partial !== null || this.#interimAnswers > 0);
    this.#partial = null;
    exchange.upstreamFailed(isPartial ? 'garbage' : failure, this.#requests > 1);
  }
}

function isBodyless(status: number): boolean {
  return status === 204 || status === 304;
}

function sendAsChunk(client: ClientConnection, bytes: Buffer, from: number, to: number): void {
  const size = Buffer.from(`${(to - from).toString(16)}\r\n`, 'latin1');
  client.send(size, 0, size.byteLength, true);
  client.send(bytes, from, to, true);
  client.send(CRLF, 0, CRLF.byteLength, true);
}

/** Shared by all connections to endpoints. */
const upstreamHandlers: SocketHandlers<UpstreamConnection> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.received(bytes as Buffer),
  drain: (socket) => socket.data.drained(),
  end: (socket) => socket.data.ended(),
  close: (socket) => socket.data.closed(),
  connectError: (connection, code) => connection.connectError(code),
};

import { Connection } from '../../../transport/connection.ts';
import type { Socket } from '../../../transport/transport.ts';
import type { ClientSource } from '../../client-source.ts';
import { relay, relayDrained, relayEnd } from '../../splice.ts';
import type { Exchange } from './exchange.ts';
import { COMPLETE, INCOMPLETE } from './field-scanner.ts';
import type { Http1Listener } from './listener.ts';
import { PartialHead } from './partial-head.ts';
import { problemAnswer } from './problem.ts';
import { RequestHead } from './request-head.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

const OPEN = 0;
const TUNNEL = 1;
/** Our last byte is on its way; what still comes is thrown away, so that no reset destroys the answer. */
const LINGERING = 2;
const CLOSING = 3;
const CLOSED = 4;

const LINGER_MS = 2000;
/** A body must bring this much in each body time-out: slower senders only hold resources. */
const BODY_PROGRESS_BYTES = 16_384;

/** A client's connection: reads requests one after another, holds back what is pipelined, sends the answers. */
export class ClientConnection extends Connection {
  readonly source: ClientSource;
  exchange: Exchange | null = null;
  /** Above a limit of the listener: not one of its connections. */
  isRefused = false;
  readonly #listener: Http1Listener;
  #state = OPEN;
  #isProcessing = false;
  #bodyProgress = 0;
  #partial: PartialHead<RequestHead> | null = null;
  /** Received but not processed: pipelined requests, and bodies that no endpoint takes yet. */
  #held: Buffer | null = null;
  #tunnel: UpstreamConnection | null = null;

  constructor(listener: Http1Listener, socket: Socket<ClientConnection>, source: ClientSource) {
    super();
    this.#listener = listener;
    this.socket = socket as Socket<never>;
    this.source = source;
    listener.timers.arm(this, listener.options.timeouts.head);
  }

  received(bytes: Buffer): void {
    this.#listener.metrics.bytesReceived(bytes.byteLength);
    if (this.#state === OPEN) {
      if (this.#held === null) this.#process(bytes, 0);
      else this.#hold(bytes);
    } else if (this.#state === TUNNEL) {
      this.#tunnel!.touch();
      relay(this, this.#tunnel!, bytes);
    }
  }

  /** Takes requests and bodies out of the bytes until none is left or the next must wait. */
  #process(bytes: Buffer, from: number): void {
    const end = bytes.byteLength;
    let p = from;
    this.#isProcessing = true;
    while (p < end && this.#state === OPEN) {
      const { exchange } = this;
      if (exchange === null) {
        // A client that pipelines without reading must not make us pile up answers.
        if (this.backedUp) break;
        p = this.#readHead(bytes, p);
      } else if (!exchange.requestDone && exchange.upstream?.socket) {
        if (exchange.upstream.backedUp) break;
        p = this.#readBody(exchange, bytes, p);
      } else break;
    }
    this.#isProcessing = false;
    if (p < end && this.#state === OPEN) this.#hold(bytes.subarray(p, end));
    else if (p < end && this.#state === TUNNEL) relay(this, this.#tunnel!, bytes.subarray(p, end));
  }

  #hold(bytes: Buffer): void {
    this.#held = this.#held === null ? bytes : Buffer.concat([this.#held, bytes]);
    this.#listener.timers.disarm(this);
    this.pause();
  }

  /** Goes on with what was held back, then with the socket. */
  resumeInput(): void {
    const held = this.#held;
    if (held !== null) {
      this.#held = null;
      this.#process(held, 0);
    }
    if (this.#held !== null || this.#state === CLOSED) return;
    if (this.exchange !== null && !this.exchange.requestDone) this.#listener.armBody(this);
    this.resume();
  }

  /** The index behind the head and what came of its body. */
  #readHead(bytes: Buffer, from: number): number {
    if (this.#partial !== null) return this.#continueHead(this.#partial, bytes, from);
    const listener = this.#listener;
    const head = listener.requestHead;
    head.begin(bytes, from, this.source.isTrusted);
    const status = head.parse(bytes, bytes.byteLength);
    if (status === COMPLETE) return this.#startExchange(head, bytes, bytes.byteLength);
    if (status !== INCOMPLETE) return this.#refuse(status, bytes.byteLength);
    const parser = new RequestHead(listener.headLimits);
    this.#partial = new PartialHead(bytes.subarray(from), parser);
    parser.begin(this.#partial.bytes, 0, this.source.isTrusted);
    this.#partial.parse();
    listener.timers.arm(this, listener.options.timeouts.head);
    return bytes.byteLength;
  }

  #continueHead(partial: PartialHead<RequestHead>, bytes: Buffer, from: number): number {
    partial.append(from === 0 ? bytes : bytes.subarray(from));
    const status = partial.parse();
    if (status === INCOMPLETE) return bytes.byteLength;
    this.#partial = null;
    if (status !== COMPLETE) return this.#refuse(status, bytes.byteLength);
    const consumed = this.#startExchange(partial.parser, partial.bytes, partial.length);
    // What lies behind the request came with this last piece.
    return bytes.byteLength - (partial.length - consumed);
  }

  /** Begins the exchange and routes it; the index behind what belongs to the request so far. */
  #startExchange(head: RequestHead, bytes: Buffer, end: number): number {
    const listener = this.#listener;
    const exchange = listener.takeExchange();
    this.exchange = exchange;
    exchange.begin(this, head);
    const consumed = exchange.takeBody(head, bytes, end);
    if (consumed < 0) return this.#fail(-consumed, end);
    if (exchange.requestDone) listener.timers.disarm(this);
    else this.#awaitBody();
    listener.route(this, exchange, head);
    return consumed;
  }

  #readBody(exchange: Exchange, bytes: Buffer, from: number): number {
    const end = exchange.forwardBody(bytes, from);
    if (end < 0) return this.#fail(-end, bytes.byteLength);
    if (exchange.requestDone) this.#listener.timers.disarm(this);
    else if (!exchange.upstream!.backedUp) this.#onBodyProgress(end - from);
    else {
      this.#listener.timers.disarm(this);
      this.pause();
    }
    return end;
  }

  #awaitBody(): void {
    this.#bodyProgress = 0;
    this.#listener.armBody(this);
  }

  #onBodyProgress(count: number): void {
    this.#bodyProgress += count;
    if (this.#bodyProgress >= BODY_PROGRESS_BYTES) this.#awaitBody();
  }

  /** The head is bad: no exchange began. */
  #refuse(status: number, end: number): number {
    this.#listener.metrics.answered(status);
    this.answerProblem(status, false, false);
    this.#linger();
    return end;
  }

  /** The request turned out bad while under way. */
  #fail(status: number, end: number): number {
    const exchange = this.exchange!;
    const { responseStarted, isHead } = exchange;
    exchange.abort(status);
    if (responseStarted) this.cut();
    else {
      this.answerProblem(status, false, isHead);
      this.#linger();
    }
    return end;
  }

  answerProblem(status: number, keepAlive: boolean, isHead: boolean): void {
    this.answer(problemAnswer(status, !keepAlive, isHead));
  }

  answer(bytes: Buffer): void {
    this.#listener.metrics.bytesSent(bytes.byteLength);
    this.send(bytes, 0, bytes.byteLength, true);
  }

  /** An exchange is over and its answer sent or waiting: on to the next request, or to the end. */
  exchangeEnded(keepAlive: boolean, requestDone: boolean): void {
    if (this.#state !== OPEN) return;
    const listener = this.#listener;
    if (!requestDone || (!keepAlive && this.#held !== null)) this.#linger();
    else if (!keepAlive || this.inputEnded || listener.isDraining) this.#endPolitely();
    else {
      listener.timers.arm(this, listener.options.timeouts.keepAlive);
      if (!this.#isProcessing && this.#held !== null) this.resumeInput();
    }
  }

  #endPolitely(): void {
    this.#state = CLOSING;
    if (this.backedUp) this.awaitDrain(this.#listener.options.timeouts.keepAlive);
    this.closeWhenFlushed();
  }

  #linger(): void {
    this.#state = LINGERING;
    this.#held = null;
    const { timers, options } = this.#listener;
    timers.arm(this, this.backedUp ? options.timeouts.keepAlive : LINGER_MS);
    this.shutdownWhenFlushed();
    this.resume();
    if (this.inputEnded) this.closeWhenFlushed();
  }

  /** Answers 503 to a connection above a limit and closes it. */
  refuseConnection(): void {
    this.answerProblem(503, false, false);
    this.#linger();
  }

  /** The client reads too slowly: it must make progress within the time. */
  awaitDrain(timeoutMs: number): void {
    this.#listener.timers.arm(this, timeoutMs);
  }

  drained(): void {
    if (this.#state === TUNNEL) relayDrained(this, this.#tunnel!);
    else if (!this.backedUp) return;
    else if (this.flush()) this.#onFlushed();
    else this.#listener.timers.arm(this, this.#listener.options.timeouts.keepAlive);
  }

  #onFlushed(): void {
    const { timers, options } = this.#listener;
    if (this.#state === LINGERING) timers.arm(this, LINGER_MS);
    else if (this.exchange === null) timers.arm(this, options.timeouts.keepAlive);
    else if (this.exchange.requestDone) timers.disarm(this);
    else this.#awaitBody();
    this.exchange?.upstream?.resume();
    if (this.exchange === null && this.#held !== null) this.resumeInput();
  }

  startTunnel(upstream: UpstreamConnection): void {
    this.#state = TUNNEL;
    this.#tunnel = upstream;
    this.#listener.timers.disarm(this);
    const held = this.#held;
    this.#held = null;
    if (held !== null) relay(this, upstream, held);
    if (this.inputEnded) relayEnd(this, upstream);
    if (!upstream.backedUp) this.resume();
  }

  /** The endpoint's side of the tunnel is gone. */
  tunnelClosed(): void {
    const upstream = this.#tunnel!;
    this.#tunnel = null;
    this.exchange?.endTunnel();
    if (this.#state !== TUNNEL) return;
    this.#state = CLOSING;
    if (!upstream.inputEnded) this.terminate();
    else {
      this.awaitDrain(LINGER_MS);
      this.closeWhenFlushed();
    }
  }

  /** The client's FIN. */
  ended(): void {
    if (this.isBroken) {
      this.terminate();
      return;
    }
    this.inputEnded = true;
    const { exchange } = this;
    if (this.#state === TUNNEL) relayEnd(this, this.#tunnel!);
    else if (this.#state !== OPEN) this.closeWhenFlushed();
    else if (exchange === null) this.#endPolitely();
    else if (!exchange.requestDone) this.#fail(400, 0);
    else if (!exchange.responseStarted) exchange.keepAlive = false;
  }

  closed(): void {
    const { exchange } = this;
    const tunnel = this.#tunnel;
    this.#state = CLOSED;
    this.socket = null;
    this.#tunnel = null;
    this.#held = null;
    this.#listener.leave(this);
    if (tunnel !== null) {
      tunnel.abandon();
      exchange?.endTunnel();
    } else exchange?.abort(499);
  }

  onTimeout(): void {
    const { exchange } = this;
    if (this.#state !== OPEN || this.backedUp) this.cut();
    else if (exchange !== null) this.#fail(408, 0);
    else if (this.#partial !== null) this.#refuse(408, 0);
    else this.#endPolitely();
  }

  /** Resets the connection: its answer cannot be finished, or it makes no progress. */
  cut(): void {
    if (this.#state !== CLOSED) this.#state = CLOSING;
    this.terminate();
  }

  /** The listener drains: an idle connection is closed now, others after their exchange. */
  drain(): void {
    if (this.#state === OPEN && this.exchange === null && this.#partial === null) this.#endPolitely();
  }
}

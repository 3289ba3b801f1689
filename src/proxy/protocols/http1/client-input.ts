import { Connection } from '../../../transport/connection.ts';
import type { Socket } from '../../../transport/transport.ts';
import type { ClientSource } from '../../client-source.ts';
import { relay } from '../../splice.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Exchange } from './exchange.ts';
import { COMPLETE, INCOMPLETE } from './field-scanner.ts';
import type { Http1Listener } from './listener.ts';
import { PartialHead } from './partial-head.ts';
import { RequestHead } from './request-head.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** States of a client's connection. */
export const OPEN = 0;
export const TUNNEL = 1;
/** Our last byte is on its way; what still comes is thrown away, so that no reset destroys the answer. */
export const LINGERING = 2;
export const CLOSING = 3;
export const CLOSED = 4;

/** A body must bring this much in each body time-out: slower senders only hold resources. */
const BODY_PROGRESS_BYTES = 16_384;

/** What a client sends: heads one after another, their bodies, and what is held back until its turn comes. */
export abstract class ClientInput extends Connection {
  readonly source: ClientSource;
  exchange: Exchange | null = null;
  protected readonly listener: Http1Listener;
  protected state = OPEN;
  protected isProcessing = false;
  protected partial: PartialHead<RequestHead> | null = null;
  /** Received but not processed: pipelined requests, and bodies that no endpoint takes yet. */
  protected held: Buffer | null = null;
  protected tunnel: UpstreamConnection | null = null;
  /** See `LoggedClient`. */
  headBeganMs = 0;
  #bodyProgress = 0;

  constructor(listener: Http1Listener, socket: Socket<ClientConnection>, source: ClientSource) {
    super();
    this.listener = listener;
    this.socket = socket as Socket<never>;
    this.source = source;
    listener.timers.arm(this, listener.options.timeouts.head);
  }

  /** The head is bad: no exchange began. Gives `end`. */
  protected abstract refuse(status: number, end: number): number;
  /** The request turned out bad while under way. Gives `end`. */
  protected abstract fail(status: number, end: number): number;
  /** Takes an exchange for a parsed head. */
  protected abstract openExchange(head: RequestHead): Exchange;
  protected abstract route(exchange: Exchange, head: RequestHead): void;
  protected abstract lingerOn(): void;
  protected abstract armDrain(): void;

  received(bytes: Buffer): void {
    this.listener.metrics.bytesReceived(bytes.byteLength);
    if (this.state === OPEN) {
      if (this.held === null) this.#process(bytes, 0);
      else this.#hold(bytes);
    } else if (this.state === TUNNEL) {
      this.tunnel!.touch();
      relay(this, this.tunnel!, bytes);
    } else if (this.state === LINGERING && !this.backedUp) this.lingerOn();
  }

  /** Takes requests and bodies out of the bytes until none is left or the next must wait. */
  #process(bytes: Buffer, from: number): void {
    const end = bytes.byteLength;
    let p = from;
    this.isProcessing = true;
    while (p < end && this.state === OPEN) {
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
    this.isProcessing = false;
    if (p < end && this.state === OPEN) this.#hold(bytes.subarray(p, end));
    else if (p < end && this.state === TUNNEL) relay(this, this.tunnel!, bytes.subarray(p, end));
  }

  #hold(bytes: Buffer): void {
    this.held = this.held === null ? bytes : Buffer.concat([this.held, bytes]);
    if (this.backedUp) this.armDrain();
    else this.listener.timers.disarm(this);
    this.pause();
  }

  /** Goes on with what was held back, then with the socket. */
  resumeInput(): void {
    const held = this.held;
    if (held !== null) {
      this.held = null;
      this.#process(held, 0);
    }
    if (this.held !== null || this.state === CLOSED) return;
    if (this.exchange !== null && !this.exchange.requestDone) this.listener.armBody(this);
    this.resume();
  }

  /** The index behind the head and what came of its body. */
  #readHead(bytes: Buffer, from: number): number {
    if (this.partial !== null) return this.#continueHead(this.partial, bytes, from);
    const listener = this.listener;
    const head = listener.requestHead;
    head.begin(bytes, from, this.source.isTrusted);
    const status = head.parse(bytes, bytes.byteLength);
    if (status === COMPLETE) return this.#startExchange(head, bytes, bytes.byteLength);
    if (status !== INCOMPLETE) return this.refuse(status, bytes.byteLength);
    // A line end behind the last request (RFC 9112 §2.2) begins none.
    if (head.start === bytes.byteLength) return head.start;
    const parser = new RequestHead(listener.headLimits);
    this.headBeganMs = listener.requestLog === null ? 0 : listener.clock.now();
    this.partial = new PartialHead(bytes.subarray(from), parser);
    parser.begin(this.partial.bytes, 0, this.source.isTrusted);
    this.partial.parse();
    listener.timers.arm(this, listener.options.timeouts.head);
    return bytes.byteLength;
  }

  #continueHead(partial: PartialHead<RequestHead>, bytes: Buffer, from: number): number {
    partial.append(from === 0 ? bytes : bytes.subarray(from));
    const status = partial.parse();
    if (status === INCOMPLETE) return bytes.byteLength;
    this.partial = null;
    if (status !== COMPLETE) return this.refuse(status, bytes.byteLength);
    const consumed = this.#startExchange(partial.parser, partial.bytes, partial.length);
    this.headBeganMs = 0;
    // What lies behind the request came with this last piece.
    return bytes.byteLength - (partial.length - consumed);
  }

  /** Begins the exchange and routes it; the index behind what belongs to the request so far. */
  #startExchange(head: RequestHead, bytes: Buffer, end: number): number {
    const exchange = this.openExchange(head);
    const consumed = exchange.takeBody(head, bytes, end);
    if (consumed < 0) return this.fail(-consumed, end);
    if (exchange.requestDone) this.listener.timers.disarm(this);
    else this.awaitBody();
    this.route(exchange, head);
    return consumed;
  }

  #readBody(exchange: Exchange, bytes: Buffer, from: number): number {
    const end = exchange.forwardBody(bytes, from);
    if (end < 0) return this.fail(-end, bytes.byteLength);
    if (exchange.requestDone) this.listener.timers.disarm(this);
    else if (!exchange.upstream!.backedUp) this.#onBodyProgress(end - from);
    else {
      this.listener.timers.disarm(this);
      this.pause();
    }
    return end;
  }

  protected awaitBody(): void {
    this.#bodyProgress = 0;
    this.listener.armBody(this);
  }

  #onBodyProgress(count: number): void {
    this.#bodyProgress += count;
    if (this.#bodyProgress >= BODY_PROGRESS_BYTES) this.awaitBody();
  }
}

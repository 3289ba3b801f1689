import type { Role } from '../../../control/pool-options.ts';
import { BodyReader, BY_LENGTH, CHUNKED, NO_BODY } from './body-reader.ts';
import type { ClientConnection } from './client-connection.ts';
import { COMPLETE } from './field-scanner.ts';
import type { Http1Listener } from './listener.ts';
import { Picks } from './picks.ts';
import type { Http1Pool } from './pool.ts';
import type { RequestHead } from './request-head.ts';
import { writeRequestHead } from './request-writer.ts';
import type { ResponseHead } from './response-head.ts';
import { UpstreamConnection } from './upstream-connection.ts';

/** Up to here head and body go out in one write: copying this much costs less than a second system call. */
export const ONE_WRITE_BYTES = 65_536;

/** Why an endpoint failed to answer. */
/** `overload`: not its fault, we have no descriptor left. */
export type Failure = 'connect' | 'closed' | 'garbage' | 'overload' | 'timeout';

const NO_BYTES = Buffer.alloc(0);
const STATUS_OF: Record<Failure, number> = { connect: 502, closed: 502, garbage: 502, overload: 503, timeout: 504 };

/**
 * One request and its answer: the tries, the accounting. Objects are reused; a connection that is idle
 * holds none. `ClientConnection` and `UpstreamConnection` move the bytes and report here.
 */
export class Exchange {
  readonly #listener: Http1Listener;
  client: ClientConnection | null = null;
  upstream: UpstreamConnection | null = null;
  pool: Http1Pool | null = null;
  readonly #picks = new Picks();
  #triesLeft = 0;
  #failureStatus = 503;
  /** The head, and what came of the body with it, as received: kept to send it again. */
  #bytes: Buffer = NO_BYTES;
  #headStart = 0;
  #bodyStart = 0;
  #bodyEnd = 0;
  #bodyTail: Buffer = NO_BYTES;
  /** Nothing of the body beyond `#bytes` was sent. */
  #isReplayable = true;
  #isIdempotent = false;
  /** The connection was found closed before it took a byte. */
  #isUnsent = false;
  isHead = false;
  isHttp10 = false;
  keepAlive = true;
  wantsUpgrade = false;
  readonly requestBody = new BodyReader();
  responseTimeoutMs = 0;
  /** A byte of the final answer went to the client. */
  responseStarted = false;
  status = 0;
  sentAtMs = 0;
  latencyMs = -1;

  constructor(listener: Http1Listener) {
    this.#listener = listener;
  }

  get requestDone(): boolean {
    return this.requestBody.done;
  }

  /** Takes over a parsed head. */
  begin(client: ClientConnection, head: RequestHead): void {
    this.client = client;
    this.#bytes = head.bytes as Buffer;
    this.#headStart = head.start;
    this.#bodyStart = head.end;
    this.#bodyEnd = head.end;
    this.#bodyTail = NO_BYTES;
    this.#isReplayable = true;
    this.#isIdempotent = head.isIdempotent;
    this.isHead = head.isHead;
    this.isHttp10 = head.isHttp10;
    this.keepAlive = head.keepAlive && !this.#listener.isDraining;
    this.wantsUpgrade = head.upgradeStart !== -1;
    this.responseStarted = false;
    this.status = 0;
    this.latencyMs = -1;
    this.#failureStatus = 503;
  }

  /** Reads what came of the body with the head; it goes out with it. The index behind it, or −status when it is bad. */
  takeBody(head: RequestHead, bytes: Buffer, end: number): number {
    const { requestBody } = this;
    const kind = head.isChunked ? CHUNKED : head.contentLength > 0 ? BY_LENGTH : NO_BODY;
    requestBody.begin(kind, head.contentLength, false);
    if (requestBody.done) return head.end;
    if (head.contentLength > this.#listener.options.limits.bodyBytes) return -413;
    const consumed = this.#readBody(bytes, head.end, end);
    this.#bodyEnd = requestBody.forwardEnd;
    this.#bodyTail = requestBody.tail;
    return consumed;
  }

  #readBody(bytes: Buffer, from: number, end: number): number {
    const consumed = this.requestBody.read(bytes, from, end);
    if (consumed < 0) return -400;
    return this.requestBody.contentBytes > this.#listener.options.limits.bodyBytes ? -413 : consumed;
  }

  /** Sends the request to an endpoint of `pool`, of `role` if one is named. `head` is parsed now; a later try parses it again. */
  forward(pool: Http1Pool, head: RequestHead, responseTimeoutMs: number, role: Role | null): void {
    const { source } = this.client!;
    this.pool = pool;
    this.#triesLeft = pool.options.retries.attempts;
    this.responseTimeoutMs = responseTimeoutMs;
    const clientIp = head.hasForwardedFor ? this.#listener.clientIp(head, source) : source.ip;
    this.#picks.begin(pool, head, clientIp, role);
    this.#pick(head);
  }

  #pick(head: RequestHead | null): void {
    const pool = this.pool!;
    const slot = this.#picks.take();
    if (slot < 0) {
      this.#answer(this.#failureStatus);
      return;
    }
    if (this.#picks.tried.size > 0) pool.metrics.retried(slot);
    const idle = pool.idle.take(slot);
    if (idle === undefined) this.#connect(slot);
    else {
      const { client } = this;
      this.sendOn(idle, head);
      // What was held back while an endpoint was sought goes on now.
      if (head === null) client!.resumeInput();
    }
  }

  #connect(slot: number): void {
    this.sentAtMs = this.#listener.clock.now();
    this.upstream = UpstreamConnection.connect(this.#listener, this.pool!, slot, this);
  }

  /** A connection is there: sends head and the body so far in one write where they are small. */
  sendOn(upstream: UpstreamConnection, parsed: RequestHead | null): void {
    const client = this.client!;
    const listener = this.#listener;
    let head = parsed;
    if (head === null) {
      head = listener.requestHead;
      head.begin(this.#bytes, this.#headStart, client.source.isTrusted);
      if (head.parse(this.#bytes, this.#bodyStart) !== COMPLETE) throw new Error('a head that was complete is not');
    }
    this.upstream = upstream;
    const { scratch } = listener;
    const { pool } = this;
    const fallbackHost = head.hostEnd > head.hostStart ? '' : pool!.hostOf(this.#picks.slot);
    const headBytes = writeRequestHead(
      head,
      scratch,
      client.source,
      this.#picks.clientIp,
      pool!.requestExtras,
      fallbackHost,
    );
    this.sentAtMs = listener.clock.now();
    upstream.startExchange(this);
    const bodyBytes = this.#bodyEnd - this.#bodyStart;
    const isSmall = bodyBytes <= ONE_WRITE_BYTES;
    if (isSmall && bodyBytes > 0) this.#bytes.copy(scratch, headBytes, this.#bodyStart, this.#bodyEnd);
    upstream.send(scratch, 0, isSmall ? headBytes + bodyBytes : headBytes, false);
    this.#isUnsent = upstream.isBroken;
    if (!isSmall) upstream.send(this.#bytes, this.#bodyStart, this.#bodyEnd, true);
    if (this.#bodyTail.byteLength > 0) upstream.send(this.#bodyTail, 0, this.#bodyTail.byteLength, true);
  }

  /** More of the body arrived: passes it on. The index behind it, or −status when it is bad. */
  forwardBody(bytes: Buffer, from: number): number {
    const { requestBody } = this;
    const upstream = this.upstream!;
    const consumed = this.#readBody(bytes, from, bytes.byteLength);
    if (consumed < 0) return consumed;
    this.#isReplayable = false;
    upstream.send(bytes, from, requestBody.forwardEnd, true);
    if (requestBody.tail.byteLength > 0) upstream.send(requestBody.tail, 0, requestBody.tail.byteLength, true);
    upstream.awaitResponse(this);
    return consumed;
  }

  /** The endpoint failed; `upstream` is gone. Tries again where that is safe, else answers. */
  upstreamFailed(failure: Failure, wasReused: boolean, answerBegan: boolean): void {
    const pool = this.pool!;
    this.upstream = null;
    if (this.responseStarted) {
      this.#cut();
      return;
    }
    const mayRepeat = failure === 'connect' || (!answerBegan && this.#mayReplay(failure));
    // The server closed an idle connection just as we used it: not the endpoint's fault, and not counted as a try.
    if (failure === 'closed' && wasReused && mayRepeat) {
      this.#connect(this.#picks.slot);
      return;
    }
    this.#failureStatus = STATUS_OF[failure];
    const { slot } = this.#picks;
    if (failure === 'connect') pool.metrics.connectFailed(slot);
    if (!mayRepeat || this.#triesLeft === 0) {
      this.#answer(this.#failureStatus, failure === 'overload');
      return;
    }
    this.#picks.release(false, this.#elapsedMs(), false);
    this.latencyMs = -1;
    this.sentAtMs = 0;
    this.#triesLeft--;
    this.#picks.tried.add(slot);
    this.#pick(null);
  }

  #mayReplay(failure: Failure): boolean {
    const isOver = failure === 'closed' || failure === 'garbage' || failure === 'timeout';
    return isOver && this.#isReplayable && (this.#isIdempotent || this.#isUnsent);
  }

  #elapsedMs(): number {
    return this.sentAtMs === 0 ? -1 : this.#listener.clock.now() - this.sentAtMs;
  }

  /** An answer is complete. `upstream` is free again, or was closed by its own rules. */
  finish(): void {
    const client = this.client!;
    this.pool!.metrics.request(this.#picks.slot, this.status, this.latencyMs);
    this.#picks.release(this.status < 500, this.latencyMs, false);
    const { keepAlive, requestDone } = this;
    if (client.backedUp) client.awaitDrain(this.pool!.options.timeouts.idle);
    this.#recycle();
    client.exchangeEnded(keepAlive, requestDone);
  }

  /** The client is to blame or gone: the endpoint is told nothing bad about. `status` 499: it went away. */
  abort(status: number): void {
    const { upstream, pool } = this;
    this.upstream = null;
    if (pool !== null && this.#picks.slot !== -1) {
      pool.metrics.request(this.#picks.slot, this.status === 0 ? status : this.status, -1);
      this.#picks.release(true, -1, true);
    } else this.#listener.metrics.answered(status);
    upstream?.abandon();
    this.#recycle();
  }

  /** The answer began and cannot be finished: the client must see that. */
  #cut(): void {
    const client = this.client!;
    this.pool!.metrics.request(this.#picks.slot, this.status, this.latencyMs);
    this.#picks.release(false, this.latencyMs, false);
    this.#recycle();
    client.cut();
  }

  /** `blameless`: the endpoint had no part in it. */
  #answer(status: number, blameless = false): void {
    const client = this.client!;
    const { requestDone, isHead } = this;
    const keepAlive = this.keepAlive && requestDone;
    const { slot } = this.#picks;
    if (slot === -1) this.#listener.metrics.answered(status);
    else {
      this.pool!.metrics.request(slot, status, -1);
      this.#picks.release(blameless, blameless ? -1 : this.#elapsedMs(), blameless);
    }
    this.#recycle();
    client.answerProblem(status, keepAlive, isHead);
    client.exchangeEnded(keepAlive, requestDone);
  }

  beginTunnel(): void {
    this.status = 101;
    this.#picks.prove();
  }

  /** Of the final answer. */
  readReport(head: ResponseHead): void {
    this.#picks.readReport(head);
  }

  /** An upgraded connection ended; its time says nothing about the endpoint's latency. */
  endTunnel(): void {
    this.pool!.metrics.request(this.#picks.slot, 101, this.latencyMs);
    this.#picks.release(true, -1, true);
    this.#recycle();
  }

  /** Free for the next request. The bytes are let go, the endpoint and client as well. */
  #recycle(): void {
    this.client!.exchange = null;
    this.client = null;
    this.upstream = null;
    this.pool = null;
    this.#picks.end();
    this.sentAtMs = 0;
    this.#bytes = NO_BYTES;
    this.#bodyTail = NO_BYTES;
    this.#listener.exchanges.push(this);
  }

  /** For an answer of ours without a pool: the exchange ends before it began. */
  drop(): void {
    this.#recycle();
  }
}

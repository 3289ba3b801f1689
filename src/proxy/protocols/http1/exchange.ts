import type { Role } from '../../../control/pool-options.ts';
import type { End } from '../../../telemetry/access-log/record.ts';
import type { RequestMetrics } from '../../../telemetry/metrics.ts';
import { Accounting } from './accounting.ts';
import { BY_LENGTH, CHUNKED, NO_BODY } from './body-reader.ts';
import type { ClientConnection } from './client-connection.ts';
import { COMPLETE } from './field-scanner.ts';
import type { Http1Pool } from './pool.ts';
import { problemAnswer, withLine } from './problem.ts';
import type { RequestHead } from './request-head.ts';
import { endOfClient, endOfProblem } from './request-log.ts';
import type { RequestRecord } from './request-record.ts';
import type { RequestRecords } from './request-records.ts';
import { writeRequestHead } from './request-writer.ts';
import type { ResponseHead } from './response-head.ts';
import type { Try } from './try.ts';
import { UpstreamConnection } from './upstream-connection.ts';

/** What who is turned away for lack of room is asked to wait. */
const RETRY_AFTER_SECONDS = 1;

/**
 * One request and its answer: the bytes, the accounting, the end. Objects are reused; a connection that is idle holds none.
 * `ClientConnection` and `UpstreamConnection` move the bytes and report here.
 */
export class Exchange extends Accounting {
  isHead = false;
  isHttp10 = false;
  keepAlive = true;
  /** Of the route it took, to the pool it went to; set before `forward`. */
  metrics: RequestMetrics | null = null;
  /** Made for it, and the same for every try; empty: none. */
  #requestId = '';

  /** Takes over a parsed head. */
  begin(client: ClientConnection, head: RequestHead): void {
    this.client = client;
    this.copy.begin(head);
    this.isIdempotent = head.isIdempotent || head.hasIdempotencyKey;
    this.isHead = head.isHead;
    this.isHttp10 = head.isHttp10;
    this.keepAlive = head.keepAlive && !this.listener.isDraining;
    this.wantsUpgrade = head.upgradeStart !== -1;
    this.responseStarted = false;
    this.status = 0;
    this.failureStatus = 503;
    const { requestLog, records } = this.listener;
    if (requestLog !== null) this.entry = requestLog.begin(head, this.listener.clientIpOf(head, client.source), client);
    if (records !== null) this.#beginRecord(records, head);
  }

  /** Reads what came of the body with the head; it goes out with it. The index behind it, or −status when it is bad. */
  takeBody(head: RequestHead, bytes: Buffer, end: number): number {
    const { requestBody } = this;
    const kind = head.isChunked ? CHUNKED : head.contentLength > 0 ? BY_LENGTH : NO_BODY;
    requestBody.begin(kind, head.contentLength, false);
    if (requestBody.done) return head.end;
    if (head.contentLength > this.listener.options.limits.bodyBytes) return -413;
    const consumed = this.#readBody(bytes, head.end, end);
    this.copy.keepFirst(requestBody.forwardEnd, requestBody.tail);
    return consumed;
  }

  #readBody(bytes: Buffer, from: number, end: number): number {
    const consumed = this.requestBody.read(bytes, from, end);
    if (consumed < 0) return -400;
    return this.requestBody.contentBytes > this.listener.options.limits.bodyBytes ? -413 : consumed;
  }

  /** Sends the request to an endpoint of `pool`, of `role` if one is named. `head` is parsed now; a later try parses it again. */
  forward(pool: Http1Pool, head: RequestHead, responseTimeoutMs: number, role: Role | null): void {
    this.pool = pool;
    this.responseTimeoutMs = responseTimeoutMs;
    this.beginTries();
    this.enter(pool, head, role);
  }

  protected connect(each: Try): void {
    this.began(each);
    each.isConnected = false;
    each.upstream = UpstreamConnection.connect(this.listener, this.pool!, each, this);
  }

  /** A connection is there: sends head and the body so far in one write where they are small. */
  sendOn(upstream: UpstreamConnection, each: Try, parsed: RequestHead | null): void {
    const { listener, copy } = this;
    const { source } = this.client!;
    const { requestExtras } = this.pool!;
    let head = parsed;
    if (head === null) {
      head = listener.copyHead;
      head.begin(copy.bytes, copy.headStart, source.isTrusted);
      if (head.parse(copy.bytes, copy.headEnd) !== COMPLETE) throw new Error('a head that was complete is not');
    }
    each.upstream = upstream;
    const { scratch } = listener;
    const fallbackHost = head.hostEnd > head.hostStart ? '' : this.pool!.hostOf(each.slot);
    const { record } = this;
    if (record !== null) record.prepare(head);
    this.pool!.goOnWithRequestId(this.#requestId);
    let headBytes = writeRequestHead(head, scratch, source, this.picks.clientIp, requestExtras, fallbackHost);
    if (record !== null) headBytes = record.sign(each, scratch, headBytes);
    this.#requestId = this.pool!.madeRequestIdOf(head);
    if (this.entry !== null) this.entry.requestId = this.#requestId;
    this.began(each);
    each.isConnected = true;
    upstream.startExchange(this, each);
    each.isUnsent = !copy.send(upstream, scratch, headBytes);
  }

  /** More of the body arrived: passes it on. The index behind it, or −status when it is bad. */
  forwardBody(bytes: Buffer, from: number): number {
    const { requestBody } = this;
    const upstream = this.upstream!;
    const consumed = this.#readBody(bytes, from, bytes.byteLength);
    if (consumed < 0) return consumed;
    this.copy.keep(bytes, from, requestBody.forwardEnd, requestBody.tail);
    upstream.send(bytes, from, requestBody.forwardEnd, true);
    if (requestBody.tail.byteLength > 0) upstream.send(requestBody.tail, 0, requestBody.tail.byteLength, true);
    upstream.awaitResponse(this);
    if (requestBody.done && this.pool!.gate.hedge !== null) this.armHedge();
    return consumed;
  }

  /** An answer is complete. The endpoint's connection is free again, or was closed by its own rules. */
  finish(): void {
    const client = this.client!;
    const pool = this.pool!;
    const { current, status } = this;
    const { latencyMs } = current;
    this.metrics!.request(current.slot, status, latencyMs);
    if (status >= 500) pool.metrics.failed(current.slot, 'status');
    if (this.isWatched) this.ended(status, 'complete');
    if (current.isFirst) pool.gate.hedge?.record(latencyMs, current.sentAtMs + latencyMs);
    current.release(status < 500, latencyMs, false);
    this.leaveLimit(status === 503 || status === 429, status < 500 ? latencyMs : -1);
    const { keepAlive, requestDone } = this;
    if (client.backedUp) client.awaitDrain(pool.options.timeouts.idle);
    this.#recycle();
    client.exchangeEnded(keepAlive, requestDone);
  }

  /** The client is to blame or gone: the endpoint is told nothing bad about. `status` 499: nobody gets an answer. */
  abort(status: number, end = endOfClient(status)): void {
    const { current, pool } = this;
    const { upstream } = current;
    if (this.isWatched) {
      const isAnswered = status !== 499 && !this.responseStarted;
      const own = isAnswered ? problemAnswer(status, true, this.isHead) : null;
      this.ended(this.status === 0 ? status : this.status, end, own);
    }
    current.upstream = null;
    if (pool !== null) this.dropRival();
    if (pool !== null && current.slot !== -1) {
      this.metrics!.request(current.slot, this.status === 0 ? status : this.status, -1);
      current.release(true, -1, true);
    } else this.listener.metrics.answered(status);
    upstream?.abandon();
    this.#recycle();
  }

  protected cut(): void {
    const client = this.client!;
    const { current } = this;
    this.metrics!.request(current.slot, this.status, current.latencyMs);
    if (this.isWatched) this.ended(this.status, 'answer-cut');
    current.release(false, current.latencyMs, false);
    this.#recycle();
    client.cut();
  }

  protected answer(status: number, blameless: boolean): void {
    this.#answerProblem(status, blameless, endOfProblem(status, this.wasServed), 0);
  }

  protected turnAway(): void {
    this.#answerProblem(503, true, 'turned-away', RETRY_AFTER_SECONDS);
  }

  #answerProblem(status: number, blameless: boolean, end: End, retryAfterSeconds: number): void {
    const client = this.client!;
    const { requestDone, isHead, current } = this;
    const keepAlive = this.keepAlive && requestDone;
    const problem = problemAnswer(status, !keepAlive, isHead, retryAfterSeconds);
    if (this.isWatched) this.ended(status, end, problem);
    if (current.slot === -1) this.listener.metrics.answered(status);
    else {
      this.metrics!.request(current.slot, status, -1);
      current.release(blameless, blameless ? -1 : current.elapsedMs(this.listener.clock.now()), blameless);
    }
    const { explainLine } = this;
    this.#recycle();
    client.answer(withLine(problem, explainLine));
    client.exchangeEnded(keepAlive, requestDone);
  }

  beginTunnel(): void {
    this.status = 101;
    this.current.prove();
  }

  /** Of the final answer. */
  readReport(head: ResponseHead): void {
    this.current.readReport(head);
  }

  /** An upgraded connection ended; its time says nothing about the endpoint's latency. */
  endTunnel(): void {
    const { current } = this;
    this.metrics!.request(current.slot, 101, current.latencyMs);
    if (this.isWatched) this.ended(101, 'tunnel');
    current.release(true, -1, true);
    this.#recycle();
  }

  /** What its answer's head says of how it came about; empty where nobody may know. */
  get explainLine(): string {
    return this.record === null ? '' : this.record.explainLine();
  }

  /** Free for the next request. The bytes are let go, the endpoint and client as well. */
  #recycle(): void {
    this.endTries();
    if (this.record !== null) this.#endRecord(this.record);
    this.client!.exchange = null;
    this.client = null;
    this.current.upstream = null;
    this.pool = null;
    this.beganMs = 0;
    this.#requestId = '';
    this.picks.end();
    this.copy.end();
    this.listener.exchanges.push(this);
  }

  #beginRecord(records: RequestRecords, head: RequestHead): void {
    const record = records.begin(head, this.client!.source);
    this.record = record;
    if (record === null) return;
    const { trace, explanation } = record;
    this.picks.explanation = explanation;
    if (trace === null || this.entry === null) return;
    this.entry.traceId = trace.traceId;
    this.entry.spanId = trace.spanId;
  }

  #endRecord(record: RequestRecord): void {
    this.record = null;
    record.records.end(record);
  }

  /** For an answer of ours without a pool: the exchange ends before it began. */
  drop(): void {
    this.#recycle();
  }
}

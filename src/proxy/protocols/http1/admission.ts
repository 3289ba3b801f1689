import type { Role } from '../../../control/pool-options.ts';
import type { AdaptiveLimit } from '../../../core/guards/adaptive-limit.ts';
import { type DropReason, type Offer, PASSED, STOP, TAKEN } from '../../../core/guards/bounded-queue.ts';
import type { RetryBudget } from '../../../core/guards/retry-budget.ts';
import { NOT_WAITING, USUAL_URGENCY, type Waiter, type WaitingLine } from '../../upstream/waiting-line.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Http1Listener } from './listener.ts';
import { Picks } from './picks.ts';
import type { Http1Pool } from './pool.ts';
import type { RequestHead } from './request-head.ts';
import type { LogEntry } from './request-log.ts';
import type { RequestRecord } from './request-record.ts';
import { Try } from './try.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** A request's way in: a place within the pool's limit, one at an endpoint, or in the line, and from there to a connection. */
export abstract class Admission implements Waiter {
  client: ClientConnection | null = null;
  pool: Http1Pool | null = null;
  /** The try that the client's bytes go to; of two under way the older one, until one of them answers. */
  current = new Try();
  responseTimeoutMs = 0;
  wantsUpgrade = false;
  ticket = NOT_WAITING;
  urgency = USUAL_URGENCY;
  protected readonly listener: Http1Listener;
  protected readonly picks = new Picks();
  /** What it counts in, from its first try to its end. */
  protected budget: RetryBudget | null = null;
  protected failureStatus = 503;
  /** When its first try set out, or its wait began; 0: neither has. */
  protected beganMs = 0;
  /** Null: nobody wants to know of it. */
  record: RequestRecord | null = null;
  /** What the access log is to say of it; null: nothing. */
  entry: LogEntry | null = null;
  /** Further tries that were made, hedges left out. */
  protected retries = 0;
  #limit: AdaptiveLimit | null = null;
  #line: WaitingLine | null = null;
  #waitsSinceMs = 0;

  constructor(listener: Http1Listener) {
    this.listener = listener;
  }

  /** The whole request has come. */
  abstract get requestDone(): boolean;
  /** Opens a connection for a try that was picked. */
  protected abstract connect(each: Try): void;
  /** Sends the request on a connection that is there. `parsed`: its head, where that is parsed already. */
  abstract sendOn(upstream: UpstreamConnection, each: Try, parsed: RequestHead | null): void;
  /** A try failed; its connection is gone. `answerBegan`: some of its answer's head came. */
  abstract upstreamFailed(each: Try, failure: Failure, wasReused: boolean, answerBegan: boolean): void;
  /** Sets the time for a second try. */
  protected abstract armHedge(): void;
  /** Ends the exchange with an answer of ours. `blameless`: the endpoint had no part in it. */
  protected abstract answer(status: number, blameless: boolean): void;
  /** Ends the exchange with 503 and Retry-After. */
  protected abstract turnAway(): void;

  get upstream(): UpstreamConnection | null {
    return this.current.upstream;
  }

  /** Goes to an endpoint of `pool`, of `role` if one is named, or into the line. `head` is parsed now. */
  protected enter(pool: Http1Pool, head: RequestHead, role: Role | null): void {
    const { listener } = this;
    const { source } = this.client!;
    const { line } = pool.gate;
    this.pool = pool;
    const clientIp = head.hasForwardedFor ? listener.clientIp(head, source) : source.ip;
    this.picks.begin(pool, head, clientIp, role);
    if (line !== null) this.urgency = pool.urgencyOf === null ? USUAL_URGENCY : pool.urgencyOf(head);
    if (line !== null && line.length > 0) this.#waitOrLeave();
    else this.seek(head);
  }

  /** Picks an endpoint and sends the request there. `head`: where it is parsed already. */
  protected seek(head: RequestHead | null): void {
    if (this.#pick()) this.dispatch(this.current, head);
    else if (this.#isAboveLimit || this.picks.noneReason === 'all-at-limit') this.#waitOrLeave();
    else this.answer(this.failureStatus, false);
  }

  #pick(): boolean {
    const { limit } = this.pool!.gate;
    if (limit !== null && this.#limit === null) {
      if (!limit.tryStart()) return false;
      this.#limit = limit;
    }
    return this.picks.take(this.current);
  }

  get #isAboveLimit(): boolean {
    return this.#limit === null && this.pool!.gate.limit !== null;
  }

  /** Sends a try that was picked on its way. */
  protected dispatch(each: Try, head: RequestHead | null): void {
    const pool = this.pool!;
    if (!each.isFirst && each === this.current) {
      pool.metrics.retried(each.slot);
      this.retries++;
    }
    if (pool.gate.hedge !== null) this.armHedge();
    if (this.record !== null) this.record.began(each, pool, each !== this.current);
    const idle = pool.idle.take(each.slot);
    if (idle === undefined) this.connect(each);
    else {
      const { client } = this;
      this.sendOn(idle, each, head);
      // What was held back while an endpoint was sought goes on now.
      if (head === null) client!.resumeInput();
    }
  }

  /** The request, or its connection, is on its way to the endpoint. */
  protected began(each: Try): void {
    const nowMs = this.listener.clock.now();
    each.sentAtMs = nowMs;
    if (this.beganMs === 0) this.beganMs = nowMs;
    if (this.budget !== null) return;
    this.budget = this.pool!.gate.budget;
    this.budget?.start(nowMs);
  }

  #waitOrLeave(): void {
    const { gate, metrics } = this.pool!;
    const { line } = gate;
    if (line?.push(this)) {
      this.#line = line;
      this.#waitsSinceMs = this.listener.clock.now();
      if (this.beganMs === 0) this.beganMs = this.#waitsSinceMs;
      if (this.entry !== null) this.entry.queuePlace += line.length;
      metrics.queued();
      // What is still to come of the request is not read meanwhile.
      if (!this.requestDone) this.listener.timers.disarm(this.client!);
    } else if (line !== null || this.#isAboveLimit) {
      metrics.turnedAway(line === null ? 'limit' : 'full');
      this.turnAway();
    } else this.answer(this.failureStatus, false);
  }

  get waitsInLine(): boolean {
    return this.#line !== null;
  }

  tryPick(): Offer {
    if (this.#pick()) return TAKEN;
    // Another one may find a place where this one must not go.
    return this.picks.isPicky && !this.#isAboveLimit ? PASSED : STOP;
  }

  admitted(): void {
    this.#waitEnded();
    this.dispatch(this.current, null);
  }

  dropped(reason: DropReason): void {
    this.#waitEnded();
    this.pool!.metrics.turnedAway(reason);
    this.turnAway();
  }

  #waitEnded(): void {
    const waitedMs = this.listener.clock.now() - this.#waitsSinceMs;
    this.#line = null;
    if (this.entry !== null) this.entry.queueMs = Math.max(0, this.entry.queueMs) + waitedMs;
    this.pool!.metrics.unqueued(waitedMs);
  }

  /** Calls `lost` when the endpoint that serves it has the role that its route asks for no longer. */
  onRoleLost(lost: () => void): void {
    this.picks.onRoleLost(this.current.slot, lost);
  }

  /** Waits no more; harmless when it does not. */
  protected leaveLine(): void {
    if (this.#line === null) return;
    this.#line.leave(this);
    this.#waitEnded();
  }

  /** Tells the pool's limit how the request ended. `isOverload`: not served for that; `latencyMs` −1: it says nothing. */
  protected leaveLimit(isOverload: boolean, latencyMs: number): void {
    const limit = this.#limit;
    if (limit === null) return;
    this.#limit = null;
    if (isOverload) limit.drop();
    else if (latencyMs < 0) limit.neutral();
    else limit.done(latencyMs);
  }
}

/** Why an endpoint failed to answer. Not its fault: `overload`, we have no descriptor left; `evicted`, it is to serve no more. */
export type Failure = 'connect' | 'closed' | 'evicted' | 'garbage' | 'overload' | 'timeout';

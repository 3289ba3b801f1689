import { relay, relayDrained, relayEnd } from '../../splice.ts';
import { CLOSED, CLOSING, ClientInput, LINGERING, OPEN, TUNNEL } from './client-input.ts';
import type { Exchange } from './exchange.ts';
import { problemAnswer } from './problem.ts';
import type { RequestHead } from './request-head.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** Silence after our FIN for this long ends a lingering connection; input prolongs it, up to the total. */
const LINGER_MS = 2000;
const LINGER_TOTAL_MS = 30_000;

/** Idle connections of a listener that drains live on for this long. */
const DRAIN_IDLE_MS = 1000;

/** A client's connection: what it sends is read by `ClientInput`; here are the answers, the time-outs and the end. */
export class ClientConnection extends ClientInput {
  /** Above a limit of the listener: not one of its connections. */
  isRefused = false;
  /** For the kernel to take some of what waits, while something does. */
  #drainTimeoutMs = 0;
  #lingersSinceMs = 0;
  #port = -1;

  /** The peer's; 0 where it has none. Asked for once: of a connection that was reset nobody knows it any more. */
  learnPort(): number {
    if (this.#port === -1) this.#port = this.socket?.remotePort ?? 0;
    return this.#port;
  }

  protected override openExchange(head: RequestHead): Exchange {
    const exchange = this.listener.takeExchange();
    this.exchange = exchange;
    exchange.begin(this, head);
    return exchange;
  }

  protected override route(exchange: Exchange, head: RequestHead): void {
    this.listener.route(this, exchange, head);
  }

  /** The head is bad: no exchange began. */
  protected override refuse(status: number, end: number): number {
    this.listener.metrics.answered(status);
    this.listener.requestLog?.refused(this, status);
    this.#answerProblem(status, false);
    this.#linger();
    return end;
  }

  /** The request turned out bad while under way. */
  protected override fail(status: number, end: number): number {
    const exchange = this.exchange!;
    const { responseStarted, isHead } = exchange;
    exchange.abort(status);
    if (responseStarted) this.cut();
    else {
      this.#answerProblem(status, isHead);
      this.#linger();
    }
    return end;
  }

  /** The last answer on it. */
  #answerProblem(status: number, isHead: boolean): void {
    this.answer(problemAnswer(status, true, isHead));
  }

  answer(bytes: Buffer): void {
    this.listener.metrics.bytesSent(bytes.byteLength);
    this.send(bytes, 0, bytes.byteLength, true);
  }

  /** An exchange is over and its answer sent or waiting: on to the next request, or to the end. */
  exchangeEnded(keepAlive: boolean, requestDone: boolean): void {
    if (this.state !== OPEN) return;
    const listener = this.listener;
    if (!requestDone || (!keepAlive && this.held !== null)) this.#linger();
    else if (!keepAlive || this.inputEnded || listener.isDraining) this.#endPolitely();
    else {
      if (this.backedUp) this.armDrain();
      else listener.timers.arm(this, listener.options.timeouts.keepAlive);
      if (!this.isProcessing && this.held !== null) this.resumeInput();
    }
  }

  #endPolitely(): void {
    this.state = CLOSING;
    if (this.backedUp) this.armDrain();
    this.closeWhenFlushed();
  }

  #linger(): void {
    this.state = LINGERING;
    this.held = null;
    this.#lingersSinceMs = this.listener.clock.now();
    if (this.backedUp) this.armDrain();
    else this.lingerOn();
    this.shutdownWhenFlushed();
    this.resume();
    if (this.inputEnded) this.closeWhenFlushed();
  }

  protected override lingerOn(): void {
    const { timers, clock } = this.listener;
    if (clock.now() - this.#lingersSinceMs < LINGER_TOTAL_MS) timers.arm(this, LINGER_MS);
  }

  /** Answers 503 to a connection above a limit and closes it. */
  refuseConnection(): void {
    this.#answerProblem(503, false);
    this.#linger();
  }

  /** The client reads too slowly: it must make progress within the time. */
  awaitDrain(timeoutMs: number): void {
    this.#drainTimeoutMs = timeoutMs;
    this.armDrain();
  }

  protected override armDrain(): void {
    const { timers, options } = this.listener;
    timers.arm(this, this.#drainTimeoutMs || options.timeouts.keepAlive);
  }

  drained(): void {
    if (this.state === TUNNEL) {
      this.tunnel!.touch();
      relayDrained(this, this.tunnel!);
    } else if (!this.backedUp) return;
    else if (this.flush()) this.#onFlushed();
    else this.armDrain();
  }

  #onFlushed(): void {
    const { timers, options } = this.listener;
    const { exchange } = this;
    this.#drainTimeoutMs = 0;
    if (this.state === CLOSED) return;
    if (this.state === LINGERING) this.lingerOn();
    else if (exchange === null) timers.arm(this, options.timeouts.keepAlive);
    else if (exchange.requestDone || exchange.upstream?.backedUp) timers.disarm(this);
    else this.awaitBody();
    exchange?.upstream?.resumeAnswer();
    if (exchange === null && this.held !== null) this.resumeInput();
  }

  startTunnel(upstream: UpstreamConnection): void {
    this.state = TUNNEL;
    this.tunnel = upstream;
    this.listener.timers.disarm(this);
    const held = this.held;
    this.held = null;
    if (held !== null) relay(this, upstream, held);
    if (this.inputEnded) relayEnd(this, upstream);
    if (!upstream.backedUp) this.resume();
  }

  /** The endpoint's side of the tunnel is gone. */
  tunnelClosed(): void {
    const upstream = this.tunnel!;
    this.tunnel = null;
    this.exchange?.endTunnel();
    if (this.state !== TUNNEL) return;
    this.state = CLOSING;
    if (!upstream.inputEnded) this.terminate();
    else {
      if (this.backedUp) this.armDrain();
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
    if (this.state === TUNNEL) relayEnd(this, this.tunnel!);
    else if (this.state !== OPEN) this.closeWhenFlushed();
    else if (exchange === null) this.#endPolitely();
    else if (!exchange.requestDone) this.fail(400, 0);
    else if (exchange.waitsInLine) this.#leaveLine(exchange);
    else if (!exchange.responseStarted) exchange.keepAlive = false;
  }

  /**
   * A client that gave up sends FIN as well as one that only has no more to say. Under way, the latter gets its answer; in a
   * line, places are short, and those of the former would go to work that nobody waits for (HAProxy: `abortonclose`).
   */
  #leaveLine(exchange: Exchange): void {
    exchange.abort(499);
    this.#endPolitely();
  }

  closed(): void {
    const { exchange } = this;
    const tunnel = this.tunnel;
    this.state = CLOSED;
    this.socket = null;
    this.tunnel = null;
    this.held = null;
    this.listener.leave(this);
    if (tunnel !== null) {
      tunnel.abandon();
      exchange?.endTunnel();
    } else exchange?.abort(499);
  }

  onTimeout(): void {
    const { exchange } = this;
    if (this.backedUp) this.#onDrainTimeout();
    else if (this.state === LINGERING) this.socket?.close();
    else if (this.state !== OPEN) this.cut();
    else if (exchange !== null) this.fail(408, 0);
    else if (this.partial !== null) this.refuse(408, 0);
    else this.#endPolitely();
  }

  /** Drain events come only when much is free again: a client that took anything meanwhile is alive. */
  #onDrainTimeout(): void {
    if (!this.flushSome()) this.cut();
    else if (this.backedUp) this.armDrain();
    else this.#onFlushed();
  }

  /** Resets the connection: its answer cannot be finished, it makes no progress, or the program ends. */
  cut(end: 'client-gone' | 'evicted' = 'client-gone'): void {
    if (this.state !== CLOSED) this.state = CLOSING;
    // Now, since `close` may come later: until then the endpoint's time-out would blame the endpoint.
    if (this.tunnel === null) this.exchange?.abort(499, end);
    this.terminate();
  }

  /**
   * The listener drains: connections are closed after their exchange, and an idle one a moment later. Its client may be
   * sending a request just now, and would find the connection closed; this way it is answered, and told that this was the last.
   */
  drain(): void {
    const isIdle = this.state === OPEN && this.exchange === null && this.partial === null;
    if (isIdle) this.listener.timers.arm(this, Math.min(DRAIN_IDLE_MS, this.listener.options.timeouts.keepAlive));
  }
}

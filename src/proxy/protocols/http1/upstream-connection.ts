import type { Picker } from '../../../control/picker/picker.ts';
import type { ConnectErrorCode, Socket, SocketHandlers } from '../../../transport/transport.ts';
import { relay, relayDrained, relayEnd, relayProgress, relayTimeout } from '../../splice.ts';
import { EndpointConnection } from '../../upstream/endpoint-connection.ts';
import type { Failure } from './admission.ts';
import { Answer, BROKEN, DISCARDED, DONE, SWITCHED } from './answer.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Exchange } from './exchange.ts';
import type { Http1Listener } from './listener.ts';
import type { Http1Pool } from './pool.ts';
import type { Try } from './try.ts';

const CONNECTING = 0;
const IDLE = 1;
/** A request went out; no whole head has come back. */
const WAITING = 2;
const BODY = 3;
const TUNNEL = 4;
const CLOSED = 5;

/** What an endpoint sent before it closed is read within this. */
const BROKEN_MS = 1000;

/** A connection to an endpoint: carries one exchange after another, and idles in between. */
export class UpstreamConnection extends EndpointConnection {
  readonly #listener: Http1Listener;
  readonly #pool: Http1Pool;
  readonly answer: Answer;
  #state = CONNECTING;
  #exchange: Exchange | null;
  /** Of the exchange. */
  #try: Try;
  #tunnel: ClientConnection | null = null;
  #addressIndex = 0;
  #requests = 0;
  #createdAtMs = 0;

  private constructor(listener: Http1Listener, pool: Http1Pool, each: Try, exchange: Exchange) {
    super(each.slot, pool.metrics);
    this.#listener = listener;
    this.#pool = pool;
    this.#try = each;
    this.#exchange = exchange;
    this.answer = new Answer(listener);
  }

  /** Starts a connection for a try of `exchange`; it calls `exchange.sendOn` or `exchange.upstreamFailed`, not before it returns. */
  static connect(listener: Http1Listener, pool: Http1Pool, each: Try, exchange: Exchange): UpstreamConnection {
    const connection = new UpstreamConnection(listener, pool, each, exchange);
    listener.timers.arm(connection, pool.options.timeouts.connect);
    connection.#dial();
    return connection;
  }

  #dial(): void {
    const address = this.#pool.picker.endpoint(this.slot).addresses[this.#addressIndex];
    const listener = this.#listener;
    if (listener.descriptors.used >= listener.descriptors.capacity) this.#pool.closeOneIdle();
    // Failing now would call back into an exchange that is still being set up.
    if (address === undefined) queueMicrotask(() => this.#connectFailed());
    else if (!listener.descriptors.tryTake()) queueMicrotask(() => this.#connectFailed('overload'));
    else listener.transport.connect(address, upstreamHandlers, this as UpstreamConnection);
  }

  opened(socket: Socket<UpstreamConnection>): void {
    this.socket = socket as Socket<never>;
    this.metrics.connectionOpened(this.slot);
    if (this.#state === CLOSED || this.#exchange === null) {
      this.terminate();
      return;
    }
    this.#listener.upstreams.add(this);
    this.#createdAtMs = this.#listener.clock.now();
    const { client } = this.#exchange;
    this.#exchange.sendOn(this, this.#try, null);
    client?.resumeInput();
  }

  connectError(_code: ConnectErrorCode): void {
    this.#listener.descriptors.release();
    if (this.#state === CLOSED) return;
    const { addresses } = this.#pool.picker.endpoint(this.slot);
    if (++this.#addressIndex < addresses.length) this.#dial();
    else this.#connectFailed();
  }

  #connectFailed(failure: Failure = 'connect'): void {
    if (this.#state !== CLOSED) this.#fail(failure);
  }

  /** The connection is `exchange`'s now; its request goes out next. */
  startExchange(exchange: Exchange, each: Try): void {
    this.#exchange = exchange;
    this.#try = each;
    this.#state = WAITING;
    this.#requests++;
    this.answer.begin(each, this.#pool.readsReports);
    this.awaitResponse(exchange);
  }

  /** Bytes of the request went out: (re)starts the time that the endpoint has for what it does next. */
  awaitResponse(exchange: Exchange): void {
    const { timers } = this.#listener;
    const { idle } = this.#pool.options.timeouts;
    if (this.#state === BODY) timers.arm(this, idle);
    else if (exchange.requestDone) timers.arm(this, exchange.responseTimeoutMs);
    else if (this.backedUp) timers.arm(this, idle);
    // The client has the word, and its own time-out.
    else timers.disarm(this);
  }

  received(bytes: Buffer): void {
    this.countReceived(bytes);
    const exchange = this.#exchange;
    if (this.#state === TUNNEL) this.#relay(bytes);
    // Bytes that nobody asked for would be taken for the next request's answer.
    else if (exchange === null) this.closeIdle();
    else if (this.#state === WAITING) this.#receiveHead(exchange, bytes);
    else this.#proceed(exchange, this.answer.receiveBody(exchange, bytes));
  }

  #receiveHead(exchange: Exchange, bytes: Buffer): void {
    const each = this.#try;
    if (each.latencyMs < 0) each.latencyMs = this.#listener.clock.now() - each.sentAtMs;
    const result = this.answer.receiveHead(exchange, bytes, this.#pool.servedByLine(this.slot));
    if (exchange.responseStarted) this.#state = BODY;
    this.#proceed(exchange, result);
  }

  #proceed(exchange: Exchange, result: number): void {
    if (result === DONE) this.#answered(exchange);
    else if (result === BROKEN) this.#fail('garbage');
    else if (result === SWITCHED) this.#startTunnel(exchange);
    else if (result === DISCARDED) this.#discarded(exchange);
    else if (this.#state === BODY) this.#awaitBody(exchange.client!);
  }

  #awaitBody(client: ClientConnection): void {
    const { idle } = this.#pool.options.timeouts;
    this.#listener.timers.arm(this, idle);
    if (!client.backedUp) return;
    this.pause();
    client.awaitDrain(idle);
  }

  #answered(exchange: Exchange): void {
    this.#leave(exchange);
    exchange.finish();
  }

  /** The answer was not passed on. */
  #discarded(exchange: Exchange): void {
    this.#leave(exchange);
    exchange.answerDiscarded(this.#try);
  }

  /** Serves the exchange no more: waits for another one, or closes. */
  #leave(exchange: Exchange): void {
    this.#exchange = null;
    if (this.#isReusable(exchange) && this.#pool.idle.put(this.slot, this)) {
      this.#state = IDLE;
      this.#listener.timers.arm(this, this.#pool.options.timeouts.idle);
      this.resume();
    } else if (this.backedUp || !exchange.requestDone) this.abandon();
    else this.closeIdle();
  }

  #isReusable(exchange: Exchange): boolean {
    const { maxAge, maxRequests } = this.#pool.options.connections;
    return (
      this.answer.keepAlive &&
      exchange.requestDone &&
      !this.backedUp &&
      !this.inputEnded &&
      !this.#listener.isDraining &&
      this.#requests < maxRequests &&
      this.#try.sentAtMs - this.#createdAtMs < maxAge &&
      this.#pool.picker.isMember(this.slot)
    );
  }

  #startTunnel(exchange: Exchange): void {
    const { rest } = this.answer;
    const client = exchange.client!;
    this.#state = TUNNEL;
    this.#tunnel = client;
    this.touch();
    // As with tcp: a replica would refuse its client's writes, or lose them.
    exchange.onRoleLost(() => this.evict(false));
    client.startTunnel(this);
    if (rest.byteLength > 0) relay(this, client, rest);
  }

  #relay(bytes: Buffer): void {
    this.touch();
    this.#listener.metrics.bytesSent(bytes.byteLength);
    relay(this, this.#tunnel!, bytes);
  }

  /** A side of the tunnel was active. */
  touch(): void {
    this.#listener.timers.arm(this, this.#pool.options.timeouts.tunnel);
  }

  drained(): void {
    if (this.#state === TUNNEL) {
      this.touch();
      relayDrained(this, this.#tunnel!);
    } else if (this.backedUp && this.flush() && this.#exchange !== null) {
      this.awaitResponse(this.#exchange);
      this.#exchange.client!.resumeInput();
    }
  }

  /** The endpoint's FIN. */
  ended(): void {
    if (this.isBroken) {
      this.terminate();
      return;
    }
    this.inputEnded = true;
    const exchange = this.#exchange;
    if (this.#state === TUNNEL) relayEnd(this, this.#tunnel!);
    else if (exchange === null) this.closeIdle();
    else if (this.#state === BODY && this.answer.receiveEnd(exchange) === DONE) this.#answered(exchange);
    else this.#fail('closed');
  }

  closed(): void {
    this.#listener.descriptors.release();
    this.#listener.upstreams.delete(this);
    this.metrics.connectionClosed(this.slot);
    this.#listener.timers.remove(this);
    this.socket = null;
    const tunnel = this.#tunnel;
    if (this.#state === IDLE) this.#pool.idle.remove(this.slot, this);
    const wasOpen = this.#state !== CLOSED;
    this.#state = CLOSED;
    if (tunnel !== null) tunnel.tunnelClosed();
    else if (wasOpen && this.#exchange !== null) this.#report('closed', this.#requests > 1);
  }

  onTimeout(): void {
    if (this.#state === CONNECTING) this.#fail('connect');
    else if (this.isBroken) this.#fail('closed');
    else if (this.#state === TUNNEL) this.#onTunnelTimeout(this.#tunnel!);
    else if (this.#exchange === null) this.closeIdle();
    // While it waits for the client to read, the client's time-out counts.
    else if (this.#exchange.client!.backedUp) this.#listener.timers.arm(this, this.#pool.options.timeouts.idle);
    else this.#fail('timeout');
  }

  #onTunnelTimeout(client: ClientConnection): void {
    if (relayProgress(this, client)) this.touch();
    else relayTimeout(client, this);
  }

  /** The client reads again: the endpoint may go on. */
  resumeAnswer(): void {
    if (this.#state === BODY) this.#listener.timers.arm(this, this.#pool.options.timeouts.idle);
    this.resume();
  }

  /** The endpoint closed, maybe after an answer that is still to be read: the event of its close comes by itself. */
  protected override onBroken(): void {
    this.#listener.timers.arm(this, BROKEN_MS);
  }

  isTo(picker: Picker, slot: number): boolean {
    return this.#pool.picker === picker && (slot === -1 || this.slot === slot);
  }

  /** Its endpoint is to serve no tunnel any more; `everything`: no request either. */
  evict(everything: boolean): void {
    if (this.#state === TUNNEL) relayTimeout(this.#tunnel!, this);
    // Its request goes elsewhere, not here once more.
    else if (everything && this.#exchange !== null) this.#fail('evicted');
  }

  /** The exchange ended without us: the client went away. */
  abandon(): void {
    this.#exchange = null;
    this.#tunnel = null;
    this.#state = CLOSED;
    this.#listener.timers.remove(this);
    this.terminate();
  }

  /** Closes a connection that serves no exchange, whether it was taken out of the idle ones or not. */
  closeIdle(): void {
    if (this.#state === IDLE) this.#pool.idle.remove(this.slot, this);
    this.#state = CLOSED;
    this.socket?.close();
  }

  #fail(failure: Failure, wasReused = this.#requests > 1): void {
    this.#state = CLOSED;
    this.#listener.timers.remove(this);
    this.terminate();
    this.#report(failure, wasReused);
  }

  #report(failure: Failure, wasReused: boolean): void {
    const exchange = this.#exchange!;
    this.#exchange = null;
    exchange.upstreamFailed(this.#try, failure, wasReused, this.answer.hasBegun);
  }
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

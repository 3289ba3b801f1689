import { type Picker, Tried } from '../../../control/picker/picker.ts';
import type { Role } from '../../../control/pool-options.ts';
import { type DropReason, type Offer, PASSED, STOP, TAKEN } from '../../../core/guards/bounded-queue.ts';
import type { Outcome } from '../../../core/kernel/outcome.ts';
import { createPickRequest } from '../../../core/kernel/policy.ts';
import type { End } from '../../../telemetry/access-log/record.ts';
import type { PoolMetrics } from '../../../telemetry/metrics.ts';
import { Connection } from '../../../transport/connection.ts';
import type { Socket } from '../../../transport/transport.ts';
import type { ClientSource } from '../../client-source.ts';
import { relay, relayDrained, relayEnd, relayProgress, relayTimeout } from '../../splice.ts';
import { NOT_WAITING, USUAL_URGENCY, type Waiter, type WaitingLine } from '../../upstream/waiting-line.ts';
import type { ProxyPool } from '../protocol.ts';
import type { ConnectionEntry } from './connection-entry.ts';
import { TcpEndpoint } from './endpoint.ts';
import type { TcpListener } from './tcp.ts';

const pickRequest = createPickRequest();
const outcome: Outcome = { ok: true, latencyMs: -1, neutral: false };

/** A client's connection and the tries to find it an endpoint. */
export class TcpClient extends Connection implements Waiter {
  ticket = NOT_WAITING;
  readonly urgency = USUAL_URGENCY;
  readonly source: ClientSource;
  readonly listener: TcpListener;
  readonly pool: ProxyPool;
  /** Of the endpoint; null: any. */
  readonly role: Role | null;
  /** What the access log and a trace are to say of it; null: nothing. */
  entry: ConnectionEntry | null = null;
  /** Of its pool as it was: they may be forgotten before the connection ends. */
  readonly metrics: PoolMetrics;
  readonly #tried = new Tried();
  #triesLeft: number;
  #slot = -1;
  #ticket = -1;
  #endpoint: TcpEndpoint | null = null;
  #line: WaitingLine | null = null;
  #waitsSinceMs = 0;
  #bytesOut = 0;

  constructor(
    listener: TcpListener,
    { pool, role }: { readonly pool: ProxyPool; readonly role: Role | null },
    socket: Socket<TcpClient>,
    source: ClientSource,
  ) {
    super();
    this.listener = listener;
    this.pool = pool;
    this.metrics = listener.deps.poolMetrics(pool.name);
    this.role = role;
    this.source = source;
    this.socket = socket as Socket<never>;
    this.#triesLeft = pool.options.retries.attempts;
  }

  /** Reads nothing until an endpoint is there: what was not read can be given to any endpoint. */
  start(): void {
    const { line } = this.pool.gate;
    this.pause();
    if (line !== null && line.length > 0) this.#waitOrLeave();
    else this.#seek();
  }

  #seek(): void {
    if (this.#pick()) this.#dial();
    else if (this.pool.picker.noneReason(this.#tried, this.role) === 'all-at-limit') this.#waitOrLeave();
    else this.#giveUp(this.#tried.size > 0 ? 'endpoint-failed' : 'no-endpoint');
  }

  /** Resets the connection; the first reason is the one that is told. */
  #giveUp(why: End): void {
    this.entry?.because(why);
    this.terminate();
  }

  #pick(): boolean {
    const { picker } = this.pool;
    pickRequest.clientIp = this.source.ip;
    this.#slot = picker.pick(pickRequest, this.#tried, this.role);
    if (this.#slot < 0) return false;
    this.#ticket = picker.ticket;
    return true;
  }

  #dial(): void {
    if (this.#tried.size > 0) this.metrics.retried(this.#slot);
    this.entry?.dialed(this.pool.picker.endpoint(this.#slot).id, this.#tried.size);
    this.#endpoint = new TcpEndpoint(this, this.#slot);
  }

  #waitOrLeave(): void {
    const { line } = this.pool.gate;
    if (line?.push(this)) {
      this.#line = line;
      this.#waitsSinceMs = this.listener.deps.clock.now();
      this.metrics.queued();
      this.entry?.queued(line.length);
      return;
    }
    if (line !== null) this.metrics.turnedAway('full');
    this.#giveUp('turned-away');
  }

  tryPick(): Offer {
    if (this.#pick()) return TAKEN;
    return this.#tried.size > 0 || this.role !== null ? PASSED : STOP;
  }

  admitted(): void {
    this.#waitEnded();
    this.#dial();
  }

  dropped(reason: DropReason): void {
    this.#waitEnded();
    this.metrics.turnedAway(reason);
    this.#giveUp('turned-away');
  }

  #waitEnded(): void {
    const waitedMs = this.listener.deps.clock.now() - this.#waitsSinceMs;
    this.#line = null;
    this.entry?.waited(waitedMs);
    this.metrics.unqueued(waitedMs);
  }

  connected(): void {
    this.entry?.connected();
    // It proved itself now; the connection may last for days.
    this.pool.picker.judge(this.#slot, true, this.#ticket);
    this.touch();
    this.resume();
  }

  /** `isOurs`: no descriptor is left to connect with, which says nothing about the endpoint. */
  connectFailed(isOurs: boolean): void {
    const slot = this.#slot;
    if (!isOurs) this.metrics.connectFailed(slot);
    this.#endpoint = null;
    this.#release(isOurs);
    if (isOurs || this.#triesLeft-- <= 0) {
      this.#giveUp(isOurs ? 'turned-away' : 'endpoint-failed');
      return;
    }
    this.#tried.add(slot);
    this.#seek();
  }

  isServedBy(picker: Picker, slot: number): boolean {
    return this.pool.picker === picker && (slot === -1 || this.#slot === slot);
  }

  /** Its endpoint is to serve nobody any more. */
  evict(): void {
    if (this.#endpoint === null) return;
    this.entry?.because('evicted');
    relayTimeout(this, this.#endpoint);
  }

  /** The program ends. */
  cut(): void {
    this.#giveUp('evicted');
  }

  received(bytes: Uint8Array): void {
    this.listener.deps.listenerMetrics.bytesReceived(bytes.byteLength);
    this.touch();
    if (this.#endpoint !== null) relay(this, this.#endpoint, bytes);
  }

  drained(): void {
    this.touch();
    if (this.#endpoint !== null) relayDrained(this, this.#endpoint);
    else this.flush();
  }

  ended(): void {
    if (this.#endpoint !== null) relayEnd(this, this.#endpoint);
    else this.terminate();
  }

  /** The endpoint's connection is gone; `politely`: after its FIN. */
  endpointClosed(politely: boolean): void {
    this.#bytesOut = this.#endpoint!.relayedBytes;
    this.#endpoint = null;
    if (!politely) this.#giveUp('endpoint-failed');
    else {
      this.entry?.because('complete');
      this.closeWhenFlushed();
    }
  }

  closed(): void {
    this.socket = null;
    this.entry?.meet(this.pool, this.#slot, this.#line !== null);
    this.listener.deps.timers.remove(this);
    this.listener.leave(this);
    const endpoint = this.#endpoint;
    const isComplete = this.inputEnded && endpoint?.inputEnded !== false;
    this.#endpoint = null;
    endpoint?.abandon();
    if (this.#line !== null) {
      this.#line.leave(this);
      this.#waitEnded();
    }
    if (this.#slot !== -1) {
      this.metrics.request(this.#slot, 0, -1);
      this.#release(true);
    }
    const bytesOut = endpoint?.relayedBytes ?? this.#bytesOut;
    this.entry?.ended(this.relayedBytes, bytesOut, isComplete ? 'complete' : 'client-gone');
  }

  /** Bytes moved: the idle time starts again. */
  touch(): void {
    this.listener.deps.timers.arm(this, this.pool.options.timeouts.idle);
  }

  onTimeout(): void {
    if (this.#endpoint === null) this.terminate();
    else if (relayProgress(this, this.#endpoint)) this.touch();
    else {
      this.entry?.because('idle');
      relayTimeout(this, this.#endpoint);
    }
  }

  #release(ok: boolean): void {
    if (this.#slot === -1) return;
    outcome.ok = ok;
    // Connected: judged then; not connected: the client went away, or we could not ask.
    outcome.neutral = ok;
    this.pool.picker.done(this.#slot, outcome, 1, this.#ticket);
    this.#slot = -1;
    this.pool.gate.line?.wake();
  }
}

import { type Picker, Tried } from '../../../control/picker/picker.ts';
import type { Role } from '../../../control/pool-options.ts';
import type { Outcome } from '../../../core/kernel/outcome.ts';
import { createPickRequest } from '../../../core/kernel/policy.ts';
import { Connection } from '../../../transport/connection.ts';
import type { Socket } from '../../../transport/transport.ts';
import type { ClientSource } from '../../client-source.ts';
import { relay, relayDrained, relayEnd, relayProgress, relayTimeout } from '../../splice.ts';
import type { ProxyPool } from '../protocol.ts';
import { TcpEndpoint } from './endpoint.ts';
import type { TcpListener } from './tcp.ts';

const pickRequest = createPickRequest();
const outcome: Outcome = { ok: true, latencyMs: -1, neutral: false };

/** A client's connection and the tries to find it an endpoint. */
export class TcpClient extends Connection {
  readonly source: ClientSource;
  readonly listener: TcpListener;
  readonly pool: ProxyPool;
  /** Of the endpoint; null: any. */
  readonly role: Role | null;
  readonly #tried = new Tried();
  #triesLeft: number;
  #slot = -1;
  #ticket = -1;
  #endpoint: TcpEndpoint | null = null;

  constructor(
    listener: TcpListener,
    { pool, role }: { readonly pool: ProxyPool; readonly role: Role | null },
    socket: Socket<TcpClient>,
    source: ClientSource,
  ) {
    super();
    this.listener = listener;
    this.pool = pool;
    this.role = role;
    this.source = source;
    this.socket = socket as Socket<never>;
    this.#triesLeft = pool.options.retries.attempts;
  }

  /** Reads nothing until an endpoint is there: what was not read can be given to any endpoint. */
  start(): void {
    this.pause();
    this.#pick();
  }

  #pick(): void {
    const { picker } = this.pool;
    pickRequest.clientIp = this.source.ip;
    this.#slot = picker.pick(pickRequest, this.#tried, this.role);
    if (this.#slot < 0) this.terminate();
    else {
      this.#ticket = picker.ticket;
      if (this.#tried.size > 0) this.listener.deps.poolMetrics(this.pool.name).retried(this.#slot);
      this.#endpoint = new TcpEndpoint(this, this.#slot);
    }
  }

  connected(): void {
    // It proved itself now; the connection may last for days.
    this.pool.picker.judge(this.#slot, true, this.#ticket);
    this.touch();
    this.resume();
  }

  /** `isOurs`: no descriptor is left to connect with, which says nothing about the endpoint. */
  connectFailed(isOurs: boolean): void {
    const slot = this.#slot;
    if (!isOurs) this.listener.deps.poolMetrics(this.pool.name).connectFailed(slot);
    this.#endpoint = null;
    this.#release(isOurs);
    if (isOurs || this.#triesLeft-- <= 0) {
      this.terminate();
      return;
    }
    this.#tried.add(slot);
    this.#pick();
  }

  isServedBy(picker: Picker, slot: number): boolean {
    return this.pool.picker === picker && (slot === -1 || this.#slot === slot);
  }

  /** Its endpoint is to serve nobody any more. */
  evict(): void {
    if (this.#endpoint !== null) relayTimeout(this, this.#endpoint);
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
    this.#endpoint = null;
    if (politely) this.closeWhenFlushed();
    else this.terminate();
  }

  closed(): void {
    this.socket = null;
    this.listener.deps.timers.remove(this);
    this.listener.leave(this);
    const endpoint = this.#endpoint;
    this.#endpoint = null;
    endpoint?.abandon();
    if (this.#slot !== -1) {
      this.listener.deps.poolMetrics(this.pool.name).request(this.#slot, 0, -1);
      this.#release(true);
    }
  }

  /** Bytes moved: the idle time starts again. */
  touch(): void {
    this.listener.deps.timers.arm(this, this.pool.options.timeouts.idle);
  }

  onTimeout(): void {
    if (this.#endpoint === null) this.terminate();
    else if (relayProgress(this, this.#endpoint)) this.touch();
    else relayTimeout(this, this.#endpoint);
  }

  #release(ok: boolean): void {
    if (this.#slot === -1) return;
    outcome.ok = ok;
    // Connected: judged then; not connected: the client went away, or we could not ask.
    outcome.neutral = ok;
    this.pool.picker.done(this.#slot, outcome, 1, this.#ticket);
    this.#slot = -1;
  }
}

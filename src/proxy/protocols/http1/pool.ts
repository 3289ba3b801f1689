import type { Picker } from '../../../control/picker/picker.ts';
import type { PoolOptions } from '../../../control/pool-options.ts';
import type { PoolMetrics } from '../../../telemetry/metrics.ts';
import { policyNeeds } from '../../policy-needs.ts';
import { IdleConnections } from '../../upstream/idle-connections.ts';
import type { PoolGate } from '../../upstream/pool-gate.ts';
import type { ProtocolDeps, ProxyPool } from '../protocol.ts';
import { compileKey, type KeyReader } from './affinity-key.ts';
import { type CostReader, compileCost } from './request-cost.ts';
import type { RequestHead } from './request-head.ts';
import type { RequestExtras } from './request-writer.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import { compileUrgency, type UrgencyReader } from './urgency.ts';

/** A pool as one http listener uses it: its idle connections, and what depends only on the configuration. */
export class Http1Pool {
  readonly name: string;
  options!: PoolOptions;
  readonly picker: Picker;
  readonly gate: PoolGate;
  readonly metrics: PoolMetrics;
  readonly idle: IdleConnections<UpstreamConnection>;
  requestExtras!: RequestExtras;
  /** Null where the client's address is the key, or none is wanted. */
  keyOf!: KeyReader | null;
  /** Null where every request costs 1. */
  costOf!: CostReader | null;
  /** Null where nobody is more urgent than others. */
  urgencyOf!: UrgencyReader | null;
  /** The policy wants what endpoints report of their load. */
  readsReports!: boolean;
  readonly #deps: ProtocolDeps;
  readonly #servedByLines: (string | undefined)[] = [];
  #requestId = '';
  readonly #unwatch: () => void;
  #isRetired = false;

  constructor(pool: ProxyPool, deps: ProtocolDeps) {
    this.name = pool.name;
    this.picker = pool.picker;
    this.gate = pool.gate;
    this.metrics = deps.poolMetrics(pool.name);
    this.idle = new IdleConnections(pool.options.connections.idle);
    this.#deps = deps;
    this.configure(pool);
    this.#unwatch = pool.picker.onLeft((slot) => this.#forget(slot));
  }

  /** Takes over other options of the pool; its picker is the same. */
  configure({ options, cost }: ProxyPool): void {
    this.options = options;
    this.metrics.beginRoutes();
    this.idle.maxPerEndpoint = options.connections.idle;
    this.requestExtras = {
      host: options.host ?? null,
      forwarded: options.forwarded,
      makeRequestId: options.requestId ? () => this.#makeRequestId() : null,
    };
    const { key, reports } = policyNeeds(options.policy);
    this.keyOf = compileKey(key);
    this.costOf = compileCost(options.cost, cost, this.#deps.onError);
    this.urgencyOf = compileUrgency(options.queue);
    this.readsReports = reports;
  }

  #makeRequestId(): string {
    if (this.#requestId === '') this.#requestId = requestId(this.#deps);
    return this.#requestId;
  }

  /** Before a head is written: which one was made for the same request before; empty: none. */
  goOnWithRequestId(id: string): void {
    this.#requestId = id;
  }

  /** Which one the request has that was sent last, and whose head this is; empty: none, or its own. */
  madeRequestIdOf(head: RequestHead): string {
    return head.hasRequestId || this.requestExtras.makeRequestId === null ? '' : this.#requestId;
  }

  /** No route leads here any more: connections that are still in use are not kept after it, and the picker forgets it. */
  retire(): void {
    this.idle.maxPerEndpoint = 0;
    this.#isRetired = true;
    this.#unwatch();
    this.closeIdle();
  }

  servedByLine(slot: number): string {
    if (!this.options.servedBy) return '';
    const known = this.#isRetired ? undefined : this.#servedByLines[slot];
    if (known !== undefined) return known;
    const line = `X-Served-By: ${this.picker.endpoint(slot).id}\r\n`;
    this.#servedByLines[slot] = line;
    return line;
  }

  /** The endpoint's own address as a Host, for requests that have none. */
  hostOf(slot: number): string {
    const address = this.picker.endpoint(slot).addresses[0];
    if (address === undefined || address.kind === 'unix') return 'localhost';
    return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
  }

  /** Gives a descriptor back where one is needed more. */
  closeOneIdle(): void {
    this.idle.takeAny()?.closeIdle();
  }

  closeIdle(): void {
    for (const connection of this.idle.drain()) connection.closeIdle();
  }

  #forget(slot: number): void {
    this.#servedByLines[slot] = undefined;
    for (const connection of this.idle.takeAll(slot)) connection.closeIdle();
  }
}

function requestId(deps: ProtocolDeps): string {
  let id = '';
  for (let i = 0; i < 4; i++)
    id += Math.floor(deps.rng.next() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return id;
}

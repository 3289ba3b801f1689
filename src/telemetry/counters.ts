import { grownFloat64 } from '../core/load/grow.ts';
import { GateCounters, type GateData } from './gate-counters.ts';
import { Histogram, type HistogramData } from './histogram.ts';
import { LATENCY_STEPS, stepOf } from './latency-steps.ts';
import type { ListenerMetrics, PoolMetrics, TurnedAway } from './metrics.ts';

/** `none` holds outcomes without an HTTP status (tcp). A client that went away (499) counts as `4xx`. */
const CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
export type StatusClass = (typeof CLASSES)[number];

const STATUSES = 600;
const RETRIED = CLASSES.length;
const HEDGED = RETRIED + 1;
const HEDGE_WON = HEDGED + 1;
const CONNECT_FAILED = HEDGE_WON + 1;
const OPENED = CONNECT_FAILED + 1;
const CLOSED = OPENED + 1;
/** Of the endpoint's latencies, a column a step. */
const LATENCY = CLOSED + 1;
const COLUMNS = LATENCY + LATENCY_STEPS;
/** Endpoints that left and still are reported, per listener and pool; the oldest is forgotten first. */
const RETIRED_AT_MOST = 1000;

/** What one listener counted since the start. */
export class ListenerCounters implements ListenerMetrics {
  accepted = 0;
  received = 0;
  sent = 0;
  readonly refused = { limit: 0, 'per-source': 0 };
  readonly #answers = new Float64Array(STATUSES);
  #open: Int32Array;

  /** `open`: one word, which other threads may read. Default: its own. */
  constructor(open: Int32Array = new Int32Array(1)) {
    this.#open = open;
  }

  /** Counts open connections in this word from now on. */
  countIn(open: Int32Array): void {
    open[0] = this.open;
    this.#open = open;
  }

  /** Connections open now. */
  get open(): number {
    return this.#open[0]!;
  }

  connectionArrived(): void {
    Atomics.add(this.#open, 0, 1);
  }

  connectionOpened(): void {
    this.accepted++;
  }

  connectionClosed(): void {
    this.#open[0]!--;
  }

  connectionRefused(reason: 'limit' | 'per-source'): void {
    this.refused[reason]++;
    this.#open[0]!--;
  }

  answered(status: number): void {
    this.#answers[status]!++;
  }

  bytesReceived(count: number): void {
    this.received += count;
  }

  bytesSent(count: number): void {
    this.sent += count;
  }

  /** Plain data of everything, for another thread; `add` takes it. */
  data(): ListenerData {
    const { accepted, open, received, sent, refused } = this;
    return { accepted, open, received, sent, refused: { ...refused }, answers: this.#answers.slice() };
  }

  /** Adds what another worker counted. */
  add({ refused, answers, ...rest }: ListenerData): void {
    this.accepted += rest.accepted;
    this.#open[0]! += rest.open;
    this.received += rest.received;
    this.sent += rest.sent;
    this.refused.limit += refused.limit;
    this.refused['per-source'] += refused['per-source'];
    for (let status = 0; status < STATUSES; status++) this.#answers[status]! += answers[status]!;
  }

  /** Calls `visit` with each status that was answered at least once. */
  answers(visit: (status: number, count: number) => void): void {
    for (let status = 0; status < STATUSES; status++) {
      if (this.#answers[status]! > 0) visit(status, this.#answers[status]!);
    }
  }
}

/** What one endpoint got, from one listener. */
export interface EndpointCounts {
  readonly requests: Readonly<Record<StatusClass, number>>;
  readonly retried: number;
  readonly hedged: number;
  readonly hedgeWon: number;
  readonly connectFailed: number;
  /** Connections to it. */
  readonly opened: number;
  readonly closed: number;
  /** How many latencies fell into each step; see `latency-steps.ts`. */
  readonly latency: Float64Array;
}

/**
 * What the traffic from one listener to one pool counted, a row of numbers per slot.
 *
 * Slots are reused: `assign` says which endpoint a slot belongs to from now on, and what was counted before stays
 * under the id of the endpoint that had it.
 */
export class PoolCounters implements PoolMetrics {
  readonly latency = new Histogram();
  readonly gate = new GateCounters();
  #rows: Float64Array<ArrayBuffer> = new Float64Array(16 * COLUMNS);
  readonly #ids: (string | undefined)[] = [];
  readonly #retired = new Map<string, Float64Array>();

  request(slot: number, status: number, latencyMs: number): void {
    this.#add(slot, status >= 100 && status < STATUSES ? (status / 100) | 0 : 0);
    if (latencyMs < 0) return;
    this.latency.record(latencyMs);
    this.#add(slot, LATENCY + stepOf(latencyMs));
  }

  retried(slot: number): void {
    this.#add(slot, RETRIED);
  }

  hedged(slot: number): void {
    this.#add(slot, HEDGED);
  }

  hedgeWon(slot: number): void {
    this.#add(slot, HEDGE_WON);
  }

  budgetExhausted(): void {
    this.gate.budgetExhausted++;
  }

  queued(): void {
    this.gate.waiting++;
  }

  unqueued(waitedMs: number): void {
    this.gate.unqueued(waitedMs);
  }

  turnedAway(reason: TurnedAway): void {
    this.gate.turnedAway[reason]++;
  }

  connectFailed(slot: number): void {
    this.#add(slot, CONNECT_FAILED);
  }

  connectionOpened(slot: number): void {
    this.#add(slot, OPENED);
  }

  connectionClosed(slot: number): void {
    this.#add(slot, CLOSED);
  }

  /** `slot` belongs to the endpoint `id` from now on. Called before anything is counted for it. */
  assign(slot: number, id: string): void {
    const before = this.#ids[slot];
    if (before === id) return;
    if (before !== undefined) this.#retire(slot, before);
    this.#ids[slot] = id;
  }

  /** The counts of each endpoint that has any, those that left included. */
  endpoints(): Map<string, EndpointCounts> {
    return new Map([...this.#sums()].map(([id, row]) => [id, named(row)]));
  }

  /** Plain data of everything, for another thread; `add` takes it. */
  data(): PoolData {
    return { latency: this.latency.data(), gate: this.gate.data(), endpoints: this.#sums() };
  }

  /** Adds what another worker counted, by id: its endpoints need no slot here. */
  add({ latency, gate, endpoints }: PoolData): void {
    this.latency.add(latency);
    this.gate.add(gate);
    for (const [id, row] of endpoints) addTo(this.#retired, id, row);
  }

  #sums(): Map<string, Float64Array> {
    const sums = new Map<string, Float64Array>();
    for (const [id, row] of this.#retired) addTo(sums, id, row);
    this.#ids.forEach((id, slot) => {
      if (id !== undefined) addTo(sums, id, this.#row(slot));
    });
    return new Map([...sums].filter(([, row]) => row.some((count) => count > 0)));
  }

  #add(slot: number, column: number): void {
    const index = slot * COLUMNS + column;
    if (index >= this.#rows.length) this.#rows = grownFloat64(this.#rows, slot, COLUMNS);
    this.#rows[index]!++;
  }

  #row(slot: number): Float64Array {
    return this.#rows.subarray(slot * COLUMNS, (slot + 1) * COLUMNS);
  }

  #retire(slot: number, id: string): void {
    const row = this.#row(slot);
    addTo(this.#retired, id, row);
    row.fill(0);
    if (this.#retired.size <= RETIRED_AT_MOST) return;
    for (const oldest of this.#retired.keys()) {
      this.#retired.delete(oldest);
      break;
    }
  }
}

/** All counters of the program; what a scrape reads. */
export class Counters {
  readonly listeners = new Map<string, ListenerCounters>();
  /** By listener, then by pool. */
  readonly traffic = new Map<string, Map<string, PoolCounters>>();
  readonly #slots = new Map<string, Map<number, string>>();

  /** Of the listener `name`; made on first use, over the word `open` if that is given. */
  listener(name: string, open?: Int32Array): ListenerCounters {
    const known = this.listeners.get(name);
    if (open !== undefined) known?.countIn(open);
    if (known !== undefined) return known;
    const made = new ListenerCounters(open);
    this.listeners.set(name, made);
    return made;
  }

  /** Of the traffic from `listener` to `pool`; made on first use. */
  pool(listener: string, pool: string): PoolCounters {
    const byPool = this.traffic.get(listener) ?? new Map<string, PoolCounters>();
    this.traffic.set(listener, byPool);
    const known = byPool.get(pool);
    if (known !== undefined) return known;
    const made = new PoolCounters();
    for (const [slot, id] of this.#slots.get(pool) ?? []) made.assign(slot, id);
    byPool.set(pool, made);
    return made;
  }

  /** The slot of `pool` belongs to the endpoint `id` from now on, for every listener. */
  assign(pool: string, slot: number, id: string): void {
    const slots = this.#slots.get(pool) ?? new Map<number, string>();
    this.#slots.set(pool, slots.set(slot, id));
    for (const byPool of this.traffic.values()) byPool.get(pool)?.assign(slot, id);
  }

  /** Plain data of everything, for another thread; `add` takes it. */
  data(): CountersData {
    const pools = [...this.traffic].map(([name, byPool]) => {
      return [name, new Map([...byPool].map(([pool, counters]) => [pool, counters.data()]))] as const;
    });
    return {
      listeners: new Map([...this.listeners].map(([name, counters]) => [name, counters.data()])),
      traffic: new Map(pools),
    };
  }

  /** Adds what another worker counted. */
  add({ listeners, traffic }: CountersData): void {
    for (const [name, data] of listeners) this.listener(name).add(data);
    for (const [name, byPool] of traffic) for (const [pool, data] of byPool) this.pool(name, pool).add(data);
  }

  /** Latencies of `pool` over all listeners. */
  latency(pool: string): Histogram {
    const sum = new Histogram();
    for (const byPool of this.traffic.values()) {
      const counters = byPool.get(pool);
      if (counters !== undefined) sum.merge(counters.latency);
    }
    return sum;
  }
}

/** What a worker counted that is gone: nothing of it is open any more. */
export function ended({ listeners, traffic }: CountersData): CountersData {
  for (const byPool of traffic.values()) {
    for (const { endpoints } of byPool.values()) for (const row of endpoints.values()) row[CLOSED] = row[OPENED]!;
  }
  return { listeners: new Map([...listeners].map(([name, data]) => [name, { ...data, open: 0 }])), traffic };
}

/** What `structuredClone` copies. */
export interface CountersData {
  readonly listeners: ReadonlyMap<string, ListenerData>;
  readonly traffic: ReadonlyMap<string, ReadonlyMap<string, PoolData>>;
}

interface ListenerData {
  readonly accepted: number;
  readonly open: number;
  readonly received: number;
  readonly sent: number;
  readonly refused: Readonly<Record<'limit' | 'per-source', number>>;
  readonly answers: Float64Array;
}

interface PoolData {
  readonly latency: HistogramData;
  readonly gate: GateData;
  /** By id. */
  readonly endpoints: ReadonlyMap<string, Float64Array>;
}

function addTo(sums: Map<string, Float64Array>, id: string, row: Float64Array): void {
  const sum = sums.get(id) ?? new Float64Array(COLUMNS);
  for (let i = 0; i < row.length; i++) sum[i]! += row[i]!;
  sums.set(id, sum);
}

function named(row: Float64Array): EndpointCounts {
  const requests = Object.fromEntries(CLASSES.map((name, i) => [name, row[i]!])) as Record<StatusClass, number>;
  const [retried, connectFailed, opened, closed] = row.subarray(RETRIED, LATENCY);
  const latency = row.slice(LATENCY);
  return { requests, retried: retried!, connectFailed: connectFailed!, opened: opened!, closed: closed!, latency };
}

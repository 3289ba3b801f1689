import { grownFloat64 } from '../core/load/grow.ts';
import { GateCounters, type GateData } from './gate-counters.ts';
import { Histogram, type HistogramData } from './histogram.ts';
import { LATENCY_STEPS, stepOf } from './latency-steps.ts';
import type { PoolMetrics, TurnedAway } from './metrics.ts';

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

/** What `structuredClone` copies. */
export interface PoolData {
  readonly latency: HistogramData;
  readonly gate: GateData;
  /** By id. */
  readonly endpoints: ReadonlyMap<string, Float64Array>;
}

/** What a worker counted that is gone: nothing of it is open any more, and nobody waits. */
export function endedPool(data: PoolData): PoolData {
  for (const row of data.endpoints.values()) row[CLOSED] = row[OPENED]!;
  return { ...data, gate: { ...data.gate, waiting: 0 } };
}

function addTo(sums: Map<string, Float64Array>, id: string, row: Float64Array): void {
  const sum = sums.get(id) ?? new Float64Array(COLUMNS);
  for (let i = 0; i < row.length; i++) sum[i]! += row[i]!;
  sums.set(id, sum);
}

function named(row: Float64Array): EndpointCounts {
  return {
    requests: Object.fromEntries(CLASSES.map((name, i) => [name, row[i]!])) as Record<StatusClass, number>,
    retried: row[RETRIED]!,
    hedged: row[HEDGED]!,
    hedgeWon: row[HEDGE_WON]!,
    connectFailed: row[CONNECT_FAILED]!,
    opened: row[OPENED]!,
    closed: row[CLOSED]!,
    latency: row.slice(LATENCY),
  };
}

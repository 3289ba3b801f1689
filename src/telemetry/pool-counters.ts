import { EndpointRows } from './endpoint-rows.ts';
import { GateCounters, type GateData } from './gate-counters.ts';
import { Histogram, type HistogramData } from './histogram.ts';
import { LATENCY_STEPS, stepOf } from './latency-steps.ts';
import type { PoolMetrics, TryFailure, TurnedAway } from './metrics.ts';
import { RouteCounters, type RouteData } from './route-counters.ts';
import { byClass, classOf, STATUS_CLASSES, type StatusClass } from './status-class.ts';

export type { StatusClass };

const RETRIED = STATUS_CLASSES.length;
const HEDGED = RETRIED + 1;
const HEDGE_WON = HEDGED + 1;
const CONNECT_FAILED = HEDGE_WON + 1;
const OPENED = CONNECT_FAILED + 1;
const CLOSED = OPENED + 1;
const RECEIVED = CLOSED + 1;
const SENT = RECEIVED + 1;
const FAILED = { connect: CONNECT_FAILED, timeout: SENT + 1, closed: SENT + 2, garbage: SENT + 3, status: SENT + 4 };
/** Of the endpoint's latencies, a column a step. */
const LATENCY = FAILED.status + 1;
const COLUMNS = LATENCY + LATENCY_STEPS;
/** Routes of one configuration told apart per listener and pool; those beyond are `other`. Of earlier ones as many are kept. */
const ROUTES_AT_MOST = 200;
/** Of workers together, those that died included. */
const SUMMED_ROUTES_AT_MOST = 3 * ROUTES_AT_MOST;
/** The name they share. */
export const OTHER_ROUTES = 'other';

/** What one endpoint got, from one listener. */
export interface EndpointCounts {
  readonly requests: Readonly<Record<StatusClass, number>>;
  readonly retried: number;
  readonly hedged: number;
  readonly hedgeWon: number;
  readonly connectFailed: number;
  /** Tries, by how they failed. */
  readonly failures: Readonly<Record<TryFailure, number>>;
  /** Connections to it. */
  readonly opened: number;
  readonly closed: number;
  /** Bytes from it, and to it. */
  readonly received: number;
  readonly sent: number;
  /** How many latencies fell into each step; see `latency-steps.ts`. */
  readonly latency: Float64Array;
}

/**
 * What the traffic from one listener to one pool counted, a row of numbers per endpoint.
 *
 * Size  an endpoint has 98 numbers, and one for each route that leads here and each code that this route has seen; the caps on
 *       routes, codes and endpoints that left bound what a scrape has to tell.
 */
export class PoolCounters implements PoolMetrics {
  readonly latency = new Histogram();
  readonly gate = new GateCounters();
  /** By name. */
  readonly routes = new Map<string, RouteCounters>();
  readonly #rows = new EndpointRows(COLUMNS);
  readonly #slots = new Map<number, string>();
  /** By this configuration. */
  readonly #asked = new Set<string>();

  route(name: string): RouteCounters {
    if (this.#asked.size >= ROUTES_AT_MOST && !this.#asked.has(name)) return this.#route(OTHER_ROUTES);
    this.#asked.add(name);
    return this.#route(name);
  }

  beginRoutes(): void {
    for (const name of this.routes.keys()) {
      if (this.routes.size <= ROUTES_AT_MOST) break;
      if (!this.#asked.has(name) && name !== OTHER_ROUTES) this.routes.delete(name);
    }
    this.#asked.clear();
  }

  #route(name: string): RouteCounters {
    const known = this.routes.get(name);
    if (known !== undefined) return known;
    const made = new RouteCounters(this);
    for (const [slot, id] of this.#slots) made.assign(slot, id);
    this.routes.set(name, made);
    return made;
  }

  request(slot: number, status: number, latencyMs: number): void {
    this.#rows.count(slot, classOf(status));
    if (latencyMs < 0) return;
    this.latency.record(latencyMs);
    this.#rows.count(slot, LATENCY + stepOf(latencyMs));
  }

  retried(slot: number): void {
    this.#rows.count(slot, RETRIED);
  }

  hedged(slot: number): void {
    this.#rows.count(slot, HEDGED);
  }

  hedgeWon(slot: number): void {
    this.#rows.count(slot, HEDGE_WON);
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
    this.#rows.count(slot, CONNECT_FAILED);
  }

  failed(slot: number, how: TryFailure): void {
    this.#rows.count(slot, FAILED[how]);
  }

  bytesReceived(slot: number, count: number): void {
    this.#rows.count(slot, RECEIVED, count);
  }

  bytesSent(slot: number, count: number): void {
    this.#rows.count(slot, SENT, count);
  }

  connectionOpened(slot: number): void {
    this.#rows.count(slot, OPENED);
  }

  connectionClosed(slot: number): void {
    this.#rows.count(slot, CLOSED);
  }

  /** `slot` belongs to the endpoint `id` from now on. Called before anything is counted for it. */
  assign(slot: number, id: string): void {
    this.#slots.set(slot, id);
    this.#rows.assign(slot, id);
    for (const route of this.routes.values()) route.assign(slot, id);
  }

  /** The counts of each endpoint that has any, those that left included. */
  endpoints(): Map<string, EndpointCounts> {
    return new Map([...this.#rows.sums()].map(([id, row]) => [id, named(row)]));
  }

  /** Plain data of everything, for another thread; `add` takes it. */
  data(): PoolData {
    const { latency, gate, routes } = this;
    return {
      latency: latency.data(),
      gate: gate.data(),
      endpoints: this.#rows.sums(),
      routes: new Map([...routes].map(([name, route]) => [name, route.counts()])),
    };
  }

  /** Adds what another worker counted. */
  add({ latency, gate, endpoints, routes }: PoolData): void {
    this.latency.add(latency);
    this.gate.add(gate);
    this.#rows.add(endpoints);
    for (const [name, counts] of routes) {
      const isKnown = this.routes.has(name) || this.routes.size < SUMMED_ROUTES_AT_MOST;
      this.#route(isKnown ? name : OTHER_ROUTES).add(counts);
    }
  }
}

/** What `structuredClone` copies. */
export interface PoolData {
  readonly latency: HistogramData;
  readonly gate: GateData;
  /** By id. */
  readonly endpoints: ReadonlyMap<string, Float64Array>;
  /** By name. */
  readonly routes: ReadonlyMap<string, RouteData>;
}

/** What a worker counted that is gone: nothing of it is open any more, and nobody waits. */
export function endedPool(data: PoolData): PoolData {
  for (const row of data.endpoints.values()) row[CLOSED] = row[OPENED]!;
  return { ...data, gate: { ...data.gate, waiting: 0 } };
}

function named(row: Float64Array): EndpointCounts {
  return {
    requests: byClass(row),
    retried: row[RETRIED]!,
    hedged: row[HEDGED]!,
    hedgeWon: row[HEDGE_WON]!,
    connectFailed: row[CONNECT_FAILED]!,
    failures: {
      connect: row[FAILED.connect]!,
      timeout: row[FAILED.timeout]!,
      closed: row[FAILED.closed]!,
      garbage: row[FAILED.garbage]!,
      status: row[FAILED.status]!,
    },
    opened: row[OPENED]!,
    closed: row[CLOSED]!,
    received: row[RECEIVED]!,
    sent: row[SENT]!,
    latency: row.slice(LATENCY),
  };
}

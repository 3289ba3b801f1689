import type { LineCounts } from './access-log/line-buffer.ts';
import { Histogram } from './histogram.ts';
import type { ListenerMetrics, Refusal } from './metrics.ts';
import { endedPool, PoolCounters, type PoolData } from './pool-counters.ts';
import type { SpanCounts } from './tracing/span-queue.ts';

const STATUSES = 600;
/** Pools of listeners, and listeners, that are configured no more and still are reported; the oldest is forgotten first. */
const DEPARTED_AT_MOST = 100;

/** What one listener counted since the start. */
export class ListenerCounters implements ListenerMetrics {
  accepted = 0;
  received = 0;
  sent = 0;
  readonly refused: Record<Refusal, number> = { limit: 0, 'per-source': 0, descriptors: 0 };
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

  connectionRefused(reason: Refusal): void {
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
    for (const [reason, count] of Object.entries(refused)) this.refused[reason as Refusal] += count;
    for (let status = 0; status < STATUSES; status++) this.#answers[status]! += answers[status]!;
  }

  /** Calls `visit` with each status that was answered at least once. */
  answers(visit: (status: number, count: number) => void): void {
    for (let status = 0; status < STATUSES; status++) {
      if (this.#answers[status]! > 0) visit(status, this.#answers[status]!);
    }
  }
}

type Pair = readonly [listener: string, pool: string];

/** All counters of the program; what a scrape reads. */
export class Counters {
  readonly listeners = new Map<string, ListenerCounters>();
  /** By listener, then by pool. */
  readonly traffic = new Map<string, Map<string, PoolCounters>>();
  /** Lines of the access log. */
  readonly accessLog: LineCounts = { written: 0, dropped: 0 };
  readonly spans: SpanCounts = { exported: 0, dropped: 0 };
  readonly #slots = new Map<string, Map<number, string>>();
  /** In the order in which they left. */
  #departed: Pair[] = [];

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

  /** Nothing else is configured from now on: by listener, the pools that its routes lead to. */
  keep(configured: ReadonlyMap<string, ReadonlySet<string>>): void {
    const isConfigured = ([listener, pool]: Pair) => configured.get(listener)?.has(pool) === true;
    this.#departed = this.#departed.filter((each) => !isConfigured(each));
    const known = new Set(this.#departed.map(([listener, pool]) => `${listener}/${pool}`));
    for (const [listener, byPool] of this.traffic) {
      const others = [...byPool.keys()].filter((pool) => !known.has(`${listener}/${pool}`));
      this.#departed.push(...others.map((pool): Pair => [listener, pool]).filter((each) => !isConfigured(each)));
    }
    const beyond = Math.max(0, this.#departed.length - DEPARTED_AT_MOST);
    for (const [listener, pool] of this.#departed.splice(0, beyond)) {
      this.traffic.get(listener)?.delete(pool);
      if (this.traffic.get(listener)?.size === 0) this.traffic.delete(listener);
    }
    const gone = [...this.listeners.keys()].filter((name) => !configured.has(name) && !this.traffic.has(name));
    for (const name of gone.slice(0, Math.max(0, gone.length - DEPARTED_AT_MOST))) {
      if (this.listener(name).open === 0) this.listeners.delete(name);
    }
  }

  /** Plain data of everything, for another thread; `add` takes it. */
  data(): CountersData {
    const pools = [...this.traffic].map(([name, byPool]) => {
      return [name, new Map([...byPool].map(([pool, counters]) => [pool, counters.data()]))] as const;
    });
    return {
      listeners: new Map([...this.listeners].map(([name, counters]) => [name, counters.data()])),
      traffic: new Map(pools),
      accessLog: { ...this.accessLog },
      spans: { ...this.spans },
    };
  }

  /** Adds what another worker counted. */
  add({ listeners, traffic, accessLog, spans }: CountersData): void {
    this.spans.exported += spans.exported;
    this.spans.dropped += spans.dropped;
    this.accessLog.written += accessLog.written;
    this.accessLog.dropped += accessLog.dropped;
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
export function ended({ listeners, traffic, ...lines }: CountersData): CountersData {
  return {
    ...lines,
    listeners: new Map([...listeners].map(([name, data]) => [name, { ...data, open: 0 }])),
    traffic: new Map(
      [...traffic].map(([name, byPool]) => [name, new Map([...byPool].map(([pool, data]) => [pool, endedPool(data)]))]),
    ),
  };
}

/** What `structuredClone` copies. */
export interface CountersData {
  readonly listeners: ReadonlyMap<string, ListenerData>;
  readonly traffic: ReadonlyMap<string, ReadonlyMap<string, PoolData>>;
  readonly accessLog: Readonly<LineCounts>;
  readonly spans: Readonly<SpanCounts>;
}

interface ListenerData {
  readonly accepted: number;
  readonly open: number;
  readonly received: number;
  readonly sent: number;
  readonly refused: Readonly<Record<Refusal, number>>;
  readonly answers: Float64Array;
}

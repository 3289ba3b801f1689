import { EndpointRows } from './endpoint-rows.ts';
import type { RequestMetrics } from './metrics.ts';
import { classOf, STATUS_CLASSES } from './status-class.ts';

/** Statuses have three digits. */
const STATUSES = 1000;
/** Told apart per route; who answers with more of them gets no more series, but is counted by class. */
const CODES_AT_MOST = 40;

/** Requests of one route by endpoint and status; each is counted for its pool as well. */
export class RouteCounters implements RequestMetrics {
  readonly #pool: RequestMetrics;
  readonly #ids = new Map<number, string>();
  /** By code: a status, or the class of those beyond `CODES_AT_MOST`. Each has one column. */
  readonly #codes = new Map<string, EndpointRows>();
  /** What `#codes` has; undefined at 0. */
  readonly #rows: (EndpointRows | undefined)[] = [undefined];
  /** By status, where its rows are; 0: it was not met yet. Several may have one class. */
  readonly #at = new Uint8Array(STATUSES);

  constructor(pool: RequestMetrics) {
    this.#pool = pool;
  }

  request(slot: number, status: number, latencyMs: number): void {
    (this.#rows[this.#at[status]!] ?? this.#begin(status)).count(slot, 0);
    this.#pool.request(slot, status, latencyMs);
  }

  /** `slot` belongs to the endpoint `id` from now on. Called before anything is counted for it. */
  assign(slot: number, id: string): void {
    this.#ids.set(slot, id);
    for (const rows of this.#codes.values()) rows.assign(slot, id);
  }

  /** How many requests by code and by the endpoint's id, of those that had any. Plain data, which `add` takes. */
  counts(): RouteData {
    const counted = [...this.#codes].map(([code, rows]) => {
      const counts = [...rows.sums()].map(([id, row]) => [id, row[0]!] as const);
      return [code, new Map(counts)] as const;
    });
    return new Map(counted.filter(([, counts]) => counts.size > 0));
  }

  /** Adds what another worker counted. */
  add(data: RouteData): void {
    for (const [code, counts] of data) {
      const sums = [...counts].map(([id, count]) => [id, Float64Array.of(count)] as const);
      this.#rowsOf(this.#isKnown(code) ? code : classNameOf(Number(code))).add(new Map(sums));
    }
  }

  #begin(status: number): EndpointRows {
    const code = `${status}`;
    const isTold = classOf(status) !== 0 && this.#isKnown(code);
    const rows = this.#rowsOf(isTold ? code : classNameOf(status));
    this.#at[status] = this.#rows.indexOf(rows);
    return rows;
  }

  /** It has rows, or may have some. */
  #isKnown(code: string): boolean {
    return this.#codes.has(code) || this.#codes.size < CODES_AT_MOST || !/^\d+$/.test(code);
  }

  #rowsOf(code: string): EndpointRows {
    const known = this.#codes.get(code);
    if (known !== undefined) return known;
    const made = new EndpointRows(1);
    for (const [slot, id] of this.#ids) made.assign(slot, id);
    this.#codes.set(code, made);
    this.#rows.push(made);
    return made;
  }
}

/** By code, then by the endpoint's id. What `structuredClone` copies. */
export type RouteData = ReadonlyMap<string, ReadonlyMap<string, number>>;

const classNameOf = (status: number): string => STATUS_CLASSES[classOf(status)]!;

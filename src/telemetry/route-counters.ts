import { CodeColumn } from './code-column.ts';
import type { RequestMetrics } from './metrics.ts';
import { classOf, STATUS_CLASSES } from './status-class.ts';

/** Statuses have three digits. */
const STATUSES = 1000;
/** Told apart per route; who answers with more of them gets no more series, but is counted by class. */
const CODES_AT_MOST = 40;

/** Requests of one route by endpoint and status; each is counted for its pool as well. */
export class RouteCounters implements RequestMetrics {
  readonly #pool: RequestMetrics;
  /** By slot. */
  readonly #ids: (string | undefined)[] = [];
  /** By code: a status, or the class of those beyond `CODES_AT_MOST`. */
  readonly #codes = new Map<string, CodeColumn>();
  /** What `#codes` has; undefined at 0. */
  readonly #columns: (CodeColumn | undefined)[] = [undefined];
  /** By status, where its column is; 0: it was not met yet. Several may have one class. */
  readonly #at = new Uint8Array(STATUSES);

  constructor(pool: RequestMetrics) {
    this.#pool = pool;
  }

  request(slot: number, status: number, latencyMs: number): void {
    (this.#columns[this.#at[status]!] ?? this.#begin(status)).count(slot);
    this.#pool.request(slot, status, latencyMs);
  }

  /** `slot` belongs to the endpoint `id` from now on. Called before anything is counted for it. */
  assign(slot: number, id: string): void {
    const before = this.#ids[slot];
    if (before === id) return;
    if (before !== undefined) for (const column of this.#codes.values()) column.retire(slot, before);
    this.#ids[slot] = id;
  }

  /** How many requests by code and by the endpoint's id, of those that had any. Plain data, which `add` takes. */
  counts(): RouteData {
    const counts = new Map<string, ReadonlyMap<string, number>>();
    for (const [code, column] of this.#codes) {
      const byId = column.counts(this.#ids);
      if (byId.size > 0) counts.set(code, byId);
    }
    return counts;
  }

  /** Adds what another worker counted. */
  add(data: RouteData): void {
    for (const [code, counts] of data) {
      const column = this.#columnOf(this.#isKnown(code) ? code : classNameOf(Number(code)));
      for (const [id, count] of counts) column.add(id, count);
    }
  }

  #begin(status: number): CodeColumn {
    const code = `${status}`;
    const isTold = classOf(status) !== 0 && this.#isKnown(code);
    const column = this.#columnOf(isTold ? code : classNameOf(status));
    this.#at[status] = this.#columns.indexOf(column);
    return column;
  }

  /** It has a column, or may have one. */
  #isKnown(code: string): boolean {
    return this.#codes.has(code) || this.#codes.size < CODES_AT_MOST || !/^\d+$/.test(code);
  }

  #columnOf(code: string): CodeColumn {
    const known = this.#codes.get(code);
    if (known !== undefined) return known;
    const made = new CodeColumn();
    this.#codes.set(code, made);
    this.#columns.push(made);
    return made;
  }
}

/** By code, then by the endpoint's id. What `structuredClone` copies. */
export type RouteData = ReadonlyMap<string, ReadonlyMap<string, number>>;

const classNameOf = (status: number): string => STATUS_CLASSES[classOf(status)]!;

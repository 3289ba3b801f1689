import { grownFloat64 } from '../core/load/grow.ts';

/** Endpoints that left and still are reported; the oldest is forgotten first. */
const RETIRED_AT_MOST = 1000;

/**
 * A row of numbers for each endpoint, written by its slot.
 *
 * Slots are reused: `assign` says which endpoint a slot belongs to from now on, and what was counted before stays
 * under the id of the endpoint that had it.
 */
export class EndpointRows {
  readonly #columns: number;
  #rows: Float64Array<ArrayBuffer>;
  readonly #ids: (string | undefined)[] = [];
  readonly #retired = new Map<string, Float64Array>();

  constructor(columns: number) {
    this.#columns = columns;
    this.#rows = new Float64Array(16 * columns);
  }

  count(slot: number, column: number, by = 1): void {
    const index = slot * this.#columns + column;
    if (index >= this.#rows.length) this.#rows = grownFloat64(this.#rows, slot, this.#columns);
    this.#rows[index]! += by;
  }

  /** `slot` belongs to the endpoint `id` from now on. Called before anything is counted for it. */
  assign(slot: number, id: string): void {
    const before = this.#ids[slot];
    if (before === id) return;
    if (before !== undefined) this.#retire(slot, before);
    this.#ids[slot] = id;
  }

  /** Adds what another worker counted, by id: its endpoints need no slot here. */
  add(sums: ReadonlyMap<string, Float64Array>): void {
    for (const [id, row] of sums) this.#addTo(this.#retired, id, row);
  }

  /** By id, of each endpoint that has any, those that left included. */
  sums(): Map<string, Float64Array> {
    const sums = new Map<string, Float64Array>();
    for (const [id, row] of this.#retired) this.#addTo(sums, id, row);
    this.#ids.forEach((id, slot) => {
      if (id !== undefined) this.#addTo(sums, id, this.#row(slot));
    });
    return new Map([...sums].filter(([, row]) => row.some((count) => count > 0)));
  }

  #row(slot: number): Float64Array {
    return this.#rows.subarray(slot * this.#columns, (slot + 1) * this.#columns);
  }

  #retire(slot: number, id: string): void {
    const row = this.#row(slot);
    this.#addTo(this.#retired, id, row);
    row.fill(0);
    if (this.#retired.size <= RETIRED_AT_MOST) return;
    for (const oldest of this.#retired.keys()) {
      this.#retired.delete(oldest);
      break;
    }
  }

  #addTo(sums: Map<string, Float64Array>, id: string, row: Float64Array): void {
    const sum = sums.get(id) ?? new Float64Array(this.#columns);
    for (let i = 0; i < row.length; i++) sum[i]! += row[i]!;
    sums.set(id, sum);
  }
}

import { grownFloat64 } from '../core/load/grow.ts';

/** Endpoints that left and still are reported; the oldest is forgotten first. */
const RETIRED_AT_MOST = 1000;

/** Requests that ended with one code, by the endpoint's slot. Whose a slot is the owner knows, and says. */
export class CodeColumn {
  #counts = new Float64Array(16);
  /** By id, of those whose slot belongs to another one, and of other workers. */
  readonly #retired = new Map<string, number>();

  count(slot: number): void {
    if (slot >= this.#counts.length) this.#counts = grownFloat64(this.#counts, slot);
    this.#counts[slot]!++;
  }

  /** The slot belonged to the endpoint `id`. */
  retire(slot: number, id: string): void {
    const count = this.#counts[slot] ?? 0;
    if (count === 0) return;
    this.#counts[slot] = 0;
    this.add(id, count);
    if (this.#retired.size <= RETIRED_AT_MOST) return;
    for (const oldest of this.#retired.keys()) {
      this.#retired.delete(oldest);
      break;
    }
  }

  add(id: string, count: number): void {
    this.#retired.set(id, (this.#retired.get(id) ?? 0) + count);
  }

  /** By id, of each endpoint that has any; `ids` by slot. */
  counts(ids: readonly (string | undefined)[]): Map<string, number> {
    const counts = new Map(this.#retired);
    const slots = Math.min(ids.length, this.#counts.length);
    for (let slot = 0; slot < slots; slot++) {
      const [id, count] = [ids[slot], this.#counts[slot]!];
      if (count > 0 && id !== undefined) counts.set(id, (counts.get(id) ?? 0) + count);
    }
    return counts;
  }
}

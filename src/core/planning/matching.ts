import type { CostMatrix } from './cost-matrix.ts';

/**
 * A matching that gives as many rows a column as can have one, costs not regarded.
 *
 * Source  Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics 2, 1955 (augmenting paths);
 *         breadth first, each search over the columns that earlier failures have not ruled out.
 * Cost    O(n²·m) at worst; a pass over the matrix where a row's first free column is soon found.
 */
export class Matching {
  /** A column for each row; −1: none. */
  readonly columns: Int32Array;
  /** Places left in each column. */
  readonly room: Int32Array;
  readonly #matrix: CostMatrix;
  readonly #seen: Uint8Array;
  readonly #from: Int32Array;
  readonly #queue: Int32Array;
  readonly #first: Int32Array;
  readonly #next: Int32Array;

  /** Starts from `columns`, which must be a matching; nobody is matched where there is none. */
  constructor(matrix: CostMatrix, columns?: Int32Array) {
    this.#matrix = matrix;
    this.columns = new Int32Array(matrix.rows).fill(-1);
    this.room = matrix.capacities.slice();
    this.#seen = new Uint8Array(matrix.columns);
    this.#from = new Int32Array(matrix.columns);
    this.#queue = new Int32Array(matrix.rows);
    this.#first = new Int32Array(matrix.columns).fill(-1);
    this.#next = new Int32Array(matrix.rows).fill(-1);
    if (columns === undefined) return;
    for (let i = 0; i < columns.length; i++) if (columns[i]! >= 0) this.#put(i, columns[i]!);
  }

  /** Gives columns to as many rows as possible; rows that have one keep one. */
  extend(): void {
    this.#seen.fill(0);
    for (let i = 0; i < this.columns.length; i++) if (this.columns[i]! < 0) this.#augment(i);
  }

  /**
   * Finds a column for `row`, other rows making room where they can. When it fails, all it looked at stays ruled out
   * for the searches of the same `extend`: no path leads out of there.
   */
  #augment(row: number): boolean {
    const { columns: width, costs } = this.#matrix;
    const [queue, seen, from] = [this.#queue, this.#seen, this.#from];
    const touched: number[] = [];
    queue[0] = row;
    for (let at = 0, queued = 1; at < queued; at++) {
      const base = queue[at]! * width;
      for (let j = 0; j < width; j++) {
        if (seen[j] === 1 || costs[base + j] === Number.POSITIVE_INFINITY) continue;
        seen[j] = 1;
        touched.push(j);
        from[j] = queue[at]!;
        if (this.room[j]! > 0) {
          this.#shift(j, row);
          for (const each of touched) seen[each] = 0;
          return true;
        }
        for (let holder = this.#first[j]!; holder >= 0; holder = this.#next[holder]!) queue[queued++] = holder;
      }
    }
    return false;
  }

  #shift(sink: number, source: number): void {
    for (let column = sink; ; ) {
      const row = this.#from[column]!;
      const before = this.columns[row]!;
      if (before >= 0) this.#take(row);
      this.#put(row, column);
      if (row === source) return;
      column = before;
    }
  }

  #put(row: number, column: number): void {
    this.columns[row] = column;
    this.room[column] = this.room[column]! - 1;
    this.#next[row] = this.#first[column]!;
    this.#first[column] = row;
  }

  #take(row: number): void {
    const column = this.columns[row]!;
    this.room[column] = this.room[column]! + 1;
    if (this.#first[column] === row) this.#first[column] = this.#next[row]!;
    else {
      let before = this.#first[column]!;
      while (this.#next[before] !== row) before = this.#next[before]!;
      this.#next[before] = this.#next[row]!;
    }
    this.columns[row] = -1;
  }
}

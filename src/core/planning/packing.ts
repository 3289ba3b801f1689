/**
 * Longest-processing-time packing, for batches whose sizes are far apart: the longest request first, each to the
 * endpoint that would be done with it soonest.
 *
 * With equal endpoints and no capacities the time until the last one is done is at most 4/3 − 1/(3m) of the optimum.
 * What is returned tells for the batch at hand how far from the optimum it can be at most: the time beside a lower
 * bound that no assignment of the same requests can pass. Capacities and "cannot serve" never cost a request its
 * place: it goes to an endpoint only where all others still find one.
 *
 * Source  Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Applied Mathematics 17, 1969; for endpoints of
 *         different speed Ibarra and Kim, "Heuristic algorithms for scheduling independent tasks on nonidentical
 *         processors", JACM 24(2), 1977.
 * Cost    O(n·m·log m), and a search for other places where an endpoint is full: O(n·m) for each.
 * Ties    the lower index, of rows and of columns.
 */

import { type CostMatrix, checkMatrix } from './cost-matrix.ts';
import { makespanBound } from './makespan-bound.ts';
import { Matching } from './matching.ts';

export interface PackingProblem {
  /** The time each request takes at each endpoint, ≥ 0; Infinity where it cannot be served. */
  readonly times: CostMatrix;
  /** When each endpoint will be done with what it has already, ≥ 0; absent: 0. */
  readonly ready?: Float64Array;
}

export interface Packing {
  /** A column for each row; −1: none. */
  readonly columns: Int32Array;
  /** When each endpoint is done. */
  readonly finish: Float64Array;
  /** When the last one is. */
  readonly makespan: number;
  /** No assignment of the same requests has a makespan below this. */
  readonly lowerBound: number;
  /** makespan / lowerBound, ≥ 1: the optimum is at most this factor away. */
  readonly ratio: number;
}

/** Packs as many requests as can be served. Throws `contract-broken` for a matrix that is none. */
export function pack(problem: PackingProblem): Packing {
  const { times } = problem;
  checkMatrix(times);
  const finish = problem.ready?.slice() ?? new Float64Array(times.columns);
  const ready = finish.slice();
  const places = new Places(times);
  for (const row of longestFirst(times, places.columns)) {
    const column = soonest(times, row, finish, places);
    finish[column] = finish[column]! + times.costs[row * times.columns + column]!;
  }
  const makespan = finish.reduce((most, each) => Math.max(most, each), 0);
  const lowerBound = Math.min(makespan, makespanBound(times, ready, places.columns));
  return { columns: places.columns, finish, makespan, lowerBound, ratio: lowerBound > 0 ? makespan / lowerBound : 1 };
}

/** Rows that are served, by their mean time, descending. */
function longestFirst({ columns, costs }: CostMatrix, served: Int32Array): number[] {
  const means = Float64Array.from(served, (_, row) => {
    const own = costs.subarray(row * columns, (row + 1) * columns).filter((each) => each !== Number.POSITIVE_INFINITY);
    return own.reduce((sum, each) => sum + each, 0) / own.length;
  });
  return [...served.keys()].filter((row) => served[row]! >= 0).sort((a, b) => means[b]! - means[a]! || a - b);
}

/** Settles `row` where it is done soonest, of the columns that leave everybody else a place. */
function soonest({ columns, costs }: CostMatrix, row: number, finish: Float64Array, places: Places): number {
  const done = (column: number) => finish[column]! + costs[row * columns + column]!;
  const open = Array.from({ length: columns }, (_, j) => j).filter((j) => done(j) !== Number.POSITIVE_INFINITY);
  open.sort((a, b) => done(a) - done(b) || a - b);
  for (const column of open) if (places.settle(row, column)) return column;
  // Where it was before is always left.
  return places.columns[row]!;
}

/** A place for each row: settled ones, and for the others one they could have. */
class Places {
  readonly columns: Int32Array;
  readonly #matrix: CostMatrix;
  readonly #room: Int32Array;
  readonly #settled: Uint8Array;

  constructor(matrix: CostMatrix) {
    const matching = new Matching(matrix);
    matching.extend();
    this.columns = matching.columns;
    this.#matrix = matrix;
    this.#room = matching.room;
    this.#settled = new Uint8Array(matrix.rows);
  }

  /** Gives `row` to `column` for good; false when somebody would then be without a place. */
  settle(row: number, column: number): boolean {
    const before = this.columns[row]!;
    this.#settled[row] = 1;
    if (before === column) return true;
    this.columns[row] = column;
    this.#room[before] = this.#room[before]! + 1;
    this.#room[column] = this.#room[column]! - 1;
    if (this.#room[column]! >= 0 || this.#giveWay(column)) return true;
    this.columns[row] = before;
    this.#room[before] = this.#room[before]! - 1;
    this.#room[column] = this.#room[column]! + 1;
    this.#settled[row] = 0;
    return false;
  }

  /** Moves one unsettled row out of `full`, and others on, to where there is room. */
  #giveWay(full: number): boolean {
    const { rows, columns, costs } = this.#matrix;
    /** The row that would come into each column, −1: not seen. */
    const comes = new Int32Array(columns).fill(-1);
    const queue = [full];
    for (const column of queue) {
      for (let row = 0; row < rows; row++) {
        if (this.columns[row] !== column || this.#settled[row] === 1) continue;
        for (let j = 0; j < columns; j++) {
          if (j === full || comes[j]! >= 0 || costs[row * columns + j] === Number.POSITIVE_INFINITY) continue;
          comes[j] = row;
          if (this.#room[j]! > 0) return this.#moveAlong(comes, j, full);
          queue.push(j);
        }
      }
    }
    return false;
  }

  #moveAlong(comes: Int32Array, end: number, full: number): true {
    this.#room[end] = this.#room[end]! - 1;
    this.#room[full] = this.#room[full]! + 1;
    for (let column = end; column !== full; ) {
      const row = comes[column]!;
      const before = this.columns[row]!;
      this.columns[row] = column;
      column = before;
    }
    return true;
  }
}

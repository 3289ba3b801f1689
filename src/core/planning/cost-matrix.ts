import { EquipoiseError } from '../kernel/errors.ts';

/**
 * What it costs to serve each request of a batch at each endpoint.
 *
 * Rows are requests, columns are endpoints. `costs` is row-major: the cost of row i at column j is `costs[i * columns + j]`,
 * any finite number (also negative), or Infinity where the endpoint cannot serve the request.
 */
export interface CostMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly costs: Float64Array;
  /** How many requests each column takes at most, ≥ 0. */
  readonly capacities: Int32Array;
}

/** Which endpoint each request goes to. */
export interface Assignment {
  /** A column for each row; −1: none. */
  readonly columns: Int32Array;
  /** Sum of the costs of the assigned rows. */
  readonly total: number;
  /** Rows without a column, ascending. */
  readonly infeasible: readonly number[];
}

/** One each, or, when there are more rows than columns, so many that all rows have a place: ceil(rows / columns). */
export function defaultCapacities(rows: number, columns: number): Int32Array {
  return new Int32Array(columns).fill(rows > columns ? Math.ceil(rows / columns) : 1);
}

/**
 * Makes a matrix of rows of numbers; null, undefined and Infinity stand for "cannot serve".
 * Throws `contract-broken` for rows of different lengths, NaN, −Infinity, and for capacities that are no counts.
 */
export function costMatrix(
  rows: readonly (readonly (number | null | undefined)[])[],
  capacities?: ArrayLike<number>,
): CostMatrix {
  const columns = rows[0]?.length ?? capacities?.length ?? 0;
  const costs = new Float64Array(rows.length * columns);
  for (const [i, row] of rows.entries()) {
    if (row.length !== columns) throw broken(`row ${i} has ${row.length} columns, the first one ${columns}`);
    for (let j = 0; j < columns; j++) costs[i * columns + j] = row[j] ?? Number.POSITIVE_INFINITY;
  }
  const places = capacities === undefined ? defaultCapacities(rows.length, columns) : countsOf(capacities);
  const matrix = { rows: rows.length, columns, costs, capacities: places };
  checkMatrix(matrix);
  return matrix;
}

function countsOf(capacities: ArrayLike<number>): Int32Array {
  const counts = Int32Array.from(capacities);
  for (let j = 0; j < counts.length; j++) {
    if (counts[j] !== capacities[j] || counts[j]! < 0) throw broken(`capacity ${capacities[j]} of column ${j}`);
  }
  return counts;
}

/** Throws `contract-broken` where sizes do not fit together or a cost is NaN or −Infinity. */
export function checkMatrix({ rows, columns, costs, capacities }: CostMatrix): void {
  if (costs.length !== rows * columns) throw broken(`${costs.length} costs for ${rows} rows of ${columns} columns`);
  if (capacities.length !== columns) throw broken(`${capacities.length} capacities for ${columns} columns`);
  for (let at = 0; at < costs.length; at++) {
    // NaN too: it is greater than nothing.
    if (!(costs[at]! > Number.NEGATIVE_INFINITY)) throw broken(`cost ${costs[at]} of row ${Math.floor(at / columns)}`);
  }
}

const broken = (message: string) => new EquipoiseError('contract-broken', `cost matrix: ${message}`);

/** The sum of what `columns` costs, and who is left out. */
export function toAssignment({ columns: width, costs }: CostMatrix, columns: Int32Array): Assignment {
  let total = 0;
  const infeasible: number[] = [];
  for (let i = 0; i < columns.length; i++) {
    if (columns[i]! < 0) infeasible.push(i);
    else total += costs[i * width + columns[i]!]!;
  }
  return { columns, total, infeasible };
}

/**
 * The best assignment of a batch: as many rows as possible get a column, and of all such assignments it costs least.
 *
 * Where all rows can have a column, one run of the shortest augmenting path solver does it. Where some cannot, a largest
 * matching (costs not regarded) tells how many are left over; a further column of no cost takes just so many rows, whichever
 * they are, and all rows are assigned again. No large number stands for "impossible" anywhere, so that no digit of a cost
 * is lost: integers are exact up to 2^53.
 *
 * Cost    see shortest-augmenting-path.ts; a matrix with rows left over is copied once.
 * Ties    any of the best.
 * Errors  throws `contract-broken` for NaN, −Infinity and sizes that do not fit.
 */

import { type Assignment, type CostMatrix, checkMatrix, toAssignment } from './cost-matrix.ts';
import { Matching } from './matching.ts';
import type { Holders } from './partial-assignment.ts';
import { assignAllUnits } from './shortest-augmenting-path.ts';

/** Solves `matrix` exactly. */
export function solveAssignment(matrix: CostMatrix): Assignment {
  checkMatrix(matrix);
  const places = matrix.capacities.reduce((sum, each) => sum + each, 0);
  const holders = matrix.rows <= places ? assignAllUnits(matrix) : assignAllPlaces(matrix);
  if (holders === undefined) return toAssignment(matrix, assignWithLeftovers(matrix));
  return toAssignment(matrix, rowsOf(holders, matrix.rows));
}

function rowsOf({ first, next }: Holders, rows: number): Int32Array {
  const columns = new Int32Array(rows).fill(-1);
  for (let j = 0; j < first.length; j++) for (let i = first[j]!; i >= 0; i = next[i]!) columns[i] = j;
  return columns;
}

/** More rows than places: the columns choose rows, each as many as it has places. */
function assignAllPlaces({ rows, columns, costs, capacities }: CostMatrix): Holders | undefined {
  const transposed = new Float64Array(costs.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) transposed[j * rows + i] = costs[i * columns + j]!;
  const ones = new Int32Array(rows).fill(1);
  const supplies = capacities.every((each) => each === 1) ? {} : { supplies: capacities };
  const chosen = assignAllUnits({ rows: columns, columns: rows, costs: transposed, capacities: ones, ...supplies });
  if (chosen === undefined) return undefined;
  const holders = { first: new Int32Array(columns).fill(-1), next: new Int32Array(rows).fill(-1) };
  for (let i = 0; i < rows; i++) {
    const column = chosen.first[i]!;
    if (column < 0) continue;
    holders.next[i] = holders.first[column]!;
    holders.first[column] = i;
  }
  return holders;
}

function assignWithLeftovers(matrix: CostMatrix): Int32Array {
  const { rows, columns, costs, capacities } = matrix;
  const matching = new Matching(matrix);
  matching.extend();
  const width = columns + 1;
  const widened = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) widened.set(costs.subarray(i * columns, (i + 1) * columns), i * width);
  const leftOver = matching.columns.reduce((count, column) => count + (column < 0 ? 1 : 0), 0);
  const places = new Int32Array(width);
  places.set(capacities);
  places[columns] = leftOver;
  const holders = assignAllUnits({ rows, columns: width, costs: widened, capacities: places });
  // There is such an assignment: the matching, and everybody else in the column of no cost.
  return rowsOf(holders!, rows).map((column) => (column === columns ? -1 : column));
}

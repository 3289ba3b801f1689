/**
 * The best assignment of a batch: as many rows as possible get a column, and of all such assignments it costs least.
 *
 * Where all rows can have a column, one run of the shortest augmenting path solver does it. Where some cannot, rows
 * and columns fall into two parts that no best assignment joins (Dulmage and Mendelsohn, "Coverings of bipartite
 * graphs", Canadian Journal of Mathematics 10, 1958): a crowded one, all of whose places are taken, and the rest, all
 * of whose rows get one. A column of no cost then takes just so many crowded rows as are left over. No large number
 * stands for "impossible" anywhere, so that no digit of a cost is lost: integers are exact up to 2^53.
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
  const crowded = matching.crowded();
  const width = columns + 1;
  const widened = new Float64Array(rows * width).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      // A row of the rest that took a crowded place would only push one more row out.
      if (crowded.rows[i] === crowded.columns[j]) widened[i * width + j] = costs[i * columns + j]!;
    }
    if (crowded.rows[i] === 1) widened[i * width + columns] = 0;
  }
  const leftOver = matching.columns.reduce((count, column) => count + (column < 0 ? 1 : 0), 0);
  const places = new Int32Array(width);
  places.set(capacities);
  places[columns] = leftOver;
  const holders = assignAllUnits({ rows, columns: width, costs: widened, capacities: places });
  // There is such an assignment: the matching, and everybody else in the column of no cost.
  return rowsOf(holders!, rows).map((column) => (column === columns ? -1 : column));
}

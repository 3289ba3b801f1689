/** What the exact solver has assigned so far, and the prices that prove it is not more expensive than need be. */

export interface UnitProblem {
  readonly rows: number;
  readonly columns: number;
  /** Row-major; Infinity where the row cannot have the column. */
  readonly costs: Float64Array;
  /** Units that each row has to place, ≥ 0; absent: 1 each. A row of several units has them in different columns. */
  readonly supplies?: Int32Array;
  /** Units that each column takes; only 1 where a row has several. */
  readonly capacities: Int32Array;
}

/** Linked lists of the rows that each column holds; −1 ends a list. */
export interface Holders {
  readonly first: Int32Array;
  readonly next: Int32Array;
}

/** All arrays are by row or by column. */
export interface PartialAssignment {
  readonly rows: number;
  readonly columns: number;
  readonly costs: Float64Array;
  readonly prices: Float64Array;
  readonly holders: Holders;
  /** Room left in each column. */
  readonly room: Int32Array;
}

export function nothingAssigned({ rows, columns, costs, capacities }: UnitProblem): PartialAssignment {
  const holders = { first: new Int32Array(columns).fill(-1), next: new Int32Array(rows).fill(-1) };
  return { rows, columns, costs, prices: new Float64Array(columns), holders, room: capacities.slice() };
}

/** Puts `row` into the list of `column`. */
export function hold({ first, next }: Holders, row: number, column: number): void {
  next[row] = first[column]!;
  first[column] = row;
}

/** Takes `row` out of the list of `column`. */
export function release({ first, next }: Holders, row: number, column: number): void {
  if (first[column] === row) {
    first[column] = next[row]!;
    return;
  }
  let before = first[column]!;
  while (next[before] !== row) before = next[before]!;
  next[before] = next[row]!;
}

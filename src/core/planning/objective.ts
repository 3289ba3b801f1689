import type { CostMatrix } from './cost-matrix.ts';

/**
 * Load that grows with what the batch itself assigns: `weight` × the sum over endpoints of (load + assigned size)².
 * Endpoints that get nothing count too.
 */
export interface GrowingLoad {
  readonly weight: number;
  /** Before the batch, by column; in the unit of `sizes`. */
  readonly loads: Float64Array;
  /** By row. */
  readonly sizes: Float64Array;
}

/** What a search minimises, after the number of rows without a column: the sum of the matrix and the growing load. */
export interface PlanningProblem {
  readonly matrix: CostMatrix;
  /** Absent: the cost is linear, and `solveAssignment` finds the best. */
  readonly growing?: GrowingLoad;
}

/** Column for each row, −1: none; with what a change of it would cost, in O(1). */
export class PlanState {
  readonly columns: Int32Array;
  /** Places left in each column; negative where too many rows have it. */
  readonly room: Int32Array;
  /** Load and assigned size of each column. */
  readonly #loads: Float64Array;
  readonly #problem: PlanningProblem;

  constructor(problem: PlanningProblem, columns: Int32Array) {
    const { matrix, growing } = problem;
    this.#problem = problem;
    this.columns = new Int32Array(matrix.rows).fill(-1);
    this.room = matrix.capacities.slice();
    this.#loads = growing?.loads.slice() ?? new Float64Array(matrix.columns);
    for (let i = 0; i < columns.length; i++) this.move(i, columns[i]!);
  }

  /** Whether `column` can serve `row` at all; room is another matter. */
  canServe(row: number, column: number): boolean {
    const { costs, columns } = this.#problem.matrix;
    return costs[row * columns + column] !== Number.POSITIVE_INFINITY;
  }

  /** What it would cost to give `row` to `column` on top of all others; −1: nothing. */
  costOfAdding(row: number, column: number): number {
    if (column < 0) return 0;
    const { matrix, growing } = this.#problem;
    const own = matrix.costs[row * matrix.columns + column]!;
    if (growing === undefined) return own;
    const size = growing.sizes[row]!;
    return own + growing.weight * size * (2 * this.#loads[column]! + size);
  }

  /** What it would save to take `row` off its column. */
  savingOfRemoving(row: number): number {
    const column = this.columns[row]!;
    if (column < 0) return 0;
    const { matrix, growing } = this.#problem;
    const own = matrix.costs[row * matrix.columns + column]!;
    if (growing === undefined) return own;
    const size = growing.sizes[row]!;
    return own + growing.weight * size * (2 * this.#loads[column]! - size);
  }

  /** Change of cost when `row` goes to another column; −1: to none. */
  costOfMoving(row: number, column: number): number {
    return column === this.columns[row] ? 0 : this.costOfAdding(row, column) - this.savingOfRemoving(row);
  }

  /** Change of cost when two rows exchange their columns; Infinity where one of them cannot be served there. */
  costOfSwapping(a: number, b: number): number {
    const [columnA, columnB] = [this.columns[a]!, this.columns[b]!];
    if (columnA === columnB) return 0;
    if (columnB >= 0 && !this.canServe(a, columnB)) return Number.POSITIVE_INFINITY;
    if (columnA >= 0 && !this.canServe(b, columnA)) return Number.POSITIVE_INFINITY;
    const apart = this.costOfMoving(a, columnB) + this.costOfMoving(b, columnA);
    // Each was reckoned as if the other stayed where it is.
    const { growing } = this.#problem;
    if (growing === undefined) return apart;
    const both = 2 * growing.weight * growing.sizes[a]! * growing.sizes[b]!;
    return apart - (columnA >= 0 ? both : 0) - (columnB >= 0 ? both : 0);
  }

  /** Gives `row` to `column`, −1: to none, whether there is room or not. */
  move(row: number, column: number): void {
    const before = this.columns[row]!;
    const size = this.#problem.growing?.sizes[row] ?? 0;
    if (before >= 0) {
      this.room[before] = this.room[before]! + 1;
      this.#loads[before] = this.#loads[before]! - size;
    }
    if (column >= 0) {
      this.room[column] = this.room[column]! - 1;
      this.#loads[column] = this.#loads[column]! + size;
    }
    this.columns[row] = column;
  }

  swap(a: number, b: number): void {
    const column = this.columns[a]!;
    this.move(a, this.columns[b]!);
    this.move(b, column);
  }
}

/** The cost of an assignment, summed anew. */
export function totalCost({ matrix, growing }: PlanningProblem, columns: Int32Array): number {
  let total = 0;
  for (let i = 0; i < columns.length; i++) {
    if (columns[i]! >= 0) total += matrix.costs[i * matrix.columns + columns[i]!]!;
  }
  return growing === undefined ? total : total + growingCost(growing, columns);
}

function growingCost({ weight, loads, sizes }: GrowingLoad, columns: Int32Array): number {
  const after = loads.slice();
  for (let i = 0; i < columns.length; i++) {
    if (columns[i]! >= 0) after[columns[i]!] = after[columns[i]!]! + sizes[i]!;
  }
  return weight * after.reduce((sum, load) => sum + load * load, 0);
}

import { type PlanningProblem, totalCost } from './objective.ts';

/**
 * A batch as quadratic unconstrained binary optimisation: energy(x) = Σ Q[a][b]·x[a]·x[b] + offset, to be minimised over
 * x ∈ {0, 1}ⁿ. This is the form that quantum annealers take.
 *
 * A variable for each cell that can serve: row i goes to column j. To the cost are added penalty·(1 − Σ)² for each row
 * that has not just one column, and penalty·(capacity − Σ − slack)² for each column, with slack bits 1, 2, 4, … that can
 * make every number up to the capacity.
 *
 * Source  Lucas, "Ising formulations of many NP problems", Frontiers in Physics 2, 2014, sections 2.4 and 4.
 * Cost    the square of the number of variables: for looking at, and for other solvers; `anneal` never builds it.
 */
export interface Qubo {
  /** Row and column of each variable that is a cell, in order; slack bits follow. */
  readonly cells: readonly (readonly [row: number, column: number])[];
  /** Column and value of each slack bit. */
  readonly slacks: readonly (readonly [column: number, value: number])[];
  /** Upper triangle with the diagonal, row-major over all variables. */
  readonly matrix: Float64Array;
  readonly offset: number;
}

/** Writes `problem` as a QUBO. `penalty` should exceed what breaking a rule can save; see `penaltyOf`. */
export function toQubo(problem: PlanningProblem, penalty: number): Qubo {
  const { matrix, growing } = problem;
  const cells = feasibleCells(problem);
  const slacks = slackBits(matrix.capacities);
  const size = cells.length + slacks.length;
  const q = new Float64Array(size * size);
  let offset = totalCost(problem, new Int32Array(0));
  const add = (a: number, b: number, value: number) => {
    const at = Math.min(a, b) * size + Math.max(a, b);
    q[at] = q[at]! + value;
  };
  /** weight·(target − Σ factor·x)², with x² = x. */
  const addSquare = (
    terms: readonly (readonly [variable: number, factor: number])[],
    target: number,
    weight: number,
  ) => {
    offset += weight * target * target;
    for (const [k, [a, factor]] of terms.entries()) {
      add(a, a, weight * factor * (factor - 2 * target));
      for (const [b, other] of terms.slice(k + 1)) add(a, b, 2 * weight * factor * other);
    }
  };
  for (const [a, [i, j]] of cells.entries()) add(a, a, matrix.costs[i * matrix.columns + j]!);
  const where = (index: 0 | 1, wanted: number) => [...cells.keys()].filter((a) => cells[a]![index] === wanted);
  for (let i = 0; i < matrix.rows; i++)
    addSquare(
      where(0, i).map((a) => [a, 1]),
      1,
      penalty,
    );
  for (let j = 0; j < matrix.columns; j++) {
    const inColumn = where(1, j);
    const bits = [...slacks.entries()].filter(([, [column]]) => column === j);
    const slack = bits.map(([k, [, value]]) => [cells.length + k, value] as const);
    addSquare([...inColumn.map((a) => [a, 1] as const), ...slack], matrix.capacities[j]!, penalty);
    if (growing === undefined) continue;
    // The offset has the load before the batch already.
    offset -= growing.weight * growing.loads[j]! ** 2;
    addSquare(
      inColumn.map((a) => [a, -growing.sizes[cells[a]![0]]!]),
      growing.loads[j]!,
      growing.weight,
    );
  }
  return { cells, slacks, matrix: q, offset };
}

export function energyOf({ matrix, offset }: Qubo, bits: Uint8Array): number {
  let energy = offset;
  for (let a = 0; a < bits.length; a++) {
    if (bits[a] === 0) continue;
    for (let b = a; b < bits.length; b++) if (bits[b] === 1) energy += matrix[a * bits.length + b]!;
  }
  return energy;
}

function feasibleCells({ matrix }: PlanningProblem): [number, number][] {
  const cells: [number, number][] = [];
  for (let at = 0; at < matrix.costs.length; at++) {
    if (matrix.costs[at] === Number.POSITIVE_INFINITY) continue;
    cells.push([Math.floor(at / matrix.columns), at % matrix.columns]);
  }
  return cells;
}

/** 1, 2, 4, … and a rest, so that their sums are just 0 to the capacity. */
function slackBits(capacities: Int32Array): [number, number][] {
  const bits: [number, number][] = [];
  for (const [column, capacity] of capacities.entries()) {
    let left = capacity;
    for (let value = 1; left > 0; value *= 2) {
      bits.push([column, Math.min(value, left)]);
      left -= Math.min(value, left);
    }
  }
  return bits;
}

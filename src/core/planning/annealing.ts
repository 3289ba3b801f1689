/**
 * Simulated annealing over the QUBO form of a batch ("quantum-inspired").
 *
 * The state is a set of cells; a row may have none or several for a while, a column more rows than places. Energy is
 * that of the QUBO with its slack bits set as well as they can be: the cost, a penalty for each row that has not just
 * one column, and a penalty for each column times the square of what is beyond its capacity. A step flips one bit, or
 * the two bits that move a row, or the four that swap two rows, and is kept when it lowers the energy, else with
 * probability exp(−rise / temperature). The temperature falls geometrically. What is returned is the best state seen
 * that breaks no rule, after a last descent.
 *
 * Source  Kirkpatrick, Gelatt and Vecchi, "Optimization by simulated annealing", Science 220, 1983; Lucas, "Ising
 *         formulations of many NP problems", Frontiers in Physics 2, 2014.
 * Cost    O(1) a step; 3 arrays of a number for each cell, row and column.
 * Ties    the first that was seen.
 */

import type { Rng } from '../kernel/rng.ts';
import { improve } from './local-search.ts';
import { Matching } from './matching.ts';
import { type PlanningProblem, PlanState, totalCost } from './objective.ts';

export interface AnnealingOptions {
  readonly rng: Rng;
  /** Steps for each row, ≥ 1; default 2000, at most 2 million in all. */
  readonly stepsPerRow?: number;
}

export interface AnnealingResult {
  /** A column for each row; −1: none. */
  readonly columns: Int32Array;
  readonly cost: number;
  /** The energy at the start, at 100 even distances on the way, and of what is returned. */
  readonly energies: readonly number[];
  /** What each broken rule costs. */
  readonly penalty: number;
}

const TRACE = 100;

/** What breaking one rule costs: more than any one row can gain by it. */
export function penaltyOf({ matrix, growing }: PlanningProblem): number {
  let [least, most] = [0, 0];
  for (const cost of matrix.costs) {
    if (cost === Number.POSITIVE_INFINITY) continue;
    least = Math.min(least, cost);
    most = Math.max(most, cost);
  }
  return 1 + 2 * (most - least) + (growing === undefined ? 0 : growing.weight * growthOf(growing.loads, growing.sizes));
}

/** By how much (load + size)² can grow through one row, with all rows at the busiest endpoint. */
function growthOf(loads: Float64Array, sizes: Float64Array): number {
  const all = loads.reduce((most, each) => Math.max(most, each), 0) + sizes.reduce((sum, each) => sum + each, 0);
  const largest = sizes.reduce((most, each) => Math.max(most, each), 0);
  return 2 * largest * all;
}

/** Searches for the least energy; the rows left without a column are as few as can be. */
export function anneal(problem: PlanningProblem, { rng, stepsPerRow = 2000 }: AnnealingOptions): AnnealingResult {
  const { rows, columns } = problem.matrix;
  const start = new Matching(problem.matrix);
  start.extend();
  const penalty = penaltyOf(problem);
  const state = new BitState(problem, penalty, start.columns);
  const energies = [state.energy];
  const steps = rows === 0 || columns === 0 ? 0 : Math.min(rows * stepsPerRow, 2_000_000);
  const warmth = steps === 0 ? 0 : meanChange(state, rng);
  for (let step = 1; step <= steps; step++) {
    // From the size of a usual change to a thousandth of it.
    const temperature = warmth * 10 ** ((-3 * step) / steps);
    const before = state.energy;
    propose(state, rng);
    const rise = state.energy - before;
    if (rise > 0 && rng.next() >= Math.exp(-rise / temperature)) state.undo();
    else state.keep();
    if (step % Math.ceil(steps / TRACE) === 0) energies.push(state.energy);
  }
  const last = new PlanState(problem, state.best);
  improve(last, rows);
  const cost = totalCost(problem, last.columns);
  const leftOver = last.columns.reduce((count, column) => count + (column < 0 ? 1 : 0), 0);
  energies.push(cost + penalty * leftOver);
  return { columns: last.columns, cost, energies, penalty };
}

/** Mean rise of cost of the moves and swaps that could be the first. */
function meanChange(state: BitState, rng: Rng): number {
  const before = state.energy;
  let sum = 0;
  for (let k = 0; k < 200; k++) {
    propose(state, rng);
    sum += Math.min(Math.abs(state.energy - before), state.penalty);
    state.undo();
  }
  return sum / 200 || 1;
}

function propose(state: BitState, rng: Rng): void {
  const kind = rng.below(4);
  const row = rng.below(state.rows);
  if (kind === 0) state.flip(row, rng.below(state.columns));
  else if (kind < 3) state.replace(row, rng.below(state.columns));
  else proposeSwap(state, row, rng.below(state.rows));
}

function proposeSwap(state: BitState, row: number, other: number): void {
  const [mine, theirs] = [state.columnOf(row), state.columnOf(other)];
  if (mine === theirs) return;
  state.replace(row, theirs);
  state.replace(other, mine);
}

/** A set of cells with its energy; remembers the flips since the last `keep`, and the best set that broke no rule. */
class BitState {
  readonly rows: number;
  readonly columns: number;
  readonly penalty: number;
  readonly best: Int32Array;
  readonly #problem: PlanningProblem;
  readonly #bits: Uint8Array;
  readonly #inRow: Int32Array;
  readonly #inColumn: Int32Array;
  readonly #loads: Float64Array;
  /** Energy, cost, the cost of the best set; energy and cost at the last `keep`. */
  readonly #sums = new Float64Array(5);
  /** A column of each row that has one; −1: none. */
  readonly #some: Int32Array;
  readonly #flips: number[] = [];
  /** Rows with just one column; rows with more; columns with more rows than places. */
  #single = 0;
  #multiple = 0;
  #crowded = 0;
  #bestSingle = -1;

  constructor(problem: PlanningProblem, penalty: number, columns: Int32Array) {
    const { matrix, growing } = problem;
    this.rows = matrix.rows;
    this.columns = matrix.columns;
    this.penalty = penalty;
    this.best = columns.slice();
    this.#problem = problem;
    this.#bits = new Uint8Array(matrix.costs.length);
    this.#inRow = new Int32Array(matrix.rows);
    this.#inColumn = new Int32Array(matrix.columns);
    this.#loads = growing?.loads.slice() ?? new Float64Array(matrix.columns);
    this.#some = new Int32Array(matrix.rows).fill(-1);
    const cost = totalCost(problem, new Int32Array(0));
    const energy = cost + penalty * matrix.rows;
    this.#sums.set([energy, cost, 0, energy, cost]);
    for (let i = 0; i < columns.length; i++) if (columns[i]! >= 0) this.flip(i, columns[i]!);
    this.keep();
  }

  get energy(): number {
    return this.#sums[0]!;
  }

  columnOf(row: number): number {
    return this.#some[row]!;
  }

  /** Takes the row off a column that it has and gives it `column`; −1: none. */
  replace(row: number, column: number): void {
    const before = this.#some[row]!;
    if (before === column || !this.#canServe(row, column)) return;
    if (before >= 0) this.flip(row, before);
    if (column >= 0 && this.#bits[row * this.columns + column] === 0) this.flip(row, column);
  }

  #canServe(row: number, column: number): boolean {
    return column < 0 || this.#problem.matrix.costs[row * this.columns + column] !== Number.POSITIVE_INFINITY;
  }

  /** Sets or clears a bit; does nothing where the column cannot serve the row. */
  flip(row: number, column: number): void {
    const cell = row * this.columns + column;
    if (!this.#canServe(row, column)) return;
    const sign = this.#bits[cell] === 0 ? 1 : -1;
    this.#bits[cell] = sign > 0 ? 1 : 0;
    this.#flips.push(cell);
    const cost = this.#changeOfCost(cell, row, column, sign);
    const rules = this.#changeInRow(row, sign) + this.#changeInColumn(column, sign);
    this.#sums[0] = this.#sums[0]! + cost + this.penalty * rules;
    this.#sums[1] = this.#sums[1]! + cost;
    if (sign > 0) this.#some[row] = column;
    else if (this.#some[row] === column) this.#some[row] = this.#anyColumn(row);
  }

  #changeOfCost(cell: number, row: number, column: number, sign: number): number {
    const { matrix, growing } = this.#problem;
    const own = sign * matrix.costs[cell]!;
    if (growing === undefined) return own;
    const added = sign * growing.sizes[row]!;
    const load = this.#loads[column]!;
    this.#loads[column] = load + added;
    return own + growing.weight * added * (2 * load + added);
  }

  /** Change of (1 − Σ)². */
  #changeInRow(row: number, sign: number): number {
    const before = this.#inRow[row]!;
    const after = before + sign;
    this.#inRow[row] = after;
    this.#single += Number(after === 1) - Number(before === 1);
    this.#multiple += Number(after > 1) - Number(before > 1);
    return (1 - after) ** 2 - (1 - before) ** 2;
  }

  /** Change of (capacity − Σ − slack)², the slack being what is left, at least 0. */
  #changeInColumn(column: number, sign: number): number {
    const capacity = this.#problem.matrix.capacities[column]!;
    const before = Math.max(0, this.#inColumn[column]! - capacity);
    this.#inColumn[column] = this.#inColumn[column]! + sign;
    const after = Math.max(0, this.#inColumn[column]! - capacity);
    this.#crowded += Number(after > 0) - Number(before > 0);
    return after ** 2 - before ** 2;
  }

  #anyColumn(row: number): number {
    if (this.#inRow[row] === 0) return -1;
    return this.#bits.indexOf(1, row * this.columns) - row * this.columns;
  }

  undo(): void {
    const flips = this.#flips.splice(0);
    for (const cell of flips.reverse()) this.flip(Math.floor(cell / this.columns), cell % this.columns);
    this.#flips.length = 0;
    // Flipping back would leave what rounding makes of it.
    this.#sums.copyWithin(0, 3);
  }

  keep(): void {
    if (this.#flips.length === 0) return;
    this.#flips.length = 0;
    this.#sums.copyWithin(3, 0, 2);
    if (this.#multiple > 0 || this.#crowded > 0 || this.#single < this.#bestSingle) return;
    if (this.#single === this.#bestSingle && this.#sums[1]! >= this.#sums[2]!) return;
    this.#bestSingle = this.#single;
    this.#sums[2] = this.#sums[1]!;
    this.best.set(this.#some);
  }
}

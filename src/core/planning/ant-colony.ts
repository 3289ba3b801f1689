/**
 * Ant-colony search, for batches whose cost is not linear (and, to compare, for those whose cost is).
 *
 * Each ant gives the rows, in an order of its own, a column each that has room, drawn in proportion to
 * pheromone × attraction²; attraction is 1 at the column where the row costs least now, less where it costs more. The
 * best ant of an iteration is improved by moves and swaps; then all pheromone evaporates by a tenth, and the best of
 * the iteration, each fifth time the best of all, deposits 1. Pheromone stays within bounds and is laid anew when
 * nothing better was found for long.
 *
 * Source  Stützle and Hoos, "MAX–MIN ant system", Future Generation Computer Systems 16, 2000.
 * Cost    O(ants·n·m + n²) an iteration.
 * Ties    the first that was seen.
 */

import type { Rng } from '../kernel/rng.ts';
import { improve } from './local-search.ts';
import { Matching } from './matching.ts';
import { type PlanningProblem, PlanState, totalCost } from './objective.ts';

export interface AntColonyOptions {
  readonly rng: Rng;
  /** Ants in each iteration, ≥ 1; default 8. */
  readonly ants?: number;
  /** ≥ 1; default 60. */
  readonly iterations?: number;
}

export interface AntColonyResult {
  /** A column for each row; −1: none. */
  readonly columns: Int32Array;
  readonly cost: number;
  /** The least cost found so far, after each iteration. */
  readonly costs: readonly number[];
}

const EVAPORATION = 0.1;
/** Where deposits of 1 and evaporation are in balance. */
const MOST = 1 / EVAPORATION;
/** Probability that an ant repeats the best assignment, once pheromone is at its bounds. */
const REPEAT = 0.05;
const STAGNATION = 20;

/** Searches for the least cost; the rows left without a column are as few as can be. */
export function antColony(problem: PlanningProblem, options: AntColonyOptions): AntColonyResult {
  const { rng, ants = 8, iterations = 60 } = options;
  const { matrix } = problem;
  const pheromone = new Float64Array(matrix.costs.length).fill(MOST);
  const least = leastPheromone(matrix.rows, matrix.columns);
  const colony = createColony(problem, pheromone, rng);
  let best = colony.walk();
  let sinceBest = 0;
  const costs: number[] = [];
  for (let iteration = 1; iteration <= iterations; iteration++) {
    let leader = colony.walk();
    for (let ant = 1; ant < ants; ant++) leader = better(colony.walk(), leader);
    leader = colony.improved(leader);
    sinceBest = leader.cost < best.cost ? 0 : sinceBest + 1;
    best = better(leader, best);
    costs.push(best.cost);
    deposit(pheromone, iteration % 5 === 0 ? best.columns : leader.columns, matrix.columns, least);
    if (sinceBest < STAGNATION) continue;
    pheromone.fill(MOST);
    sinceBest = 0;
  }
  return { columns: best.columns, cost: best.cost, costs };
}

interface Walk {
  readonly columns: Int32Array;
  readonly cost: number;
}

const better = (a: Walk, b: Walk): Walk => (a.cost < b.cost ? a : b);

/** The bound below, of the paper's equation 11. */
function leastPheromone(rows: number, columns: number): number {
  const repeat = REPEAT ** (1 / Math.max(1, rows));
  const choices = Math.max(2, columns / 2);
  return Math.min(MOST, (MOST * (1 - repeat)) / ((choices - 1) * repeat));
}

function deposit(pheromone: Float64Array, columns: Int32Array, width: number, least: number): void {
  for (let at = 0; at < pheromone.length; at++) pheromone[at] = Math.max(least, pheromone[at]! * (1 - EVAPORATION));
  for (let i = 0; i < columns.length; i++) {
    const at = i * width + columns[i]!;
    if (columns[i]! >= 0) pheromone[at] = Math.min(MOST, pheromone[at]! + 1);
  }
}

function createColony(problem: PlanningProblem, pheromone: Float64Array, rng: Rng) {
  const { matrix } = problem;
  const { rows, columns } = matrix;
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  const nobody = new Int32Array(rows).fill(-1);
  const changes = new Float64Array(columns);

  function walk(): Walk {
    shuffle(order, rng);
    const state = new PlanState(problem, nobody);
    for (const row of order) state.move(row, step(state, row));
    return judged(served(state.columns));
  }

  /** A column drawn for `row`; −1: none has room. */
  function step(state: PlanState, row: number): number {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let j = 0; j < columns; j++) {
      const open = state.room[j]! > 0 && state.canServe(row, j);
      changes[j] = open ? state.costOfAdding(row, j) : Number.POSITIVE_INFINITY;
      if (!open) continue;
      least = Math.min(least, changes[j]!);
      most = Math.max(most, changes[j]!);
    }
    if (least === Number.POSITIVE_INFINITY) return -1;
    return draw(row, least, most - least);
  }

  function draw(row: number, least: number, spread: number): number {
    let sum = 0;
    let drawn = -1;
    for (let j = 0; j < columns; j++) {
      if (changes[j] === Number.POSITIVE_INFINITY) continue;
      // From 1 for the cheapest to a ninth for the dearest.
      const attraction = 1 / (1 + (spread === 0 ? 0 : (8 * (changes[j]! - least)) / spread));
      const weight = pheromone[row * columns + j]! * attraction * attraction;
      sum += weight;
      // One pass: each takes over from those before it with its share of the sum so far.
      if (rng.next() * sum < weight) drawn = j;
    }
    return drawn;
  }

  /** Rows that found no room get one where others can give way. */
  function served(chosen: Int32Array): Int32Array {
    if (!chosen.includes(-1)) return chosen;
    const matching = new Matching(matrix, chosen);
    matching.extend();
    return matching.columns;
  }

  const judged = (chosen: Int32Array): Walk => ({ columns: chosen, cost: totalCost(problem, chosen) });

  function improved(from: Walk): Walk {
    const state = new PlanState(problem, from.columns);
    improve(state, 10);
    return judged(state.columns);
  }

  return { walk, improved };
}

/** Source  Durstenfeld, "Algorithm 235: random permutation", CACM 7(7), 1964. */
function shuffle(order: Int32Array, rng: Rng): void {
  for (let k = order.length - 1; k > 0; k--) {
    const other = rng.below(k + 1);
    const held = order[k]!;
    order[k] = order[other]!;
    order[other] = held;
  }
}

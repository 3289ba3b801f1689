import { createRng } from '../../core/kernel/rng.ts';
import { anneal } from '../../core/planning/annealing.ts';
import { antColony } from '../../core/planning/ant-colony.ts';
import { solveAssignment } from '../../core/planning/assignment.ts';
import { toAssignment } from '../../core/planning/cost-matrix.ts';
import type { PlanningProblem } from '../../core/planning/objective.ts';
import { pack } from '../../core/planning/packing.ts';
import type { PlanInput } from './read-batch.ts';

export const methods = ['exact', 'packing', 'annealing', 'ant-colony'] as const;
export type Method = (typeof methods)[number];
export const loadRules = ['fixed', 'growing'] as const;
export type LoadRule = (typeof loadRules)[number];

export interface Plan {
  /** The endpoint's index for each request; −1: none. */
  readonly assignment: readonly number[];
  /** What the assigned requests cost together. */
  readonly total: number;
  readonly infeasible: readonly number[];
  /** The exact optimum, where cost is linear and the method is another one that minimises it. */
  readonly optimum?: number;
  /** Packing: when each endpoint, and the last one, is done; what no assignment can pass; and the two in proportion. */
  readonly finish?: readonly number[];
  readonly makespan?: number;
  readonly lowerBound?: number;
  readonly ratio?: number;
  /** Annealing: energy on the way. */
  readonly energies?: readonly number[];
  /** Ant colony: the least cost after each iteration. */
  readonly costs?: readonly number[];
}

export interface SolveOptions {
  readonly method: Method;
  readonly load: LoadRule;
  readonly seed: number;
}

/** Plans the batch; a text says why that cannot be done for this batch. */
export function solve(input: PlanInput, { method, load, seed }: SolveOptions): Plan | string {
  const { linear, growing, packing } = input;
  if (method === 'exact') return planOf(linear, solveAssignment(linear).columns);
  if (method === 'packing') {
    if (packing === undefined) return 'packing takes costs as times, and there are costs below 0';
    const { columns, finish, makespan, lowerBound, ratio } = pack(packing);
    return { ...planOf(linear, columns), finish: [...finish], makespan, lowerBound, ratio };
  }
  if (load === 'growing' && growing === undefined) {
    return 'load can grow only where it is known: write the batch with requests and endpoints';
  }
  const problem: PlanningProblem = load === 'growing' ? growing! : { matrix: linear };
  const { columns, cost, ...trace } = search(method, problem, seed);
  const reference = load === 'growing' ? {} : { optimum: solveAssignment(linear).total };
  return { ...planOf(linear, columns), total: cost, ...reference, ...trace };
}

function search(method: 'annealing' | 'ant-colony', problem: PlanningProblem, seed: number) {
  const rng = createRng(seed);
  if (method === 'ant-colony') return antColony(problem, { rng });
  const { columns, cost, energies } = anneal(problem, { rng });
  return { columns, cost, energies };
}

function planOf(linear: PlanInput['linear'], columns: Int32Array): Plan {
  const { total, infeasible } = toAssignment(linear, columns);
  return { assignment: [...columns], total, infeasible };
}

import { expect, test } from 'vitest';
import { createRng } from '../kernel/rng.ts';
import { anneal, penaltyOf } from './annealing.ts';
import { costMatrix } from './cost-matrix.ts';
import type { PlanningProblem } from './objective.ts';
import { totalCost } from './objective.ts';
import { energyOf, type Qubo, toQubo } from './qubo.ts';
import { bruteForce } from './testing/brute-force.ts';

/** Every setting of up to 16 bits. */
function* allBits(size: number): Generator<Uint8Array> {
  for (let code = 0; code < 2 ** size; code++) yield Uint8Array.from({ length: size }, (_, k) => (code >> k) & 1);
}

function leastEnergy(qubo: Qubo): { energy: number; columns: Int32Array } {
  const least = { energy: Number.POSITIVE_INFINITY, columns: new Int32Array(0) };
  for (const bits of allBits(qubo.cells.length + qubo.slacks.length)) {
    const energy = energyOf(qubo, bits);
    if (energy >= least.energy) continue;
    least.energy = energy;
    least.columns = new Int32Array(8).fill(-1);
    for (const [k, [row, column]] of qubo.cells.entries()) if (bits[k] === 1) least.columns[row] = column;
  }
  return least;
}

test.each<{ why: string; problem: PlanningProblem }>([
  {
    why: 'linear',
    problem: {
      matrix: costMatrix([
        [4, 1, 3],
        [2, 0, 5],
        [3, 2, 2],
      ]),
    },
  },
  {
    why: 'capacities and gaps',
    problem: {
      matrix: costMatrix(
        [
          [4, 1],
          [2, null],
          [-3, 2],
          [1, 1],
        ],
        [3, 1],
      ),
    },
  },
  {
    why: 'more rows than places',
    problem: {
      matrix: costMatrix(
        [
          [4, 1],
          [2, 5],
          [3, 2],
        ],
        [1, 1],
      ),
    },
  },
  {
    why: 'growing load',
    problem: {
      matrix: costMatrix(
        [
          [1, 2],
          [1, 2],
          [1, 3],
        ],
        [3, 3],
      ),
      growing: { weight: 0.5, loads: Float64Array.of(2, 0), sizes: Float64Array.of(1, 4, 2) },
    },
  },
])('$why: the least energy is the best plan, and annealing finds it', ({ problem }) => {
  const best = bruteForce(problem.matrix, (columns) => totalCost(problem, columns));
  const penalty = penaltyOf(problem);
  const { energy, columns } = leastEnergy(toQubo(problem, penalty));
  const { rows } = problem.matrix;
  expect(energy).toBeCloseTo(best.cost + penalty * (rows - best.assigned), 9);
  expect(totalCost(problem, columns.slice(0, rows))).toBeCloseTo(best.cost, 9);
  expect(anneal(problem, { rng: createRng(1) }).energies.at(-1)).toBeCloseTo(energy, 9);
});

test('slack bits reach just the numbers up to the capacity', () => {
  const { slacks } = toQubo({ matrix: costMatrix([[1]], [11]) }, 1);
  expect(slacks.map(([, value]) => value)).toEqual([1, 2, 4, 4]);
});

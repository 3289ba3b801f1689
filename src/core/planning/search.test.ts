import { describe, expect, test } from 'vitest';
import { createRng, type Rng } from '../kernel/rng.ts';
import { anneal } from './annealing.ts';
import { antColony } from './ant-colony.ts';
import { solveAssignment } from './assignment.ts';
import { costMatrix } from './cost-matrix.ts';
import { type PlanningProblem, totalCost } from './objective.ts';
import { bruteForce } from './testing/brute-force.ts';

const searches = {
  annealing: (problem: PlanningProblem, rng: Rng) => anneal(problem, { rng }),
  'ant colony': (problem: PlanningProblem, rng: Rng) => antColony(problem, { rng }),
};

function randomMatrix(rng: Rng, rows: number, columns: number, missing: number) {
  const cell = () => (rng.next() < missing ? null : rng.below(200) - 50);
  const costs = Array.from({ length: rows }, () => Array.from({ length: columns }, cell));
  return costMatrix(
    costs,
    Array.from({ length: columns }, () => rng.below(4)),
  );
}

/** Load that grows, with sizes of a heavy tail: Pareto of shape 1.2, cut at 50. */
function randomProblem(rng: Rng, rows: number, columns: number): PlanningProblem {
  const sizes = Float64Array.from({ length: rows }, () => Math.min(50, (1 - rng.next()) ** (-1 / 1.2)));
  const loads = Float64Array.from({ length: columns }, () => rng.below(10));
  return { matrix: randomMatrix(rng, rows, columns, 0.15), growing: { weight: 0.3, loads, sizes } };
}

const assignedOf = (columns: Int32Array) => columns.reduce((count, column) => count + (column < 0 ? 0 : 1), 0);

function expectValid({ matrix }: PlanningProblem, columns: Int32Array): void {
  const taken = new Int32Array(matrix.columns);
  for (const [i, j] of columns.entries()) {
    if (j < 0) continue;
    taken[j] = taken[j]! + 1;
    expect(matrix.costs[i * matrix.columns + j]).toBeLessThan(Number.POSITIVE_INFINITY);
  }
  expect(taken.every((count, j) => count <= matrix.capacities[j]!)).toBe(true);
}

describe.each(Object.entries(searches))('%s', (_name, search) => {
  test('linear, up to 7 rows: the exact optimum, and as many rows', () => {
    const rng = createRng(1);
    for (let run = 0; run < 40; run++) {
      const matrix = randomMatrix(rng, 1 + rng.below(7), 1 + rng.below(6), 0.3);
      const found = search({ matrix }, createRng(run));
      expectValid({ matrix }, found.columns);
      const exact = solveAssignment(matrix);
      expect({ run, assigned: assignedOf(found.columns), cost: found.cost + 0 }).toEqual({
        run,
        assigned: matrix.rows - exact.infeasible.length,
        cost: exact.total + 0,
      });
    }
  });

  test('linear, 40 rows: within 3 % of the spread of costs of the exact optimum', () => {
    for (let run = 0; run < 3; run++) {
      const rng = createRng(run);
      const costs = Array.from({ length: 40 }, () => Array.from({ length: 40 }, () => rng.below(1000)));
      const matrix = costMatrix(costs);
      const found = search({ matrix }, rng);
      expectValid({ matrix }, found.columns);
      const exact = solveAssignment(matrix).total;
      expect(found.cost).toBeGreaterThanOrEqual(exact);
      expect(found.cost - exact).toBeLessThanOrEqual(0.03 * 40 * 1000);
    }
  });

  test('growing load, up to 7 rows: equal to brute force', () => {
    const rng = createRng(2);
    for (let run = 0; run < 20; run++) {
      const problem = randomProblem(rng, 1 + rng.below(7), 1 + rng.below(4));
      const found = search(problem, createRng(run));
      expectValid(problem, found.columns);
      const best = bruteForce(problem.matrix, (columns) => totalCost(problem, columns));
      expect({ run, assigned: assignedOf(found.columns) }).toEqual({ run, assigned: best.assigned });
      expect(Math.abs(found.cost - best.cost)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(best.cost)));
    }
  });

  test('the same seed finds the same', () => {
    const problem = randomProblem(createRng(3), 12, 4);
    expect(search(problem, createRng(9))).toEqual(search(problem, createRng(9)));
  });

  test.each([
    { rows: 0, columns: 0 },
    { rows: 0, columns: 2 },
    { rows: 2, columns: 0 },
  ])('$rows rows and $columns columns', ({ rows, columns }) => {
    const matrix = costMatrix(
      Array.from({ length: rows }, () => new Array<number>(columns).fill(1)),
      new Array<number>(columns).fill(1),
    );
    expect([...search({ matrix }, createRng(1)).columns]).toEqual(new Array(rows).fill(-1));
  });
});

test('the energy that annealing traces falls from its start to its end', () => {
  const rng = createRng(5);
  const costs = Array.from({ length: 30 }, () => Array.from({ length: 30 }, () => rng.below(1000)));
  const { energies, cost } = anneal({ matrix: costMatrix(costs) }, { rng });
  expect(energies.length).toBeGreaterThan(90);
  expect(energies.at(-1)).toBe(cost);
  expect(energies.at(-1)).toBeLessThan(energies[0]! / 2);
});

test('what is not linear is where the linear optimum is not best', () => {
  const rng = createRng(6);
  const costs = Array.from({ length: 20 }, () => [1, 2 + rng.next(), 3 + rng.next()]);
  const growing = { weight: 0.3, loads: new Float64Array(3), sizes: new Float64Array(20).fill(1) };
  const problem = { matrix: costMatrix(costs, [20, 20, 20]), growing };
  const linear = totalCost(problem, solveAssignment(problem.matrix).columns);
  expect(antColony(problem, { rng }).cost).toBeLessThan(0.8 * linear);
});

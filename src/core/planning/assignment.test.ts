import { describe, expect, test } from 'vitest';
import { createRng, type Rng } from '../kernel/rng.ts';
import { solveAssignment } from './assignment.ts';
import { type Assignment, type CostMatrix, costMatrix } from './cost-matrix.ts';
import { bruteForce } from './testing/brute-force.ts';

const plain = ({ columns, total, infeasible }: Assignment) => ({ assignment: [...columns], total, infeasible });

describe('solveAssignment', () => {
  test.each([
    {
      why: 'square',
      costs: [
        [4, 1, 3],
        [2, 0, 5],
        [3, 2, 2],
      ],
      want: { assignment: [1, 0, 2], total: 5, infeasible: [] },
    },
    {
      why: 'negative costs',
      costs: [
        [-4, -1],
        [-3, -2],
      ],
      want: { assignment: [0, 1], total: -6, infeasible: [] },
    },
    {
      why: 'a row nobody serves',
      costs: [
        [null, null],
        [7, 1],
      ],
      want: { assignment: [-1, 1], total: 1, infeasible: [0] },
    },
    {
      why: 'one more row costs more, and counts more',
      costs: [
        [0, 1000],
        [0, null],
      ],
      want: { assignment: [1, 0], total: 1000, infeasible: [] },
    },
    {
      why: 'two rows for one place: the cheaper',
      costs: [
        [5, null, 1],
        [3, null, null],
        [4, null, null],
      ],
      want: { assignment: [2, 0, -1], total: 4, infeasible: [2] },
    },
    { why: 'wide', costs: [[9, 3, 5]], want: { assignment: [1], total: 3, infeasible: [] } },
    {
      why: 'tall: two each by default',
      costs: [
        [1, 9],
        [1, 9],
        [1, 2],
      ],
      want: { assignment: [0, 0, 1], total: 4, infeasible: [] },
    },
    { why: 'no rows', costs: [], want: { assignment: [], total: 0, infeasible: [] } },
    { why: 'no columns', costs: [[], []], want: { assignment: [-1, -1], total: 0, infeasible: [0, 1] } },
    {
      why: 'no place at all',
      costs: [[1], [2]],
      capacities: [0],
      want: { assignment: [-1, -1], total: 0, infeasible: [0, 1] },
    },
    {
      why: 'integers beside 2^53 stay exact',
      costs: [
        [2 ** 53 - 1, 1],
        [2 ** 53 - 2, 1],
      ],
      want: { assignment: [1, 0], total: 2 ** 53 - 1, infeasible: [] },
    },
  ])('$why', ({ costs, capacities, want }) => {
    expect(plain(solveAssignment(costMatrix(costs, capacities)))).toEqual(want);
  });

  test.each([
    [[[1, 2], [3]], undefined, /row 1 has 1 columns/],
    [[[1, Number.NaN]], undefined, /NaN/],
    [[[1, Number.NEGATIVE_INFINITY]], undefined, /-Infinity/],
    [[[1, 2]], [1], /1 capacities for 2 columns/],
    [[[1, 2]], [1, -1], /capacity -1/],
    [[[1, 2]], [1, 0.5], /capacity 0.5/],
  ])('%j with capacities %j is refused', (costs, capacities, says) => {
    expect(() => costMatrix(costs as number[][], capacities)).toThrow(says);
  });
});

/** Small integers make ties, and sums that are exact whatever the order. */
function randomMatrix(rng: Rng, most: number): CostMatrix {
  const [rows, columns] = [1 + rng.below(most), 1 + rng.below(most)];
  const range = [3, 20, 1000][rng.below(3)]!;
  const missing = [0, 0.2, 0.5, 0.8][rng.below(4)]!;
  const cell = () => (rng.next() < missing ? null : rng.below(2 * range + 1) - range);
  const costs = Array.from({ length: rows }, () => Array.from({ length: columns }, cell));
  const places = [() => 1, () => rng.below(3), () => rng.below(rows + 1)][rng.below(3)]!;
  return costMatrix(costs, Array.from({ length: columns }, places));
}

function expectValid({ columns: width, costs, capacities }: CostMatrix, { columns, total }: Assignment): void {
  const taken = new Int32Array(width);
  let sum = 0;
  for (const [i, j] of columns.entries()) {
    if (j < 0) continue;
    taken[j] = taken[j]! + 1;
    sum += costs[i * width + j]!;
  }
  expect(total).toBe(sum);
  expect(sum).toBeLessThan(Number.POSITIVE_INFINITY);
  expect(taken.every((count, j) => count <= capacities[j]!)).toBe(true);
}

describe('equals brute force', () => {
  test.each([
    { most: 4, runs: 4000 },
    { most: 6, runs: 1500 },
    { most: 8, runs: 60 },
  ])('up to $most rows and columns, $runs times', ({ most, runs }) => {
    const rng = createRng(most);
    for (let run = 0; run < runs; run++) {
      const matrix = randomMatrix(rng, most);
      const found = solveAssignment(matrix);
      expectValid(matrix, found);
      const assigned = matrix.rows - found.infeasible.length;
      expect({ run, assigned, cost: found.total + 0 }).toEqual({ run, ...bruteForce(matrix) });
    }
  });
});

/** Adding a number to a row or a column of a square matrix moves the total by just that: what is best stays best. */
test('larger matrices keep their best when rows and columns are raised', () => {
  const rng = createRng(7);
  for (let run = 0; run < 10; run++) {
    const size = 40 + rng.below(40);
    const costs = Array.from({ length: size }, () => Array.from({ length: size }, () => rng.below(1000)));
    const raise = Array.from({ length: 2 * size }, () => rng.below(100_000));
    const raised = costs.map((row, i) => row.map((cost, j) => cost + raise[i]! + raise[size + j]!));
    const sum = raise.reduce((total, each) => total + each, 0);
    expect(solveAssignment(costMatrix(raised)).total).toBe(solveAssignment(costMatrix(costs)).total + sum);
  }
});

test('many rows, few columns: capacities do as much as copied columns', () => {
  const rng = createRng(11);
  for (let run = 0; run < 10; run++) {
    const [rows, columns, each] = [60, 6, 8 + rng.below(4)];
    const costs = Array.from({ length: rows }, () => Array.from({ length: columns }, () => rng.below(500)));
    const copied = costs.map((row) => row.flatMap((cost) => new Array<number>(each).fill(cost)));
    const byCapacity = solveAssignment(costMatrix(costs, new Array(columns).fill(each)));
    const byCopies = solveAssignment(costMatrix(copied, new Array(columns * each).fill(1)));
    expect(byCapacity.total).toBe(byCopies.total);
    expect(byCapacity.infeasible.length).toBe(Math.max(0, rows - columns * each));
  }
});

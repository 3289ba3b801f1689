import { describe, expect, test } from 'vitest';
import { createRng, type Rng } from '../kernel/rng.ts';
import { type CostMatrix, costMatrix } from './cost-matrix.ts';
import { pack } from './packing.ts';
import { bruteForce } from './testing/brute-force.ts';

const related = (sizes: readonly number[], speeds: readonly number[], capacity = sizes.length): CostMatrix =>
  costMatrix(
    sizes.map((size) => speeds.map((speed) => size / speed)),
    speeds.map(() => capacity),
  );

const makespanOf =
  ({ columns: width, costs }: CostMatrix, ready: Float64Array) =>
  (columns: Int32Array): number => {
    const finish = ready.slice();
    for (const [i, j] of columns.entries()) if (j >= 0) finish[j] = finish[j]! + costs[i * width + j]!;
    return Math.max(0, ...finish);
  };

describe('pack', () => {
  test('Graham’s worst case for three endpoints: 11 where 9 is best, 4/3 − 1/9', () => {
    const { makespan, lowerBound, ratio } = pack({ times: related([5, 5, 4, 4, 3, 3, 3], [1, 1, 1]) });
    expect([makespan, lowerBound]).toEqual([11, 9]);
    expect(ratio).toBeCloseTo(4 / 3 - 1 / 9, 12);
  });

  test('a faster endpoint gets more', () => {
    const { columns, makespan } = pack({ times: related([6, 3, 3], [1, 3]) });
    expect([[...columns], makespan]).toEqual([[1, 0, 1], 3]);
  });

  test('what is ready later gets less', () => {
    const { columns, finish } = pack({ times: related([2, 2], [1, 1]), ready: Float64Array.of(5, 0) });
    expect([[...columns], [...finish]]).toEqual([
      [1, 1],
      [5, 4],
    ]);
  });

  test('capacities hold', () => {
    const { columns } = pack({ times: related([9, 1, 1, 1], [1, 1], 2) });
    expect([...columns].filter((each) => each === 0)).toHaveLength(2);
  });

  test('nobody loses the only place that is left to it', () => {
    // The long one would be done soonest at 0, where alone the short one can go.
    const times = costMatrix(
      [
        [5, 6],
        [1, null],
      ],
      [1, 1],
    );
    expect([...pack({ times }).columns]).toEqual([1, 0]);
  });

  test('a request that cannot be served is left out', () => {
    const packing = pack({
      times: costMatrix([
        [null, null],
        [2, 3],
      ]),
    });
    expect([[...packing.columns], packing.makespan, packing.ratio]).toEqual([[-1, 0], 2, 1]);
  });

  test.each([
    { why: 'no requests', times: costMatrix([], [1]) },
    { why: 'no endpoints', times: costMatrix([[], []]) },
    {
      why: 'no time at all',
      times: costMatrix([
        [0, 0],
        [0, 0],
      ]),
    },
  ])('$why: 0, and a ratio of 1', ({ times }) => {
    expect(pack({ times })).toMatchObject({ makespan: 0, lowerBound: 0, ratio: 1 });
  });
});

/** Sizes of a heavy tail: Pareto of shape 1.1, cut at 1000. */
const paretoSizes = (rng: Rng, count: number): number[] =>
  Array.from({ length: count }, () => Math.min(1000, (1 - rng.next()) ** (-1 / 1.1)));

test('equal endpoints without capacities: never above Graham’s 4/3 − 1/(3m) of the optimum, bound never above it', () => {
  const rng = createRng(1);
  for (let run = 0; run < 150; run++) {
    const endpoints = 2 + rng.below(3);
    const times = related(paretoSizes(rng, 1 + rng.below(7)), new Array(endpoints).fill(1));
    const best = bruteForce(times, makespanOf(times, new Float64Array(endpoints))).cost;
    const { makespan, lowerBound } = pack({ times });
    expect(makespan).toBeLessThanOrEqual(best * (4 / 3 - 1 / (3 * endpoints)) * (1 + 1e-12));
    expect(lowerBound).toBeLessThanOrEqual(best * (1 + 1e-12));
  }
});

test('any times, capacities, gaps and loads: as many as possible, bound ≤ optimum ≤ makespan', () => {
  const rng = createRng(2);
  for (let run = 0; run < 300; run++) {
    const [rows, columns] = [1 + rng.below(6), 1 + rng.below(4)];
    const cell = () => (rng.next() < 0.25 ? null : 1 + rng.below(50));
    const costs = Array.from({ length: rows }, () => Array.from({ length: columns }, cell));
    const times = costMatrix(
      costs,
      Array.from({ length: columns }, () => rng.below(4)),
    );
    const ready = Float64Array.from({ length: columns }, () => rng.below(20));
    const packing = pack({ times, ready });
    const best = bruteForce(times, makespanOf(times, ready));
    expect(packing.columns.reduce((count, column) => count + (column < 0 ? 0 : 1), 0)).toBe(best.assigned);
    expect(makespanOf(times, ready)(packing.columns)).toBeCloseTo(packing.makespan, 9);
    const taken = new Int32Array(columns);
    for (const column of packing.columns) if (column >= 0) taken[column] = taken[column]! + 1;
    expect(taken.every((count, j) => count <= times.capacities[j]!)).toBe(true);
    expect(best.cost).toBeLessThanOrEqual(packing.makespan * (1 + 1e-12));
    // Which rows are served may differ where not all are; the bound is of those that packing serves.
    if (best.assigned === rows) expect(packing.lowerBound).toBeLessThanOrEqual(best.cost * (1 + 1e-12));
  }
});

test('1,000 sizes of a heavy tail at 10 endpoints of three speeds: within 5 % of the bound', () => {
  const times = related(paretoSizes(createRng(3), 1000), [1, 1, 1, 1, 2, 2, 2, 4, 4, 4], 200);
  expect(pack({ times }).ratio).toBeLessThan(1.05);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRng, type Rng } from '../../src/core/kernel/rng.ts';
import { solveAssignment } from '../../src/core/planning/assignment.ts';
import { families, matrixOf } from './matrices.ts';
import { findScipy, type SolverProcess, startScipy } from './solver-process.ts';

const python = findScipy();
// Where everything is installed, as in .ci/run, a missing peer is a failure.
const skipped = python === undefined && process.env.CI !== 'true';
if (skipped) console.log('skipped: equality with SciPy, as no python3 here has scipy (apt-get install python3-scipy)');

const folder = mkdtempSync(join(tmpdir(), 'equipoise-scipy-'));
let scipy: SolverProcess;

async function expectSame(rows: number, columns: number, costs: Float64Array): Promise<void> {
  const file = join(folder, 'matrix');
  writeFileSync(file, costs);
  const { total } = await scipy.solve({ file, rows, columns, samples: 1, repeats: 1 });
  const ours = solveAssignment({ rows, columns, costs, capacities: new Int32Array(columns).fill(1) });
  expect(Math.abs(ours.total - total)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(total)));
  expect(rows - ours.infeasible.length).toBe(Math.min(rows, columns));
}

/** Wide, tall and square; SciPy assigns min(rows, columns) of them. */
function randomCosts(rng: Rng, cells: number): Float64Array {
  const cost = [() => rng.next(), () => rng.below(10), () => 1e6 * (rng.next() - 0.5)][rng.below(3)]!;
  return Float64Array.from({ length: cells }, cost);
}

describe.skipIf(skipped)('the optimum is SciPy’s, to 1e-9 of it', () => {
  beforeAll(async () => {
    scipy = await startScipy(python ?? 'python3');
  });
  afterAll(() => {
    scipy?.stop();
    rmSync(folder, { recursive: true });
  });

  test.each(families)('$name: 60² and 200²', async (family) => {
    for (const size of [60, 200]) await expectSame(size, size, matrixOf(family, size));
  });

  test('200 rectangles', async () => {
    const rng = createRng(1);
    for (let run = 0; run < 200; run++) {
      const [rows, columns] = [1 + rng.below(40), 1 + rng.below(40)];
      await expectSame(rows, columns, randomCosts(rng, rows * columns));
    }
  });
});

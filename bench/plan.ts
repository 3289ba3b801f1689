/**
 * The exact solver beside SciPy's `linear_sum_assignment`: milliseconds a solution, in turn, on the same matrices.
 *
 *   bun bench/plan.ts [--json FILE] [--sizes 100,500,1000,2000] [--rounds 7] [--family NAME]… [--node]
 *
 * Each round asks both, one after the other; a figure is the median of the rounds, and a round's figure the least of its
 * samples. Both hold the matrix in memory as 64-bit floats, row-major, before the clock starts. Both run in one process
 * that lives on, and ours has solved each matrix before (three times, or for as long as it takes 1.5 s), as in a process that plans for
 * long: without that, the first solutions of a few milliseconds would measure the compiler. `--node` adds ours, built,
 * on Node. Ends with 1 when a total differs by more than 1e-9 of it.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { solveAssignment } from '../src/core/planning/assignment.ts';
import { type CostMatrix, defaultCapacities } from '../src/core/planning/cost-matrix.ts';
import { median } from './harness/comparison.ts';
import { describeMachine } from './harness/machine.ts';
import { type Family, families, matrixOf } from './planning/matrices.ts';
import {
  findScipy,
  type SolveAnswer,
  type SolveRequest,
  type SolverProcess,
  startNode,
  startScipy,
} from './planning/solver-process.ts';

const TARGET = 1;
/** Enough solutions in a sample that the clock's steps do not matter. */
const SAMPLE_MS = 10;
const WARM_UP_MS = 1500;

interface Row {
  readonly family: string;
  readonly size: number;
  readonly total: number;
  /** Milliseconds by solver, a figure for each round. */
  readonly rounds: Readonly<Record<string, readonly number[]>>;
  /** Ours on Bun by SciPy's. */
  readonly ratio: number;
}

interface Solver {
  readonly name: string;
  solve(request: SolveRequest): Promise<SolveAnswer>;
}

function ours(matrix: CostMatrix): Solver {
  async function solve({ samples, repeats }: SolveRequest): Promise<SolveAnswer> {
    let [ms, total] = [Number.POSITIVE_INFINITY, 0];
    for (let sample = 0; sample < samples; sample++) {
      const started = performance.now();
      for (let k = 0; k < repeats; k++) total = solveAssignment(matrix).total;
      ms = Math.min(ms, (performance.now() - started) / repeats);
    }
    return { ms, total };
  }
  return { name: 'ours', solve };
}

function warmUp(matrix: CostMatrix): void {
  const started = performance.now();
  for (let k = 0; k < 3 || performance.now() - started < WARM_UP_MS; k++) solveAssignment(matrix);
}

async function measure(family: Family, size: number, rounds: number, others: readonly Solver[]): Promise<Row> {
  const costs = matrixOf(family, size);
  const matrix = { rows: size, columns: size, costs, capacities: defaultCapacities(size, size) };
  const file = join(folder, 'matrix');
  writeFileSync(file, costs);
  warmUp(matrix);
  const solvers = [ours(matrix), ...others];
  const once = { file, rows: size, columns: size, samples: 1, repeats: 1 };
  const first = await solvers[1]!.solve(once);
  // The first answer of a process that has just read the matrix is its warm-up.
  for (const other of others.slice(1)) for (let k = 0; k < 3; k++) await other.solve(once);
  const repeats = Math.max(1, Math.ceil(SAMPLE_MS / first.ms));
  const request = { ...once, repeats, samples: first.ms < 200 ? 3 : 1 };
  const figures = Object.fromEntries(solvers.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const solver of solvers) {
      const { ms, total } = await solver.solve(request);
      expectEqual(`${family.name} ${size}: ${solver.name}`, total, first.total);
      figures[solver.name]?.push(ms);
    }
  }
  const ratio = median(figures['ours']!) / median(figures['scipy']!);
  return { family: family.name, size, total: first.total, rounds: figures, ratio };
}

function expectEqual(what: string, total: number, reference: number): void {
  if (Math.abs(total - reference) <= 1e-9 * Math.max(1, Math.abs(reference))) return;
  console.error(`${what} finds ${total}, SciPy ${reference}`);
  process.exit(1);
}

function print(row: Row): void {
  const cells = Object.values(row.rounds).map((figures) => {
    const [middle, least, most] = [median(figures), Math.min(...figures), Math.max(...figures)];
    return `${digits(middle)} [${digits(least)}..${digits(most)}]`.padStart(28);
  });
  const verdict = row.ratio <= TARGET ? 'ok' : 'MISSED';
  console.log(
    `${row.family.padEnd(16)}${`${row.size}²`.padStart(6)}${cells.join('')}${row.ratio.toFixed(2).padStart(8)}  ${verdict}`,
  );
}

const digits = (ms: number): string => ms.toPrecision(3);

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    sizes: { type: 'string', default: '100,500,1000,2000' },
    rounds: { type: 'string', default: '7' },
    family: { type: 'string', multiple: true, default: families.map(({ name }) => name) },
    node: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'equipoise-plan-'));
const python = findScipy();
if (python === undefined) {
  console.error('SciPy is missing. On Debian: apt-get install python3-scipy');
  process.exit(1);
}
const scipy = await startScipy(python);
const node = values.node ? await startNode() : undefined;
const named = (name: string, { solve }: SolverProcess): Solver => ({ name, solve });
const others = [named('scipy', scipy), ...(node === undefined ? [] : [named('node', node)])];
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const machine = describeMachine();
const versions = { equipoise: commit, bun: Bun.version, scipy: scipy.version, ...(node && { node: node.version }) };
console.log(JSON.stringify({ machine, versions, rounds: Number(values.rounds) }, null, 2));
console.log(`\nms a solution, median [least..most]; ratio of the medians, target ≤ ${TARGET}\n`);
console.log(
  `${''.padEnd(22)}${['ours on Bun', 'SciPy', ...(node ? ['ours on Node'] : [])].map((each) => each.padStart(28)).join('')}   ratio`,
);
const rows: Row[] = [];
for (const size of values.sizes.split(',').map(Number)) {
  for (const family of families.filter(({ name }) => values.family.includes(name))) {
    const row = await measure(family, size, Number(values.rounds), others);
    print(row);
    rows.push(row);
  }
}
scipy.stop();
node?.stop();
rmSync(folder, { recursive: true });
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, versions, rows }, null, 2)}\n`);

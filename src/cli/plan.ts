import { resolve } from 'node:path';
import { proposal } from '../core/kernel/proposal.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import { type CliIo, exitCodes } from './io.ts';
import { type Options, usageText } from './options.ts';
import { loadBatch } from './plan/read-batch.ts';
import { formatPlan } from './plan/report.ts';
import { loadRules, methods, type SolveOptions, solve } from './plan/solve.ts';
import { printProblems } from './problems.ts';

export const planOptions = {
  method: {
    type: 'string',
    values: methods,
    summary:
      'exact (default): the optimum; packing: longest first, so that the last endpoint is done early, with its distance from the optimum; annealing: simulated annealing over the QUBO form; ant-colony: MAX-MIN ant system',
  },
  load: {
    type: 'string',
    values: loadRules,
    summary: 'annealing, ant-colony: growing counts what the batch itself assigns (default: fixed)',
  },
  seed: { type: 'string', summary: 'annealing, ant-colony: another course of chance, a number (default: 1)' },
  json: {
    type: 'boolean',
    default: false,
    summary: 'print { assignment, total, infeasible } and what the method adds',
  },
} as const satisfies Options;

const planUsage = usageText(
  `usage: equipoise plan <batch.json> [--method M] [--load L] [--seed N] [--json]

Assigns the requests of a batch to endpoints: as many as possible, and of those plans the one that costs least.
<batch.json> may be - for standard input.`,
  planOptions,
);

/** `equipoise plan`: 0 planned (what cannot be assigned is told), 1 the batch is wrong, 2 wrong usage. */
export async function plan(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readArguments(argv, planOptions, planUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const [file, another] = parsed.targets;
  if (file === undefined) return wrongUsage('plan: which batch?', planUsage, io);
  if (another !== undefined) return wrongUsage(`plan: one batch at a time, not also ${another}`, planUsage, io);
  const options = readOptions(parsed.values);
  if (typeof options === 'string') return wrongUsage(`plan: ${options}`, planUsage, io);
  return planFile(file, options, parsed.values.json === true, io);
}

async function planFile(file: string, options: SolveOptions, json: boolean, io: CliIo): Promise<number> {
  const name = file === '-' ? 'standard input' : file;
  const batch = await loadBatch(file === '-' ? '-' : resolve(io.cwd, file), name);
  if (!batch.ok) {
    printProblems(batch.problems, io);
    return exitCodes.failed;
  }
  const found = solve(batch.input, options);
  if (typeof found === 'string') {
    io.stderr(`${name}: ${found}\n`);
    return exitCodes.failed;
  }
  io.stdout(json ? `${JSON.stringify(found)}\n` : formatPlan(batch.input, found, options));
  return exitCodes.done;
}

interface Given {
  readonly method?: string | undefined;
  readonly load?: string | undefined;
  readonly seed?: string | undefined;
}

function readOptions({ method = 'exact', load = 'fixed', seed = '1' }: Given): SolveOptions | string {
  const chosen = methods.find((each) => each === method);
  if (chosen === undefined) return `there is no method "${method}"; ${proposal(method, methods)}`;
  const rule = loadRules.find((each) => each === load);
  if (rule === undefined) return `--load "${load}" is not known; ${proposal(load, loadRules)}`;
  if (rule === 'growing' && (chosen === 'exact' || chosen === 'packing')) {
    return `--load growing is not linear, and ${chosen} does not minimise it; add --method ant-colony or annealing`;
  }
  if (!/^\d{1,10}$/.test(seed) || Number(seed) >= 2 ** 32) return `--seed "${seed}" is no number from 0 to 4294967295`;
  return { method: chosen, load: rule, seed: Number(seed) };
}

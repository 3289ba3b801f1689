import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { Findings } from '../../config/findings.ts';
import { parseBySchema } from '../../config/issues.ts';
import { type ConfigProblem, type Finding, formatPath, sortProblems } from '../../config/problem.ts';
import { nameOf } from '../../config/reading.ts';
import { readYaml, type Source } from '../../config/source.ts';
import { proposal } from '../../core/kernel/proposal.ts';
import { type Batch, growingLoadProblem, linearCosts, packingProblem } from '../../core/planning/batch.ts';
import { type CostMatrix, costMatrix } from '../../core/planning/cost-matrix.ts';
import type { PlanningProblem } from '../../core/planning/objective.ts';
import type { PackingProblem } from '../../core/planning/packing.ts';
import { BatchFile, CostsFile } from './batch-schema.ts';

/** A batch, whichever way it was written. */
export interface PlanInput {
  readonly requests: readonly string[];
  readonly endpoints: readonly string[];
  readonly linear: CostMatrix;
  /** Absent for a matrix of costs, which has no loads. */
  readonly growing?: PlanningProblem;
  /** Absent for a matrix of costs below 0, which are no times. */
  readonly packing?: PackingProblem;
}

export type BatchResult =
  | { readonly ok: true; readonly input: PlanInput }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads a batch (JSON, or YAML) from a file, or from standard input where `path` is `-`. Never rejects. */
export async function loadBatch(path: string, name: string): Promise<BatchResult> {
  try {
    return parseBatch(path === '-' ? await standardInput() : readFileSync(path, 'utf8'), name);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    return { ok: false, problems: [{ file: name, path: '', message: `cannot be read: ${reason}` }] };
  }
}

async function standardInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
  return text;
}

/** Every mistake is reported, as a value; never throws. */
export function parseBatch(text: string, file: string): BatchResult {
  // JSON first: it is read a hundred times as fast, and a matrix may have millions of cells.
  const json = fromJson(text);
  const source = json ?? readYaml(text);
  const mistakes = source.mistakes.map(({ line, column, message }) => ({ file, line, column, path: '', message }));
  if (mistakes.length > 0) return { ok: false, problems: mistakes };
  const judged = judge(source.value);
  if (!Array.isArray(judged)) return { ok: true, input: judged };
  const { locate } = json === undefined ? source : readYaml(text);
  const place = ({ path, message, fix, on }: Finding): ConfigProblem => ({
    file,
    ...locate?.(path, on),
    path: formatPath(path),
    message,
    ...(fix !== undefined && { fix }),
  });
  return { ok: false, problems: sortProblems(judged.map(place)) };
}

function fromJson(text: string): Source | undefined {
  try {
    return { value: JSON.parse(text) as unknown, mistakes: [] };
  } catch {
    return undefined;
  }
}

/** The batch, or what is wrong with it. */
function judge(value: unknown): PlanInput | Finding[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const fix = 'write { "costs": [[…], …] } or { "requests": […], "endpoints": […] }';
    return [{ path: [], message: `expected a batch, found ${nameOf(value)}`, fix, on: 'value', certain: true }];
  }
  return 'costs' in value ? judgeCosts(value) : judgeBatch(value);
}

function judgeCosts(value: object): PlanInput | Finding[] {
  const { value: file, findings } = parseBySchema(CostsFile, value);
  const found = [...findings, ...checkCells((value as { costs: unknown }).costs)];
  if (file === undefined || found.length > 0) return [...found, ...checkWidth(value)];
  const wrong = checkWidth(value);
  return wrong.length > 0 ? wrong : fromCosts(file);
}

function fromCosts({ costs, capacities }: z.infer<typeof CostsFile>): PlanInput {
  const linear = costMatrix(costs as (number | null)[][], capacities);
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index));
  return {
    requests: numbered(linear.rows),
    endpoints: numbered(linear.columns),
    linear,
    ...(linear.costs.every((each) => each >= 0) && { packing: { times: linear } }),
  };
}

/** More would hide the first. */
const MOST_CELLS = 100;

function checkCells(costs: unknown): Finding[] {
  const { problems, problem } = collected();
  if (!Array.isArray(costs)) return problems;
  const width = Array.isArray(costs[0]) ? costs[0].length : 0;
  for (const [i, row] of costs.entries()) {
    if (!Array.isArray(row)) continue;
    if (row.length !== width) {
      problem(
        ['costs', i],
        `has ${row.length} columns, the first row ${width}`,
        'give all rows a cost for each endpoint',
      );
    }
    for (const [j, cell] of row.entries()) {
      if (cell === null || Number.isFinite(cell)) continue;
      if (problems.length >= MOST_CELLS) return problems;
      problem(['costs', i, j], `expected a number, found ${nameOf(cell)}`, 'write null where an endpoint cannot serve');
    }
  }
  return problems;
}

function checkWidth(value: object): Finding[] {
  const { problems, problem } = collected();
  const { costs, capacities } = value as { costs?: unknown; capacities?: unknown };
  if (!Array.isArray(costs) || !Array.isArray(capacities) || !Array.isArray(costs[0])) return problems;
  const [has, needs] = [capacities.length, costs[0].length];
  if (has !== needs) problem(['capacities'], `has ${has} entries for ${needs} columns`, 'give one for each endpoint');
  return problems;
}

function judgeBatch(value: object): PlanInput | Finding[] {
  const { value: batch, findings } = parseBySchema(BatchFile, value);
  const found = [...findings, ...(batch === undefined ? [] : checkNames(batch))];
  return batch === undefined || found.length > 0 ? found : fromBatch(batch);
}

function fromBatch(batch: Batch): PlanInput {
  return {
    requests: batch.requests.map(({ id }) => id),
    endpoints: batch.endpoints.map(({ id }) => id),
    linear: linearCosts(batch),
    growing: growingLoadProblem(batch),
    packing: packingProblem(batch),
  };
}

/** Names are used once, and those of endpoints exist. */
function checkNames({ requests, endpoints }: Batch): Finding[] {
  const { problems, problem } = collected();
  for (const [list, each] of Object.entries({ requests, endpoints })) {
    const seen = new Set<string>();
    for (const [index, { id }] of each.entries()) {
      if (seen.has(id)) problem([list, index, 'id'], `"${id}" is there twice`, 'give each its own id');
      seen.add(id);
    }
  }
  const known = endpoints.map(({ id }) => id);
  for (const [index, { latencyMs, resource = {} }] of requests.entries()) {
    for (const [key, names] of Object.entries({ latencyMs, resource })) {
      for (const name of Object.keys(names)) {
        if (known.includes(name)) continue;
        problem(['requests', index, key, name], `there is no endpoint "${name}"`, proposal(name, known), 'key');
      }
    }
  }
  return problems;
}

function collected() {
  const findings = new Findings();
  return { problems: findings.problems, problem: findings.problem.bind(findings) };
}

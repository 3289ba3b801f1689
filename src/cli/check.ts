import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { effectiveConfig, effectiveInput } from '../config/effective.ts';
import { type ConfigResult, loadConfig } from '../config/load.ts';
import { type ConfigProblem, formatProblem } from '../config/problem.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import { type CliIo, exitCodes } from './io.ts';
import { type Options, usageText } from './options.ts';

export const checkOptions = {
  effective: { type: 'boolean', default: false, summary: 'print it with all defaults filled in, secrets hidden' },
  json: { type: 'boolean', default: false, summary: 'print the result as JSON' },
} as const satisfies Options;

const checkUsage = usageText(
  `usage: equipoise check <config> [--effective] [--json]

Reads a configuration (YAML, JSON or a TypeScript module) and reports every mistake in it.`,
  checkOptions,
);

interface Flags {
  readonly effective: boolean;
  readonly json: boolean;
}

/** `equipoise check`: 0 the file is good, 1 it is not, 2 wrong usage. */
export async function check(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readArguments(argv, checkOptions, checkUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const { values: flags, targets } = parsed;
  const [path, another] = targets;
  if (path === undefined) return wrongUsage('check: which file?', checkUsage, io);
  if (another !== undefined) return wrongUsage(`check: one file at a time, not also ${another}`, checkUsage, io);
  const result = withGivenName(await loadConfig(resolve(io.cwd, path), { env: io.env }), path);
  if (flags.json) io.stdout(`${JSON.stringify(toJson(result, flags), null, 2)}\n`);
  else report(result, path, flags, io);
  return result.ok ? exitCodes.done : exitCodes.failed;
}

/** Problems name the file as the caller did. */
function withGivenName(result: ConfigResult, file: string): ConfigResult {
  const rename = (problems: readonly ConfigProblem[]) => problems.map((each) => ({ ...each, file }));
  if (result.ok) return { ...result, warnings: rename(result.warnings) };
  return { ok: false, problems: rename(result.problems) };
}

function report(result: ConfigResult, path: string, flags: Flags, io: CliIo): void {
  const problems = result.ok ? [] : result.problems;
  const warnings = result.ok ? result.warnings : [];
  for (const each of problems) io.stderr(`${paint(formatProblem(each), 31, io)}\n`);
  for (const each of warnings) io.stderr(`${paint(`${formatProblem(each)} (warning)`, 33, io)}\n`);
  if (!result.ok) io.stderr(`${path}: ${count(problems.length, 'problem')}\n`);
  else if (flags.effective) io.stdout(effectiveConfig(result.config, result.origin));
  else io.stdout(`${path}: ok, ${summary(result.config)}\n`);
}

function toJson(result: ConfigResult, { effective }: Flags): unknown {
  if (!result.ok) return result;
  const { ok, warnings, config } = result;
  return { ok, warnings, ...(effective && { config: effectiveInput(config) }) };
}

function summary({ listeners, pools }: Config): string {
  const endpoints = Object.values(pools).reduce((sum, pool) => sum + pool.endpoints.length, 0);
  const parts = [count(Object.keys(listeners).length, 'listener'), count(Object.keys(pools).length, 'pool')];
  return [...parts, count(endpoints, 'endpoint')].join(', ');
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

const paint = (text: string, code: number, { color }: CliIo): string => (color ? `\x1b[${code}m${text}\x1b[0m` : text);

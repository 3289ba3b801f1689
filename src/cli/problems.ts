import { type ConfigProblem, formatProblem } from '../config/problem.ts';
import type { CliIo } from './io.ts';

/** Mistakes and warnings as `check` prints them. */
export function printProblems(problems: readonly ConfigProblem[], io: CliIo): void {
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`);
}

export function printWarnings(warnings: readonly ConfigProblem[], io: CliIo): void {
  for (const warning of warnings) io.stderr(`${formatProblem(warning)} (warning)\n`);
}

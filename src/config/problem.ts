/** A mistake (or a warning) in a configuration, with the place and the way out. */
export interface ConfigProblem {
  readonly file: string;
  /** From 1; absent where the file is a module, which has no positions. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** `pools.a.endpoints[0].weight`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What to do about it, as a phrase that follows the message. */
  readonly fix?: string;
}

export type Path = readonly (string | number)[];

/** A problem before its path was turned into a position. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly fix?: string;
  /** Which end of the entry is wrong: its key (unknown, missing below it) or its value. */
  readonly on: 'key' | 'value';
  /** False where a syntax error elsewhere in the file may be the true cause. */
  readonly certain: boolean;
}

/** Writes a path as a person would: dots between plain names, brackets otherwise. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** One line: `bad.yaml:5:5 pools.a.polcy: unknown key "polcy"; did you mean "policy"?` */
export function formatProblem({ file, line, column, path, message, fix }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  const subject = path === '' ? place : `${place} ${path}`;
  return fix === undefined ? `${subject}: ${message}` : `${subject}: ${message}; ${fix}`;
}

/** Orders by line, then column; what has no line comes first. */
export function sortProblems(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

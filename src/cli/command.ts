import type { CliIo } from './io.ts';
import type { Options, RunningNames } from './options.ts';

/** One line of the table that dispatch, usage and the completions of shells are made from. */
export interface Command {
  readonly name: string;
  /** As the usage shows what comes without a dash. */
  readonly parameters: string;
  /** What that is, for shells; absent: nothing that they could know. */
  readonly words?: Words;
  readonly summary: string;
  readonly options: Options;
  readonly start: (argv: readonly string[], io: CliIo) => Promise<number>;
}

/** One of some words, files by the ends of their names, or, once, what a running program knows. */
export type Words = { readonly oneOf: readonly string[] } | { readonly files: readonly string[] } | RunningNames;

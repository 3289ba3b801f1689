import { parseArgs } from 'node:util';
import { closest } from '../core/kernel/proposal.ts';
import { type CliIo, exitCodes } from './io.ts';
import { helpOption, type Options } from './options.ts';

export type ParsedArguments<O extends Options> =
  | { readonly kind: 'ok'; readonly values: ReturnType<typeof parse<O>>['values']; readonly targets: readonly string[] }
  /** Everything was said; end with this code. */
  | { readonly kind: 'end'; readonly code: number };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function parse<const O extends Options>(args: readonly string[], options: O) {
  return parseArgs({
    args: [...args],
    options: { ...(options as Mutable<O>), help: helpOption },
    allowPositionals: true,
  });
}

/** Reads a command's arguments; prints `usage` on `--help` (0) and on a mistake (2). */
export function readArguments<const O extends Options>(
  argv: readonly string[],
  options: O,
  usage: string,
  io: CliIo,
): ParsedArguments<O> {
  const unknown = unknownOption(argv, options);
  if (unknown !== undefined) return { kind: 'end', code: wrongUsage(unknown, usage, io) };
  try {
    const { values, positionals } = parse(argv, options);
    if ((values as { help?: boolean }).help !== true) return { kind: 'ok', values, targets: positionals };
    io.stdout(usage);
    return { kind: 'end', code: exitCodes.done };
  } catch (error) {
    return { kind: 'end', code: wrongUsage((error as Error).message, usage, io) };
  }
}

/** The first option that the command does not have, with the nearest one that it has. */
function unknownOption(argv: readonly string[], options: Options): string | undefined {
  const known: Options = { ...options, help: helpOption };
  const { tokens } = parseArgs({ args: [...argv], options: known, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option' || Object.hasOwn(known, token.name)) continue;
    const names = Object.keys(known);
    const guess = closest(token.name, names);
    const hint = guess === undefined ? `known here: --${names.join(', --')}` : `did you mean --${guess}?`;
    return `there is no option ${token.rawName}; ${hint}`;
  }
  return undefined;
}

/** Says what is wrong and how it is right; returns the exit code. */
export function wrongUsage(message: string, usage: string, io: CliIo): number {
  io.stderr(`equipoise: ${message}\n\n${usage}`);
  return exitCodes.usage;
}

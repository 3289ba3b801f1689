import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type CliIo, exitCodes } from './io.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

export type ParsedArguments<O extends Options> =
  | { readonly kind: 'ok'; readonly values: ReturnType<typeof parse<O>>['values']; readonly targets: readonly string[] }
  /** Everything was said; end with this code. */
  | { readonly kind: 'end'; readonly code: number };

function parse<const O extends Options>(args: readonly string[], options: O) {
  const help = { type: 'boolean', short: 'h' } as const;
  return parseArgs({ args: [...args], options: { ...options, help }, allowPositionals: true });
}

/** Reads a command's arguments; prints `usage` on `--help` (0) and on a mistake (2). */
export function readArguments<const O extends Options>(
  argv: readonly string[],
  options: O,
  usage: string,
  io: CliIo,
): ParsedArguments<O> {
  try {
    const { values, positionals } = parse(argv, options);
    if ((values as { help?: boolean }).help !== true) return { kind: 'ok', values, targets: positionals };
    io.stdout(usage);
    return { kind: 'end', code: exitCodes.done };
  } catch (error) {
    return { kind: 'end', code: wrongUsage((error as Error).message, usage, io) };
  }
}

/** Says what is wrong and how it is right; returns the exit code. */
export function wrongUsage(message: string, usage: string, io: CliIo): number {
  io.stderr(`equipoise: ${message}\n\n${usage}`);
  return exitCodes.usage;
}

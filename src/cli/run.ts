import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import { type CliIo, exitCodes } from './io.ts';
import { type Options, usageText } from './options.ts';
import { printProblems, printWarnings } from './problems.ts';
import { serveUntilStopped } from './serving.ts';
import { watchFile } from './watch-file.ts';

export const runOptions = {
  watch: { type: 'boolean', summary: 'reads it again whenever the file changes' },
  takeover: {
    type: 'boolean',
    summary: 'serves beside the equipoise that listens there already, and lets that drain: an upgrade without a gap',
  },
} as const satisfies Options;

const runUsage = usageText(
  `usage: equipoise run <config> [--watch] [--takeover]

Serves what the configuration says (YAML, JSON or a TypeScript module) until SIGTERM or SIGINT. Then it stops accepting,
lets what is in flight finish within drainTimeout and exits with 0; a second signal ends it at once.
SIGHUP reads the configuration again and serves it without a gap; one with mistakes changes nothing.`,
  runOptions,
);

/** `equipoise run`: 0 drained, 1 the configuration is wrong or something cannot be bound, 2 wrong usage. */
export async function run(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readArguments(argv, runOptions, runUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const [file, another] = parsed.targets;
  if (file === undefined) return wrongUsage('run: which configuration?', runUsage, io);
  if (another !== undefined) return wrongUsage(`run: one configuration at a time, not also ${another}`, runUsage, io);
  const path = resolve(io.cwd, file);
  const read = () => readConfig(path, file, io);
  const config = await read();
  if (config === undefined) return exitCodes.failed;
  const watch = (onChange: () => void) => watchFile(path, onChange);
  const { takeover = false, watch: watches = false } = parsed.values;
  return serveUntilStopped(config, io, { source: { file: path, read, ...(watches && { watch }) }, takeover });
}

/** Undefined where it has mistakes, which are printed. */
async function readConfig(path: string, file: string, io: CliIo): Promise<Config | undefined> {
  const result = await loadConfig(path, { env: io.env });
  if (!result.ok) {
    printProblems(
      result.problems.map((each) => ({ ...each, file })),
      io,
    );
    return undefined;
  }
  printWarnings(
    result.warnings.map((each) => ({ ...each, file })),
    io,
  );
  return result.config;
}

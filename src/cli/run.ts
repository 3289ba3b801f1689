import { resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import { type CliIo, exitCodes } from './io.ts';
import { printProblems, printWarnings } from './problems.ts';
import { serveUntilStopped } from './serving.ts';

export const runUsage = `usage: equipoise run <config>

Serves what the configuration says (YAML, JSON or a TypeScript module) until SIGTERM or SIGINT. Then it stops accepting,
lets what is in flight finish within drainTimeout and exits with 0; a second signal ends it at once.
`;

/** `equipoise run`: 0 drained, 1 the configuration is wrong or something cannot be bound, 2 wrong usage. */
export async function run(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readArguments(argv, {}, runUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const [file, another] = parsed.targets;
  if (file === undefined) return wrongUsage('run: which configuration?', runUsage, io);
  if (another !== undefined) return wrongUsage(`run: one configuration at a time, not also ${another}`, runUsage, io);
  const result = await loadConfig(resolve(io.cwd, file), { env: io.env });
  if (!result.ok) {
    printProblems(
      result.problems.map((each) => ({ ...each, file })),
      io,
    );
    return exitCodes.failed;
  }
  printWarnings(
    result.warnings.map((each) => ({ ...each, file })),
    io,
  );
  return serveUntilStopped(result.config, io);
}

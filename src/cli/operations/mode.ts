import { type CliIo, exitCodes } from '../io.ts';
import { usageText } from '../options.ts';
import { describe, patch, readNamed, say, title } from './endpoint-change.ts';
import { adminOptions, readOperation } from './operation-arguments.ts';

const maintenanceUsage = usageText(
  `usage: equipoise maintenance <pool>/<endpoint>

Gives an endpoint nothing at all. "equipoise ready" takes it back.`,
  adminOptions,
);

const readyUsage = usageText(
  `usage: equipoise ready <pool>/<endpoint>

Takes an endpoint back after "drain" or "maintenance".`,
  adminOptions,
);

/** `equipoise maintenance`: 0 every worker has applied it, 1 it could not be done, 2 wrong usage. */
export const maintenance = (argv: readonly string[], io: CliIo): Promise<number> =>
  setMode('maintenance', maintenanceUsage, argv, io);

/** `equipoise ready`: as `maintenance`. */
export const ready = (argv: readonly string[], io: CliIo): Promise<number> => setMode('ready', readyUsage, argv, io);

async function setMode(
  mode: 'ready' | 'maintenance',
  usage: string,
  argv: readonly string[],
  io: CliIo,
): Promise<number> {
  const parsed = readOperation(argv, adminOptions, usage, io);
  if (parsed.kind === 'end') return parsed.code;
  const named = readNamed(mode, parsed.words, 1, usage, io);
  if (typeof named === 'number') return named;
  const endpoint = await patch(parsed.target, named, { mode }, mode, io);
  if (endpoint === undefined) return exitCodes.failed;
  say(endpoint, `${title(named)} is ${describe(endpoint)}`, parsed.json, io);
  return exitCodes.done;
}

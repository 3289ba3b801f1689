import { wrongUsage } from '../arguments.ts';
import { type CliIo, exitCodes } from '../io.ts';
import { usageText } from '../options.ts';
import { patch, readNamed, say, title } from './endpoint-change.ts';
import { adminOptions, readOperation } from './operation-arguments.ts';

const weightUsage = usageText(
  `usage: equipoise weight <pool>/<endpoint> <n>

Sets the weight of an endpoint, 0 to 65535; 0 gets nothing.`,
  adminOptions,
);

/** `equipoise weight`: as `maintenance`. */
export async function weight(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readOperation(argv, adminOptions, weightUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const named = readNamed('weight', parsed.words, 2, weightUsage, io);
  if (typeof named === 'number') return named;
  const text = parsed.words[1];
  if (text === undefined || !/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    return wrongUsage(`weight: ${text === undefined ? 'which weight?' : `"${text}" is no weight`}`, weightUsage, io);
  }
  const endpoint = await patch(parsed.target, named, { weight: Number(text) }, 'weight', io);
  if (endpoint === undefined) return exitCodes.failed;
  const { configured, effective } = endpoint.weight;
  const growing = effective === Number(text) ? '' : `, now ${effective} (slow start)`;
  say(endpoint, `${title(named)} has weight ${text}${growing} (configured: ${configured})`, parsed.json, io);
  return exitCodes.done;
}

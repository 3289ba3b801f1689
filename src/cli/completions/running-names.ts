import { parseArgs } from 'node:util';
import type { OverviewWire, PoolListWire } from '../../admin/wire.ts';
import type { Command } from '../command.ts';
import type { CliIo } from '../io.ts';
import { callAdmin } from '../operations/admin-client.ts';
import { targetOf } from '../operations/operation-arguments.ts';
import type { RunningNames } from '../options.ts';

/** Who presses Tab waits no longer. */
const LIMIT_MS = 1000;

/**
 * What a running program knows by name, of that kind, where it could follow `words`: a command and what was typed behind it, the
 * last word without the one that is being completed. The program is the one that the command itself would ask.
 *
 * Errors  none: who cannot be asked, or does not answer within 1 s, knows nothing.
 */
export async function readRunningNames(
  kind: RunningNames['running'],
  words: readonly string[],
  commands: readonly Command[],
  io: CliIo,
): Promise<readonly string[]> {
  const command = commands.find(({ name }) => name === words[0]);
  if (command === undefined) return [];
  const { values, positionals } = parseArgs({ args: words.slice(1), options: command.options, strict: false });
  const { admin, token } = values;
  // A second name is not wanted; and by a configuration nobody is asked.
  if (kind === 'listener' ? typeof admin !== 'string' : positionals.length > 0) return [];
  const target = targetOf(admin, token, io);
  if (typeof target === 'string') return [];
  const limited = { ...target, limitMs: LIMIT_MS };
  if (kind === 'listener') {
    const reply = await callAdmin<OverviewWire>(limited, 'GET', '/api/v1/overview');
    return reply.ok ? reply.value.listeners.map(({ name }) => name) : [];
  }
  const reply = await callAdmin<PoolListWire>(limited, 'GET', '/api/v1/pools');
  if (!reply.ok) return [];
  return reply.value.pools.flatMap(({ name, endpoints }) => [
    ...(kind === 'pool' ? [name] : []),
    ...endpoints.map(({ id }) => `${name}/${id}`),
  ]);
}

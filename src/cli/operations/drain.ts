import { setTimeout as sleep } from 'node:timers/promises';
import type { EndpointWire } from '../../admin/wire.ts';
import { duration, formatDuration } from '../../config/scalars.ts';
import { wrongUsage } from '../arguments.ts';
import { type CliIo, exitCodes } from '../io.ts';
import { type Options, usageText } from '../options.ts';
import type { AdminTarget } from './admin-client.ts';
import { describe, fail, type Named, patch, readNamed, say, title } from './endpoint-change.ts';
import { adminOptions, readOperation } from './operation-arguments.ts';
import { findEndpoint, readPool } from './status.ts';

export const drainOptions = {
  watch: { type: 'boolean', summary: 'wait until nothing is in flight any more (exit code 0)' },
  max: { type: 'string', summary: 'wait no longer than that (exit code 1; default 30m)' },
  ...adminOptions,
} as const satisfies Options;

const drainUsage = usageText(
  `usage: equipoise drain <pool>/<endpoint> [--watch] [--max 30m]

Gives an endpoint nothing new; what is under way goes on. "equipoise ready" takes it back.`,
  drainOptions,
);

/** `equipoise drain`: 0 it drains (with `--watch`: nothing is in flight), 1 not, or not in time, 2 wrong usage. */
export async function drain(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readOperation(argv, drainOptions, drainUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const named = readNamed('drain', parsed.words, 1, drainUsage, io);
  if (typeof named === 'number') return named;
  const { watch, max } = parsed.values;
  const limit = duration().safeParse(max ?? '30m');
  if (!limit.success) return wrongUsage(`drain: --max ${limit.error.issues[0]!.message}`, drainUsage, io);
  if (max !== undefined && watch !== true) return wrongUsage('drain: --max goes with --watch', drainUsage, io);
  const endpoint = await patch(parsed.target, named, { mode: 'draining' }, 'drain', io);
  if (endpoint === undefined) return exitCodes.failed;
  if (watch === true) return watchDrain(parsed.target, named, endpoint, limit.data, parsed.json, io);
  say(endpoint, `${title(named)} is ${describe(endpoint)}`, parsed.json, io);
  return exitCodes.done;
}

const POLL_MS = 250;

async function watchDrain(
  target: AdminTarget,
  named: Named,
  first: EndpointWire,
  limitMs: number,
  json: boolean,
  io: CliIo,
): Promise<number> {
  const startedAt = performance.now();
  const waited = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  let endpoint = first;
  for (let told = -1; endpoint.inFlight > 0; ) {
    if (!json && endpoint.inFlight !== told) io.stdout(`${title(named)}: ${endpoint.inFlight} in flight\n`);
    told = endpoint.inFlight;
    const leftMs = limitMs - (performance.now() - startedAt);
    if (leftMs <= 0) {
      if (json) io.stdout(`${JSON.stringify(endpoint)}\n`);
      return fail('drain', `${title(named)}: ${told} still in flight after ${formatDuration(limitMs)}`, io);
    }
    await sleep(Math.min(POLL_MS, leftMs));
    const pool = await readPool(target, named.pool);
    const reply = pool.ok ? findEndpoint(pool.value, named.id) : pool;
    if (!reply.ok) return fail('drain', reply.message, io);
    endpoint = reply.value;
    if (endpoint.mode === 'ready') return fail('drain', `${title(named)} is ready again: somebody took it back`, io);
  }
  say(endpoint, `${title(named)} is drained after ${waited()}`, json, io);
  return exitCodes.done;
}

import { sharersOf } from '../../admin/fairness.ts';
import type { EndpointWire, PoolListWire, PoolWire } from '../../admin/wire.ts';
import { proposal } from '../../core/kernel/proposal.ts';
import { wrongUsage } from '../arguments.ts';
import { type CliIo, exitCodes } from '../io.ts';
import { type Options, usageText } from '../options.ts';
import { type AdminTarget, callAdmin, type Reply } from './admin-client.ts';
import { adminOptions, poolPath, readOperation, readSubject, type Subject } from './operation-arguments.ts';
import { table } from './table.ts';

export const statusOptions = {
  weights: {
    type: 'boolean',
    summary: 'configured and effective weights, where they come from, and the shares they led to',
  },
  ready: {
    type: 'boolean',
    summary: 'only whether the program takes new connections, by the exit code too; needs no token',
  },
  ...adminOptions,
} as const satisfies Options;

const statusUsage = usageText(
  `usage: equipoise status [<pool>[/<endpoint>]] [--weights]
       equipoise status --ready

Shows the pools of a running program: who may be picked, and who not and why.`,
  statusOptions,
);

/** `equipoise status`: 0 shown, 1 it cannot be asked, is not ready or there is no such thing, 2 wrong usage. */
export async function status(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readOperation(argv, statusOptions, statusUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const { target, json, values, words } = parsed;
  if (values['ready'] === true && words.length > 0)
    return wrongUsage('status: --ready is about the program as a whole', statusUsage, io);
  if (values['ready'] === true) return tellReady(target, json, io);
  if (words.length > 1)
    return wrongUsage(`status: one pool or endpoint at a time, not also ${words[1]}`, statusUsage, io);
  const subject = words[0] === undefined ? null : readSubject(words[0]);
  if (subject === undefined) return wrongUsage(`status: "${words[0]}" is no <pool>/<endpoint>`, statusUsage, io);
  const reply = await readShown(target, subject);
  if (!reply.ok) {
    io.stderr(`equipoise: status: ${reply.message}\n`);
    return exitCodes.failed;
  }
  if (json) io.stdout(`${JSON.stringify(asJson(reply.value, subject), null, 2)}\n`);
  else io.stdout(reply.value.map(values['weights'] === true ? describeWeights : describePool).join('\n'));
  return exitCodes.done;
}

/** As `/readyz` has it, which a supervisor without a request of its own may ask by this. */
async function tellReady(target: AdminTarget, json: boolean, io: CliIo): Promise<number> {
  const reply = await callAdmin<{ readonly status: string }>(target, 'GET', '/readyz');
  if (!reply.ok) {
    io.stderr(`equipoise: status: ${reply.message}\n`);
    return exitCodes.failed;
  }
  io.stdout(json ? `${JSON.stringify(reply.value, null, 2)}\n` : `${reply.value.status}\n`);
  return exitCodes.done;
}

/** A pool, and those of its endpoints that are asked for. */
interface Shown {
  readonly pool: PoolWire;
  readonly endpoints: readonly EndpointWire[];
}

async function readShown(target: AdminTarget, subject: Subject | null): Promise<Reply<readonly Shown[]>> {
  if (subject === null) {
    const reply = await callAdmin<PoolListWire>(target, 'GET', '/api/v1/pools');
    return reply.ok ? { ok: true, value: reply.value.pools.map(whole) } : reply;
  }
  const reply = await readPool(target, subject.pool);
  if (!reply.ok) return reply;
  if (subject.endpoint === undefined) return { ok: true, value: [whole(reply.value)] };
  const endpoint = findEndpoint(reply.value, subject.endpoint);
  return endpoint.ok ? { ok: true, value: [{ pool: reply.value, endpoints: [endpoint.value] }] } : endpoint;
}

const whole = (pool: PoolWire): Shown => ({ pool, endpoints: pool.endpoints });

export const readPool = (target: AdminTarget, pool: string): Promise<Reply<PoolWire>> =>
  callAdmin<PoolWire>(target, 'GET', poolPath(pool));

export function findEndpoint({ name, endpoints }: PoolWire, id: string): Reply<EndpointWire> {
  const found = endpoints.find((each) => each.id === id);
  if (found !== undefined) return { ok: true, value: found };
  const hint =
    proposal(
      id,
      endpoints.map((each) => each.id),
    ) ?? 'it has none';
  return { ok: false, status: 404, message: `pool ${name} has no endpoint "${id}"; ${hint}` };
}

function asJson(shown: readonly Shown[], subject: Subject | null): unknown {
  if (subject === null) return { pools: shown.map(({ pool }) => pool) };
  return subject.endpoint === undefined ? shown[0]!.pool : shown[0]!.endpoints[0];
}

function describePool({ pool, endpoints }: Shown): string {
  const { name, policy, eligible, inFlight, latencyMs } = pool;
  const latency = latencyMs && `p50 ${round(latencyMs.p50)} ms, p99 ${round(latencyMs.p99)} ms`;
  const facts = [policy, `${eligible} eligible`, `${inFlight} in flight`, ...(latency === undefined ? [] : [latency])];
  const rows = endpoints.map((each) => [
    each.id,
    each.mode,
    each.health,
    each.inFlight,
    total(each),
    each.failures,
    shortWeight(each.weight.effective),
    remark(each),
  ]);
  const head = ['endpoint', 'mode', 'health', 'in flight', 'requests', 'failed', 'weight', ''];
  return `pool ${name}: ${facts.join(', ')}\n${tableOf(head, rows)}`;
}

/** What people must know beside the numbers. */
function remark({ eligible, reasons, backup, addedAtRuntime, breaker, lastCheck, health }: EndpointWire): string {
  const remarks = eligible ? [] : [`not picked: ${reasons.join(', ')}`];
  if (backup) remarks.push('backup');
  if (addedAtRuntime) remarks.push('added at run time');
  if (breaker === 'half-open') remarks.push('circuit breaker is half-open');
  if (eligible && health !== 'down' && lastCheck?.ok === false) remarks.push(`last check: ${lastCheck.reason}`);
  return remarks.join('; ');
}

/** Shares are of the whole pool, whoever is shown. */
function describeWeights({ pool, endpoints }: Shown): string {
  const all = pool.endpoints.reduce((sum, each) => sum + total(each), 0);
  const sharers = sharersOf(pool.endpoints);
  const weights = pool.endpoints.reduce((sum, each) => sum + (sharers.has(each.id) ? each.weight.effective : 0), 0);
  const rows = endpoints.map((each) => [
    each.id,
    each.weight.configured,
    shortWeight(each.weight.effective),
    each.weight.origin,
    sharers.has(each.id) ? percent(each.weight.effective, weights) : '0 %',
    percent(total(each), all),
  ]);
  const head = ['endpoint', 'configured', 'effective', 'from', 'wanted share', 'share of requests'];
  return `pool ${pool.name}: ${pool.policy}\n${tableOf(head, rows)}`;
}

const tableOf = (...[head, rows]: Parameters<typeof table>): string =>
  rows.length === 0 ? '  it has no endpoint\n' : table(head, rows);

const total = ({ requests }: EndpointWire): number => Object.values(requests).reduce((sum, each) => sum + each, 0);
const percent = (part: number, whole: number): string => (whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`);
/** Three digits are what a histogram holds. */
const round = (value: number): number => Number(value.toPrecision(3));
/** During a slow start it is a fraction with a long tail; as configured it is told exactly. */
const shortWeight = (weight: number): number => (Number.isInteger(weight) ? weight : round(weight));

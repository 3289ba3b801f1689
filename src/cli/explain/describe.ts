import type { ExplainedWire } from '../../admin/explain-wire.ts';
import { table } from '../operations/table.ts';

type Pick = NonNullable<ExplainedWire['pick']>;

/** An explanation for people. */
export function describeExplanation(explained: ExplainedWire): string {
  const { listener, listenerReason, worker, clientIp, refused, pick } = explained;
  const lines = [`listener ${listener}: ${listenerReason}`];
  lines.push(`client   ${clientIp === '' ? 'of a unix socket' : clientIp}`);
  if (refused !== undefined) return text([...lines, `answer   ${refused.status}: ${refused.reason}`]);
  lines.push(...explained.routes.map(describeRoute), ...destination(explained));
  if (worker !== undefined) lines.push(`worker   ${worker}; another one knows and draws for itself`);
  if (pick === undefined) return text(lines);
  lines.push(
    ...pick.notes.map((note) => `note     ${note}`),
    `pick     ${pick.endpoint ?? `nobody: ${NONE[pick.none!]}`}`,
  );
  return pick.endpoints.length === 0 ? text(lines) : `${text(lines)}\n${endpoints(pick)}`;
}

const NONE: Readonly<Record<NonNullable<Pick['none']>, string>> = {
  'no-endpoints': 'the pool has no endpoint',
  'none-eligible': 'no endpoint is eligible',
  'none-of-role': 'no eligible endpoint has the role',
  'all-at-limit': 'every eligible endpoint is at its limit',
  'all-tried': 'every eligible endpoint was tried',
};

const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

function describeRoute({ index, name, matches, failed }: ExplainedWire['routes'][number]): string {
  if (matches) return `route    ${index} ${name}: matches`;
  const reasons = failed.map(
    ({ condition, wanted, found }) => `${condition} is ${found || 'empty'}, not ${wanted.join(' or ')}`,
  );
  return `         ${index} ${name}: ${reasons.join('; ')}`;
}

function destination({ routes, route, answer, pool, pools, key, cost }: ExplainedWire): string[] {
  if (answer !== undefined)
    return [`answer   ${answer.status}${answer.location === undefined ? '' : ` to ${answer.location}`}`];
  if (pool === undefined) return route === undefined && routes.length > 0 ? ['answer   404: no route matches'] : [];
  const shares =
    pools === undefined ? '' : `, next in turn of ${pools.map((each) => `${each.pool} ${each.weight}`).join(', ')}`;
  const given = [
    ...(key === undefined ? [] : [`key ${key}`]),
    ...(cost === undefined || cost === 1 ? [] : [`cost ${cost}`]),
  ];
  return [`pool     ${pool}${shares}${given.length === 0 ? '' : `; ${given.join(', ')}`}`];
}

/** The one that is picked is marked; the policy's numbers stand behind. */
function endpoints({ endpoint, endpoints: all }: Pick): string {
  const rows = all.map((each) => [
    `${each.id === endpoint ? '→' : ' '} ${each.id}`,
    each.reasons.length === 0 ? 'could serve' : each.reasons.join('; '),
    each.inFlight,
    Number(each.effectiveWeight.toPrecision(3)),
    Object.entries(each.policy)
      .map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`)
      .join(', '),
  ]);
  return table(['  endpoint', '', 'in flight', 'weight', 'policy'], rows);
}

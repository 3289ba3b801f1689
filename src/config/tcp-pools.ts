import type { Findings } from './findings.ts';
import type { Path } from './problem.ts';
import { fieldOf, listOf } from './raw.ts';

/** Warns of what pools want to know of requests where a tcp listener leads to them: a connection has none of it. */
export function checkTcpPools(
  found: Findings,
  listeners: readonly [string, unknown][],
  pools: readonly [string, unknown][],
): void {
  const tcp = listeners.map(([, each]) => each).filter((each) => fieldOf(each, 'protocol') === 'tcp');
  const used = new Set(tcp.flatMap(poolsOf));
  for (const [name, pool] of pools) {
    if (!used.has(name)) continue;
    checkKey(found, ['pools', name, 'policy'], fieldOf(pool, 'policy'));
    if (fieldOf(pool, 'cost') !== undefined) {
      found.warning(['pools', name, 'cost'], 'a tcp connection costs 1', 'leave it out');
    }
  }
}

function poolsOf(listener: unknown): unknown[] {
  const routes = listOf(fieldOf(listener, 'routes'));
  const named = routes.flatMap((route) => [route, ...listOf(fieldOf(route, 'pools'))]);
  return [listener, ...named].map((each) => fieldOf(each, 'pool'));
}

function checkKey(found: Findings, path: Path, policy: unknown): void {
  const key = fieldOf(policy, 'key');
  if (typeof key === 'string' && key !== 'client-ip') {
    found.warning(
      [...path, 'key'],
      `a tcp connection has no ${key}: the client's address is its key`,
      'write client-ip',
    );
  }
  const wrapped = fieldOf(policy, 'policy');
  if (wrapped !== undefined) checkKey(found, [...path, 'policy'], wrapped);
}

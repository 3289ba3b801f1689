import type { Findings } from './findings.ts';
import type { Path } from './problem.ts';
import { entriesOf, fieldOf, has, listOf } from './raw.ts';

/** Whose answers name a role; MySQL and PostgreSQL only to a user. */
const reporting = ['mysql', 'postgres', 'redis'];

/** Checks that a role stands where it means something, and that its pools may ever have it. */
export function checkRoles(found: Findings, file: unknown): void {
  const pools = new Map(entriesOf(fieldOf(file, 'pools')));
  for (const [name, listener] of entriesOf(fieldOf(file, 'listeners'))) {
    const path = ['listeners', name];
    if (has(listener, 'role') && has(listener, 'routes')) {
      found.problem([...path, 'role'], 'stands beside routes', 'give it to the routes', 'key');
    }
    checkRole(found, path, listener, pools);
    for (const [index, route] of listOf(fieldOf(listener, 'routes')).entries()) {
      const at = [...path, 'routes', index];
      if (has(route, 'role') && !has(route, 'pool') && !has(route, 'pools')) {
        found.problem([...at, 'role'], 'means nothing without a pool', 'leave it out', 'key');
      }
      checkRole(found, at, route, pools);
    }
  }
}

function checkRole(found: Findings, path: Path, destination: unknown, pools: ReadonlyMap<string, unknown>): void {
  const role = fieldOf(destination, 'role');
  if (typeof role !== 'string') return;
  const names = [
    fieldOf(destination, 'pool'),
    ...listOf(fieldOf(destination, 'pools')).map((each) => fieldOf(each, 'pool')),
  ];
  for (const name of names) {
    const pool = typeof name === 'string' ? pools.get(name) : undefined;
    if (pool === undefined || mayHave(pool, role)) continue;
    const message = `no endpoint of pool "${name}" is ${role}, and no check tells`;
    found.problem(
      [...path, 'role'],
      message,
      'give an endpoint that role, or let a check of mysql, postgres or redis report it',
    );
  }
}

function mayHave(pool: unknown, role: string): boolean {
  const health = fieldOf(pool, 'health');
  const type = fieldOf(health, 'type');
  if (reporting.includes(String(type)) && (type === 'redis' || has(health, 'user'))) return true;
  return has(pool, 'discovery') || listOf(fieldOf(pool, 'endpoints')).some((each) => fieldOf(each, 'role') === role);
}

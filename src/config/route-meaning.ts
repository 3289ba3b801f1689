import { proposal } from '../core/kernel/proposal.ts';
import type { Findings } from './findings.ts';
import type { Path } from './problem.ts';
import { entriesOf, fieldOf, has, listOf, numberOf, textsOf } from './raw.ts';

const destinations = ['pool', 'pools', 'redirect', 'respond'];
const httpOnly = {
  timeouts: ['head', 'body', 'keepAlive'],
  limits: ['headBytes', 'headerFields', 'bodyBytes'],
};

/** Checks a listener's routes: destinations, references (those met are added to `used`), and who hides whom. */
export function checkListener(
  found: Findings,
  path: Path,
  listener: unknown,
  pools: readonly string[],
  used: Set<string>,
): void {
  if (entriesOf(listener).length === 0) return;
  checkShape(found, path, listener);
  if (fieldOf(listener, 'protocol') === 'tcp') checkTcp(found, path, listener);
  checkReference(found, [...path, 'pool'], fieldOf(listener, 'pool'), pools, used);
  const routes = listOf(fieldOf(listener, 'routes'));
  for (const [index, route] of routes.entries()) {
    const at = [...path, 'routes', index];
    checkDestination(found, at, route);
    checkReference(found, [...at, 'pool'], fieldOf(route, 'pool'), pools, used);
    checkWeightedPools(found, [...at, 'pools'], listOf(fieldOf(route, 'pools')), pools, used);
    checkRespond(found, [...at, 'respond'], fieldOf(route, 'respond'));
  }
  checkReach(found, [...path, 'routes'], routes);
}

function checkShape(found: Findings, path: Path, listener: unknown): void {
  const [routes, pool] = [has(listener, 'routes'), has(listener, 'pool')];
  if (routes && pool) found.problem([...path, 'pool'], 'stands beside routes', 'keep one of them', 'key');
  if (!routes && !pool) found.problem(path, 'leads nowhere', 'add routes, or pool', 'key');
}

/** Nothing of http is there to be read on a tcp connection. */
function checkTcp(found: Findings, path: Path, listener: unknown): void {
  const refuse = (at: Path) => found.problem(at, 'means nothing to a tcp listener', 'leave it out', 'key');
  if (has(listener, 'trustedProxies')) refuse([...path, 'trustedProxies']);
  for (const [section, keys] of Object.entries(httpOnly)) {
    for (const key of keys) if (has(fieldOf(listener, section), key)) refuse([...path, section, key]);
  }
  for (const [index, route] of listOf(fieldOf(listener, 'routes')).entries()) {
    for (const key of ['match', 'redirect', 'respond', 'timeouts']) {
      if (has(route, key)) refuse([...path, 'routes', index, key]);
    }
  }
}

function checkDestination(found: Findings, path: Path, route: unknown): void {
  if (typeof route !== 'object' || route === null) return;
  const given = destinations.filter((each) => has(route, each));
  if (given.length === 1) return;
  if (given.length === 0) found.problem(path, 'has no destination', `add one of ${destinations.join(', ')}`, 'key');
  else found.problem([...path, given[1]!], `stands beside ${given[0]}`, 'a route has one destination', 'key');
}

function checkReference(found: Findings, path: Path, name: unknown, pools: readonly string[], used: Set<string>): void {
  if (typeof name !== 'string') return;
  used.add(name);
  if (pools.includes(name)) return;
  found.problem(path, `there is no pool "${name}"`, proposal(name, pools) ?? 'add it under pools');
}

function checkWeightedPools(
  found: Findings,
  path: Path,
  shares: readonly unknown[],
  pools: readonly string[],
  used: Set<string>,
): void {
  for (const [index, share] of shares.entries()) {
    checkReference(found, [...path, index, 'pool'], fieldOf(share, 'pool'), pools, used);
  }
  const names = shares.map((each) => fieldOf(each, 'pool'));
  const twice = names.findIndex((name, index) => name !== undefined && names.indexOf(name) < index);
  if (twice >= 0) found.problem([...path, twice, 'pool'], `"${names[twice]}" is in this list twice`, 'add the weights');
  const weights = shares.map((each) => numberOf(fieldOf(each, 'weight') ?? 1));
  if (weights.length > 0 && weights.every((each) => each === 0)) {
    found.problem(path, 'every weight is 0', 'give one pool a weight', 'key');
  }
}

/** RFC 9110, sections 15.3.5 and 15.4.5: these answers have no body. */
function checkRespond(found: Findings, path: Path, respond: unknown): void {
  const status = numberOf(fieldOf(respond, 'status'));
  const body = fieldOf(respond, 'body');
  if ((status !== 204 && status !== 304) || body === undefined || body === '') return;
  found.problem([...path, 'body'], `an answer with status ${status} has no body`, 'leave it out');
}

interface Match {
  readonly host: readonly string[] | undefined;
  readonly path: readonly string[] | undefined;
  readonly method: readonly string[] | undefined;
}

/** Warns of each route that an earlier one leaves nothing to. */
function checkReach(found: Findings, path: Path, routes: readonly unknown[]): void {
  const earlier = new Map<string, number>();
  const broad = new Map<string, { match: Match; index: number }[]>();
  for (const [index, route] of routes.entries()) {
    const match = readMatch(fieldOf(route, 'match'));
    if (match === undefined) continue;
    const key = JSON.stringify([match.host ?? null, match.path ?? null, match.method ?? null]);
    const candidates = bucketsToSearch(match).flatMap((bucket) => broad.get(bucket) ?? []);
    const cover = earlier.get(key) ?? candidates.find((each) => covers(each.match, match))?.index;
    if (cover !== undefined) {
      const message = `can never match: routes[${cover}] takes everything that it would`;
      found.warning([...path, index], message, 'put it before that one, or leave it out');
      continue;
    }
    earlier.set(key, index);
    if (!isBroad(match)) continue;
    for (const bucket of bucketsOf(match)) {
      const held = broad.get(bucket);
      if (held === undefined) broad.set(bucket, [{ match, index }]);
      else held.push({ match, index });
    }
  }
}

/**
 * Where a broad route is kept: under its exact hosts, else under the first segments of its paths, else under `*`.
 * A configuration of thousands of routes is then not compared pair by pair.
 */
function bucketsOf({ host, path }: Match): readonly string[] {
  if (host?.every((each) => !each.startsWith('*.'))) return [...new Set(host.map((each) => `host ${each}`))];
  if (path?.every((each) => each !== '/*')) return [...new Set(path.map((each) => `path ${firstSegment(each)}`))];
  return ['*'];
}

/** A route that covers `match` takes its first host and its first path, so it is in one of these. */
function bucketsToSearch({ host, path }: Match): readonly string[] {
  const buckets = ['*'];
  if (host !== undefined) buckets.push(`host ${host[0]}`);
  if (path !== undefined) buckets.push(`path ${firstSegment(path[0] ?? '')}`);
  return buckets;
}

const firstSegment = (path: string): string => path.split('/', 2)[1] ?? '';

function readMatch(match: unknown): Match | undefined {
  const [host, path, method] = ['host', 'path', 'method'].map((key) => fieldOf(match, key));
  const read = (value: unknown) => (value === undefined ? [] : textsOf(value));
  const lists = [read(host), read(path), read(method)];
  if (lists.includes(undefined)) return undefined;
  return {
    host: host === undefined ? undefined : lists[0]!.map((each) => each.toLowerCase()),
    path: path === undefined ? undefined : lists[1],
    method: method === undefined ? undefined : lists[2],
  };
}

function isBroad({ host, path, method }: Match): boolean {
  if (host === undefined || path === undefined) return true;
  const wild = host.some((each) => each.startsWith('*.')) || path.some((each) => each.endsWith('/*'));
  return wild || method === undefined || host.length > 1 || path.length > 1 || method.length > 1;
}

function covers(wide: Match, narrow: Match): boolean {
  return (
    every(
      wide.host,
      narrow.host,
      (a, b) => a === b || (a.startsWith('*.') && b.length > a.length - 1 && b.endsWith(a.slice(1))),
    ) &&
    every(wide.path, narrow.path, (a, b) => a === b || (a.endsWith('/*') && b.startsWith(a.slice(0, -1)))) &&
    every(wide.method, narrow.method, (a, b) => a === b)
  );
}

function every(
  wide: readonly string[] | undefined,
  narrow: readonly string[] | undefined,
  takes: (wide: string, narrow: string) => boolean,
): boolean {
  if (wide === undefined) return true;
  return narrow?.every((b) => wide.some((a) => takes(a, b))) ?? false;
}

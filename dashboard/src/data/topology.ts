import { endpointKey, type History, poolKey, trafficKey } from './history.ts';
import type { OverviewWire } from './store.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** Columns from left to right. */
export type Column = 'listener' | 'route' | 'pool' | 'endpoint';

export interface FlowNode {
  readonly key: string;
  readonly column: Column;
  readonly name: string;
  readonly detail: string;
  /** Requests a second; absent where they are not counted. */
  readonly perSecond?: number;
  readonly verdict?: Verdict;
  /** Where a click leads: the id of an element. */
  readonly target?: string;
}

export interface FlowLink {
  readonly from: string;
  readonly to: string;
  readonly perSecond: number;
  readonly failedShare: number;
  /** Nothing may flow here now, or nothing is counted. */
  readonly idle: boolean;
}

export interface Topology {
  readonly nodes: readonly FlowNode[];
  readonly links: readonly FlowLink[];
}

type Listener = OverviewWire['listeners'][number];
type Route = Listener['routes'][number];
type Pool = OverviewWire['pools'][number];

/** Endpoints of a pool drawn one by one; those with the least traffic are drawn as one. */
const MOST_ENDPOINTS = 12;

export const poolElement = (pool: string): string => `pool-${pool}`;
export const endpointElement = (pool: string, id: string): string => `endpoint-${pool}-${id}`;

/** Who sends how much to whom. */
export function topologyOf({ listeners, pools }: OverviewWire, history: History): Topology {
  const nodes: FlowNode[] = [];
  const links: FlowLink[] = [];
  for (const listener of listeners) addListener(listener, history, nodes, links);
  for (const pool of pools) addPool(pool, history, nodes, links);
  return { nodes, links };
}

function addListener(listener: Listener, history: History, nodes: FlowNode[], links: FlowLink[]): void {
  const { name, protocol, addresses, routes, traffic } = listener;
  const key = `listener ${name}`;
  const flows = new Map(traffic.map(({ pool }) => [pool, history.now(trafficKey(name, pool))]));
  const perSecond = [...flows.values()].reduce((sum, each) => sum + each.perSecond, 0);
  nodes.push({ key, column: 'listener', name, detail: `${protocol} ${addresses.join(', ')}`, perSecond });
  for (const [i, group] of groupRoutes(routes).entries()) {
    const groupKey = `route ${name} ${i}`;
    const pools = [...new Set(group.flatMap((route) => route.pools.map((each) => each.pool)))];
    const total = pools.reduce((sum, pool) => sum + (flows.get(pool)?.perSecond ?? 0), 0);
    const failed = pools.reduce((sum, pool) => sum + (flows.get(pool)?.failedPerSecond ?? 0), 0);
    nodes.push({
      key: groupKey,
      column: 'route',
      ...describeGroup(group),
      ...(pools.length > 0 && { perSecond: total }),
    });
    const share = total > 0 ? Math.min(1, failed / total) : 0;
    links.push({ from: key, to: groupKey, perSecond: total, failedShare: share, idle: pools.length === 0 });
    for (const pool of pools) {
      const { perSecond: flow = 0, failedShare = 0 } = flows.get(pool) ?? {};
      links.push({ from: groupKey, to: `pool ${pool}`, perSecond: flow, failedShare, idle: false });
    }
  }
}

/** What goes to a pool is counted for each listener, not for each route: routes to the same pool are drawn as one. */
function groupRoutes(routes: readonly Route[]): Route[][] {
  const groups: Route[][] = [];
  for (const route of routes) {
    const names = new Set(route.pools.map(({ pool }) => pool));
    const touched = groups.filter((group) => group.some((each) => each.pools.some(({ pool }) => names.has(pool))));
    const [first, ...others] = touched;
    if (first === undefined) groups.push([route]);
    else first.push(...others.flat(), route);
    for (const other of others) groups.splice(groups.indexOf(other), 1);
  }
  return groups;
}

function describeGroup(group: readonly Route[]): { readonly name: string; readonly detail: string } {
  const [first] = group;
  const name = first!.match.length === 0 ? 'everything' : first!.match.join(' ');
  const others = group.length > 1 ? `and ${group.length - 1} more` : '';
  const shares =
    first!.pools.length > 1 ? first!.pools.map(({ share }) => `${Math.round(share * 100)} %`).join(' : ') : '';
  const answer = first!.answer === undefined ? '' : `answers ${first!.answer}`;
  return { name, detail: [answer, shares, others].filter((each) => each !== '').join(', ') };
}

function addPool(pool: Pool, history: History, nodes: FlowNode[], links: FlowLink[]): void {
  const { name, policy, endpoints } = pool;
  const key = poolKey(name);
  const { perSecond } = history.now(key);
  nodes.push({ key, column: 'pool', name, detail: policy, perSecond, target: poolElement(name) });
  const flows = endpoints.map((endpoint) => ({ endpoint, now: history.now(endpointKey(name, endpoint.id)) }));
  const isMany = flows.length > MOST_ENDPOINTS;
  const ranked = isMany ? flows.toSorted((a, b) => b.now.perSecond - a.now.perSecond) : flows;
  const shown = isMany ? ranked.slice(0, MOST_ENDPOINTS - 1) : ranked;
  for (const { endpoint, now } of shown) {
    const to = endpointKey(name, endpoint.id);
    const verdict = verdictOf(endpoint);
    const target = endpointElement(name, endpoint.id);
    nodes.push({
      key: to,
      column: 'endpoint',
      name: endpoint.id,
      detail: '',
      perSecond: now.perSecond,
      verdict,
      target,
    });
    links.push({ from: key, to, perSecond: now.perSecond, failedShare: now.failedShare, idle: !endpoint.eligible });
  }
  if (!isMany) return;
  const rest = ranked.slice(MOST_ENDPOINTS - 1).reduce((sum, { now }) => sum + now.perSecond, 0);
  const others = `others ${name}`;
  const title = `${flows.length - shown.length} others`;
  nodes.push({ key: others, column: 'endpoint', name: title, detail: '', perSecond: rest, target: poolElement(name) });
  links.push({ from: key, to: others, perSecond: rest, failedShare: 0, idle: false });
}

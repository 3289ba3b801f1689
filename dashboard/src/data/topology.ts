import { fold, limitFor, rankOfTraffic } from './fold.ts';
import type { History, Now } from './history.ts';
import { bytes } from './numbers.ts';
import type { EndpointWire, OverviewWire, PoolWire } from './store.ts';
import { answersKey, bytesKey, endpointKey, isTcpPool, listenerKey, poolKey, routeKey, trafficKey } from './totals.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** Columns from left to right. */
export type Column = 'listener' | 'route' | 'pool' | 'endpoint';

/** What flows: requests a second, or, of tcp, connections that are open. */
export type Unit = 'requests' | 'connections';

export interface FlowNode {
  readonly key: string;
  readonly column: Column;
  readonly name: string;
  readonly detail: string;
  readonly unit: Unit;
  /** Absent where it is not counted. */
  readonly flow?: number;
  readonly verdict?: Verdict;
  /** Where a click leads: to the first of these elements, by id, that is there. */
  readonly targets?: readonly string[];
  /** The listener whose routes a click shows all, or folds again. */
  readonly unfolds?: string;
}

export interface FlowLink {
  readonly from: string;
  readonly to: string;
  readonly unit: Unit;
  readonly flow: number;
  readonly failedShare: number;
}

export interface Topology {
  readonly nodes: readonly FlowNode[];
  readonly links: readonly FlowLink[];
}

type Listener = OverviewWire['listeners'][number];
type Route = Listener['routes'][number];

/** Endpoints before those of large pools are folded, and what is left of each list at least. */
const MOST_ENDPOINTS = 24;
const LEAST = 4;

export const poolElement = (pool: string): string => `pool-${pool}`;
export const endpointElement = (pool: string, id: string): string => `endpoint-${pool}-${id}`;

/** Who sends how much to whom. Of more than `mostRoutes` some are drawn as one, but for the listeners that are `unfolded`. */
export function topologyOf(
  overview: OverviewWire,
  history: History,
  unfolded: ReadonlySet<string>,
  mostRoutes: number,
): Topology {
  const builder = new Builder(overview, history);
  const { listeners, pools } = overview;
  const routes = limitFor(sizesOf(listeners.map((each) => each.routes)), mostRoutes, LEAST);
  for (const each of listeners) builder.addListener(each, routes, unfolded.has(each.name));
  const endpoints = limitFor(sizesOf(pools.map((each) => each.endpoints)), MOST_ENDPOINTS, LEAST);
  for (const each of pools) builder.addPool(each, endpoints);
  return builder;
}

const sizesOf = (lists: readonly (readonly unknown[])[]): number[] => lists.map(({ length }) => length);

class Builder implements Topology {
  readonly nodes: FlowNode[] = [];
  readonly links: FlowLink[] = [];
  readonly #history: History;
  readonly #listeners: readonly Listener[];

  constructor({ listeners }: OverviewWire, history: History) {
    this.#history = history;
    this.#listeners = listeners;
  }

  addListener(listener: Listener, limit: number, isUnfolded: boolean): void {
    const { name, protocol, addresses, routes, connections } = listener;
    const key = listenerKey(name);
    const unit = protocol === 'tcp' ? 'connections' : 'requests';
    const flow = unit === 'requests' ? this.#history.now(key).perSecond : connections.open;
    const detail = [protocol, ...(unit === 'connections' ? [this.#bytes(name)] : []), addresses.join(', ')].join(' · ');
    this.nodes.push({ key, column: 'listener', name, detail, unit, flow });
    const all = routes.map((route, index) => ({ route, index }));
    const { shown, rest } = fold(all, isUnfolded ? all.length : limit, ({ index }) => this.#rankOfRoute(name, index));
    for (const each of shown) this.#addRoute(listener, each.route, each.index);
    if (rest.length > 0) this.#addOtherRoutes(listener, rest);
    if (isUnfolded && routes.length > limit) {
      const text = { name: 'Fewer routes', detail: '' };
      this.nodes.push({ key: `fold ${name}`, column: 'route', ...text, unit, unfolds: name });
    }
    this.#addAnswers(listener);
  }

  #bytes(listener: string): string {
    const perSecond = (direction: 'received' | 'sent') => this.#history.now(bytesKey(listener, direction)).perSecond;
    return `${bytes(perSecond('received') + perSecond('sent'))}/s`;
  }

  #rankOfRoute(listener: string, index: number): number {
    const route = routeKey(listener, index);
    const pools = this.#listeners.find(({ name }) => name === listener)!.routes[index]!.traffic ?? [];
    return rankOfTraffic(pools.reduce((sum, { pool }) => sum + this.#history.recent(trafficKey(route, pool)), 0));
  }

  #addRoute(listener: Listener, route: Route, index: number): void {
    const key = routeKey(listener.name, index);
    const flows = this.#flowsOf(listener, route, key);
    const total = sumOf([...flows.values()]);
    const isCounted = route.traffic !== undefined || listener.protocol === 'tcp';
    const unit = listener.protocol === 'tcp' ? 'connections' : 'requests';
    const counted = isCounted && route.pools.length > 0 ? { flow: total.flow } : {};
    this.nodes.push({ key, column: 'route', ...describeRoute(route, isCounted), unit, ...counted });
    this.links.push({ from: listenerKey(listener.name), to: key, unit, ...total });
    for (const [pool, each] of flows) this.links.push({ from: key, to: poolKey(pool), unit, ...each });
  }

  /** By pool; of tcp nothing is counted by route, and it has but one. */
  #flowsOf(listener: Listener, route: Route, key: string): Map<string, Flow> {
    const pools = [...new Set([...route.pools, ...(route.traffic ?? [])].map(({ pool }) => pool))];
    if (listener.protocol !== 'tcp') {
      return new Map(pools.map((pool) => [pool, flowOf(this.#history.now(trafficKey(key, pool)))]));
    }
    const flow = listener.connections.open / Math.max(1, listener.routes.length * pools.length);
    return new Map(pools.map((pool) => [pool, { flow, failedShare: 0 }]));
  }

  #addOtherRoutes(listener: Listener, rest: readonly { readonly route: Route; readonly index: number }[]): void {
    const key = `other routes ${listener.name}`;
    const flows = new Map<string, Flow[]>();
    for (const { route, index } of rest) {
      for (const [pool, flow] of this.#flowsOf(listener, route, routeKey(listener.name, index))) {
        flows.set(pool, [...(flows.get(pool) ?? []), flow]);
      }
    }
    const unit = 'requests';
    const total = sumOf([...flows.values()].flat());
    const text = { name: `${rest.length} more routes`, detail: 'show all' };
    this.nodes.push({ key, column: 'route', ...text, unit, flow: total.flow, unfolds: listener.name });
    this.links.push({ from: listenerKey(listener.name), to: key, unit, ...total });
    for (const [pool, each] of flows) this.links.push({ from: key, to: poolKey(pool), unit, ...sumOf(each) });
  }

  /** What the balancer answered itself of late: redirects, fixed answers, 404, 503. */
  #addAnswers({ name, answers }: Listener): void {
    const key = answersKey(name);
    if (this.#history.recent(key) === 0) return;
    const flow = flowOf(this.#history.now(key));
    const lately = Object.keys(answers).filter((status) => this.#history.recent(answersKey(name, status)) > 0);
    const text = { name: 'answered here', detail: lately.join(', ') };
    this.nodes.push({ key, column: 'route', ...text, unit: 'requests', flow: flow.flow });
    this.links.push({ from: listenerKey(name), to: key, unit: 'requests', ...flow });
  }

  addPool({ name, policy, endpoints, inFlight }: PoolWire, limit: number): void {
    const key = poolKey(name);
    const unit = isTcpPool(name, this.#listeners) ? 'connections' : 'requests';
    const flow = unit === 'requests' ? this.#history.now(key).perSecond : inFlight;
    this.nodes.push({ key, column: 'pool', name, detail: policy, unit, flow, targets: [poolElement(name)] });
    const flowOfEndpoint = (each: EndpointWire): Flow => {
      const { perSecond, failedShare } = this.#history.now(endpointKey(name, each.id));
      return { flow: unit === 'requests' ? perSecond : each.inFlight, failedShare };
    };
    const { shown, rest } = fold(endpoints, limit, (each) => this.#rankOfEndpoint(name, each));
    for (const endpoint of shown) {
      const to = endpointKey(name, endpoint.id);
      const own = flowOfEndpoint(endpoint);
      const verdict = verdictOf(endpoint);
      const targets = [endpointElement(name, endpoint.id), poolElement(name)];
      this.nodes.push({
        key: to,
        column: 'endpoint',
        name: endpoint.id,
        detail: '',
        unit,
        flow: own.flow,
        verdict,
        targets,
      });
      this.links.push({ from: key, to, unit, ...own });
    }
    if (rest.length === 0) return;
    const others = `others ${name}`;
    const total = sumOf(rest.map(flowOfEndpoint));
    const text = { name: `${rest.length} others`, detail: '' };
    this.nodes.push({ key: others, column: 'endpoint', ...text, unit, flow: total.flow, targets: [poolElement(name)] });
    this.links.push({ from: key, to: others, unit, ...total });
  }

  /** Those in trouble first. */
  #rankOfEndpoint(pool: string, endpoint: EndpointWire): number {
    const { tone } = verdictOf(endpoint);
    const trouble = { bad: 3000, warn: 2000, idle: 1000, good: 0 }[tone];
    return trouble + rankOfTraffic(this.#history.recent(endpointKey(pool, endpoint.id)));
  }
}

interface Flow {
  readonly flow: number;
  readonly failedShare: number;
}

const flowOf = ({ perSecond, failedShare }: Now): Flow => ({ flow: perSecond, failedShare });

function sumOf(flows: readonly Flow[]): Flow {
  const flow = flows.reduce((sum, each) => sum + each.flow, 0);
  const failed = flows.reduce((sum, each) => sum + each.flow * each.failedShare, 0);
  return { flow, failedShare: flow > 0 ? failed / flow : 0 };
}

/** The path tells routes apart best, then the host; `match` has each condition in words. */
function describeRoute(route: Route, isCounted: boolean): { readonly name: string; readonly detail: string } {
  const { match, pools, answer } = route;
  const name = match.find((each) => each.startsWith('/')) ?? match.find((each) => each.includes('.')) ?? match[0];
  const shares = pools.length > 1 ? pools.map(({ share }) => `${Math.round(share * 100)} %`).join(' : ') : '';
  const answers = answer === undefined ? '' : `answers ${answer}`;
  const uncounted = isCounted ? '' : 'not counted by itself';
  const others = match.filter((each) => each !== name);
  const detail = [...others, answers, shares, uncounted].filter((each) => each !== '').join(' · ');
  return { name: name ?? 'everything', detail };
}

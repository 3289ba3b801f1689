import { NO_STEPS, type Steps, sumSteps } from './latency.ts';
import type { EndpointWire, OverviewWire, PoolWire } from './store.ts';
import { type Tone, verdictOf } from './verdict.ts';

/** Counts since the start of one thing: an endpoint, a pool, what a listener or a route sends to a pool, and what is so now. */
export interface Totals {
  readonly requests: number;
  readonly failed: number;
  readonly steps: Steps;
  readonly inFlight: number;
  readonly tone: Tone | null;
}

/** What all clients asked, whoever answered. */
export const ALL = 'all';
export const poolKey = (pool: string): string => `pool ${pool}`;
export const endpointKey = (pool: string, id: string): string => `endpoint ${pool} ${id}`;
export const listenerKey = (listener: string): string => `listener ${listener}`;
/** What the balancer answered itself; without a status all of it. */
export const answersKey = (listener: string, status = 'all'): string => `answers ${listener} ${status}`;
/** By its place in the listener's list. */
export const routeKey = (listener: string, route: number): string => `route ${listener} ${route}`;
/** What went from a listener, or one of its routes, to a pool. */
export const trafficKey = (from: string, pool: string): string => `traffic ${from} to ${pool}`;
/** Bytes of a listener, counted as requests are. */
export const bytesKey = (listener: string, direction: 'received' | 'sent'): string => `${direction} ${listener}`;

type Listener = OverviewWire['listeners'][number];
type Requests = PoolWire['requests'];

/** Whether only tcp listeners lead to it: then it has connections in place of requests, and no latencies. */
export function isTcpPool(pool: string, listeners: readonly Listener[]): boolean {
  const leading = listeners.filter(({ routes }) =>
    routes.some(({ pools }) => pools.some((each) => each.pool === pool)),
  );
  return leading.length > 0 && leading.every(({ protocol }) => protocol === 'tcp');
}

export const ended = (requests: Requests): number => Object.values(requests).reduce((sum, each) => sum + each, 0);

/** Of everything the page draws, by key. */
export function totalsOf({ pools, listeners }: OverviewWire): Map<string, Totals> {
  const totals = new Map<string, Totals>();
  for (const { name, endpoints } of pools) {
    for (const each of endpoints) totals.set(endpointKey(name, each.id), ofEndpoint(each));
    totals.set(poolKey(name), add(endpoints.map(ofEndpoint)));
  }
  for (const listener of listeners) addListener(listener, totals);
  const clients = add(listeners.map(({ name }) => totals.get(listenerKey(name))!));
  const tcp = add(pools.filter(({ name }) => isTcpPool(name, listeners)).map(({ name }) => totals.get(poolKey(name))!));
  const { steps, inFlight } = add(pools.map(({ name }) => totals.get(poolKey(name))!));
  // Clients of tcp see no status, only that nobody is there.
  return totals.set(ALL, { ...clients, failed: clients.failed + tcp.failed, steps, inFlight });
}

function addListener({ name, traffic, routes, answers, bytes }: Listener, totals: Map<string, Totals>): void {
  const key = listenerKey(name);
  for (const { pool, requests } of traffic) totals.set(trafficKey(key, pool), ofRequests(requests));
  for (const [i, route] of routes.entries()) {
    for (const { pool, requests } of route.traffic ?? [])
      totals.set(trafficKey(routeKey(name, i), pool), ofRequests(requests));
  }
  const own = Object.entries(answers).map(([status, count]) => {
    const total = counted(count, status.startsWith('5') ? count : 0);
    totals.set(answersKey(name, status), total);
    return total;
  });
  totals.set(answersKey(name), add(own));
  totals.set(key, add([...traffic.map(({ requests }) => ofRequests(requests)), ...own]));
  totals.set(bytesKey(name, 'received'), counted(bytes.received));
  totals.set(bytesKey(name, 'sent'), counted(bytes.sent));
}

const counted = (requests: number, failed = 0): Totals => ({
  requests,
  failed,
  steps: NO_STEPS,
  inFlight: 0,
  tone: null,
});

const ofRequests = (requests: Requests): Totals => counted(ended(requests), requests['5xx']);

function ofEndpoint(endpoint: EndpointWire & { readonly latencySteps: Steps }): Totals {
  const { requests, failures, latencySteps, inFlight } = endpoint;
  return { requests: ended(requests), failed: failures, steps: latencySteps, inFlight, tone: verdictOf(endpoint).tone };
}

function add(all: readonly Totals[]): Totals {
  const total = (of: (each: Totals) => number) => all.reduce((sum, each) => sum + of(each), 0);
  return {
    requests: total((each) => each.requests),
    failed: total((each) => each.failed),
    inFlight: total((each) => each.inFlight),
    steps: sumSteps(all.map((each) => each.steps)),
    tone: null,
  };
}

import type { ListenerOptions, RouteOptions } from '../proxy/listener-options.ts';
import { routeName } from '../proxy/routing/route-name.ts';
import type { RunningServer } from '../server/server.ts';
import type { Counters } from '../telemetry/counters.ts';
import { STEP_BOUNDS_MS } from '../telemetry/latency-steps.ts';
import { OTHER_ROUTES, type PoolCounters } from '../telemetry/pool-counters.ts';
import type { RouteData } from '../telemetry/route-counters.ts';
import { byClass, classOfCode, STATUS_CLASSES } from '../telemetry/status-class.ts';
import { formatSocketAddress } from '../transport/address.ts';
import { type Answer, json } from './answer.ts';
import { JSON_TYPES } from './body.ts';
import { refuse } from './guard.ts';
import { type Call, type Operation, serverOf } from './operation.ts';
import { countsOf, poolsBy, sum } from './pool-state.ts';
import { Overview, type OverviewWire, type RequestsWire } from './wire.ts';

type PoolWire = OverviewWire['pools'][number];
type ListenerWire = OverviewWire['listeners'][number];
type RouteWire = ListenerWire['routes'][number];
type EndpointWire = PoolWire['endpoints'][number];
type StepsWire = EndpointWire['latencySteps'];

export const overviewOperation: Operation = {
  method: 'GET',
  path: '/api/v1/overview',
  scope: 'read',
  summary: 'Listeners, routes, pools and endpoints with their counts, all of one moment',
  gives: { status: 200, types: JSON_TYPES, schema: Overview, description: 'What the dashboard asks for each second.' },
  problems: [503],
  run: showOverview,
};

async function showOverview(call: Call): Promise<Answer> {
  const server = serverOf(call);
  if ('refusal' in server) return server.refusal;
  const { wallClock, now, build } = call.deps;
  const counters = await server.collect();
  const at = wallClock();
  const overview: OverviewWire = {
    at,
    startedAt: Math.round(at - process.uptime() * 1000),
    version: build.version,
    runtime: build.runtime,
    state: server.state(),
    connectionsOpen: server.openConnections,
    latencyBoundsMs: [...STEP_BOUNDS_MS],
    listeners: Object.entries(server.config.listeners).map(([name, options]) =>
      describeListener(name, options, server, counters),
    ),
    pools: poolsBy(counters, server, now).map((pool) => withSteps(pool, counters, call)),
    ...refusalOf(call, server.state()),
  };
  return json(200, overview);
}

function describeListener(
  name: string,
  { protocol, routes }: ListenerOptions,
  server: RunningServer,
  counters: Counters,
): ListenerWire {
  const { open, accepted, refused, received, sent } = counters.listener(name);
  const answers: Record<string, number> = {};
  counters.listener(name).answers((status, count) => {
    answers[status] = count;
  });
  const byPool = counters.traffic.get(name) ?? new Map<string, PoolCounters>();
  const seen = new Set<string>();
  return {
    name,
    protocol,
    addresses: server.listeners.filter((each) => each.name === name).map(({ address }) => formatSocketAddress(address)),
    connections: { open, accepted, refused: refused.limit + refused['per-source'] + refused.descriptors },
    bytes: { received, sent },
    answers,
    routes: routes.map((route) => ({
      ...describeRoute(route),
      ...(protocol !== 'tcp' && countsOfRoute(route, byPool, seen)),
    })),
    traffic: [...byPool].map(([pool, counts]) => ({ pool, requests: sum(counts.endpoints().values()).requests })),
  };
}

function describeRoute({ match, pool, pools, role, redirect, respond }: RouteOptions): RouteWire {
  const { host = [], path = [], method = [] } = match ?? {};
  const conditions = [method, host, path].filter((each) => each.length > 0).map((each) => each.join(', '));
  if (role !== undefined) conditions.push(`role ${role}`);
  const named = pool === undefined ? (pools ?? []) : [{ pool, weight: 1 }];
  const total = named.reduce((weights, each) => weights + each.weight, 0);
  const answer = redirect ? `${redirect.status} to ${redirect.to}` : respond && `${respond.status}`;
  return {
    name: routeName(match),
    match: conditions,
    ...(answer !== undefined && { answer }),
    pools: named.map((each) => ({ pool: each.pool, share: total === 0 ? 0 : each.weight / total })),
  };
}

/** Counts are by name, and so the first route of a name has those of all; `seen`: names of routes before it. */
function countsOfRoute(
  { match }: RouteOptions,
  byPool: ReadonlyMap<string, PoolCounters>,
  seen: Set<string>,
): Pick<RouteWire, 'traffic'> {
  const name = routeName(match);
  if (seen.has(name)) return {};
  seen.add(name);
  const counted = [...byPool].filter(([, { routes }]) => routes.has(name));
  // It may be one of the many that are counted together.
  if (counted.length === 0 && [...byPool.values()].some(({ routes }) => routes.has(OTHER_ROUTES))) return {};
  return {
    traffic: counted.map(([pool, { routes }]) => ({ pool, requests: requestsOf(routes.get(name)!.counts()) })),
  };
}

/** Of all endpoints. */
function requestsOf(codes: RouteData): RequestsWire {
  const total = new Float64Array(STATUS_CLASSES.length);
  for (const [code, byEndpoint] of codes) {
    const index = classOfCode(code);
    for (const count of byEndpoint.values()) total[index]! += count;
  }
  return byClass(total);
}

/** Why the same request could change nothing now. */
function refusalOf({ request, options }: Call, state: string): { readonly refusal?: string } {
  if (state !== 'serving') return { refusal: `the program is ${state} and takes no changes` };
  const { host, authorization } = request.headers;
  const refusal = refuse({ scope: 'operate', host, authorization, origin: undefined, site: undefined }, options);
  return refusal === undefined ? {} : { refusal: refusal.detail };
}

function withSteps(pool: ReturnType<typeof poolsBy>[number], counters: Counters, { meters }: Call): PoolWire {
  const counts = countsOf(counters, pool.name);
  const [minute, five] = [meters.fairness.of(pool.name, '1m'), meters.fairness.of(pool.name, '5m')];
  const shares = new Map(minute?.shares.map((each) => [each.id, each]));
  const sharesOf5 = new Map(five?.shares.map((each) => [each.id, each.share]));
  const endpoints = pool.endpoints.map((each): EndpointWire => {
    const latencySteps = trimmed(counts.get(each.id)?.latency);
    const own = shares.get(each.id);
    if (own === undefined) return { ...each, latencySteps };
    const share = { '1m': own.share, '5m': sharesOf5.get(each.id) ?? own.share, wanted: own.wanted };
    return { ...each, latencySteps, share };
  });
  // Rounding may leave a little above 1.
  const fairness = {
    ...(minute?.jain !== undefined && { '1m': Math.min(1, minute.jain) }),
    ...(five?.jain !== undefined && { '5m': Math.min(1, five.jain) }),
  };
  return { ...pool, fairness, endpoints };
}

/** Without the zeros at both ends. */
function trimmed(counts: Float64Array = new Float64Array()): StepsWire {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return { first: 0, counts: [] };
  const last = counts.findLastIndex((count) => count > 0);
  return { first, counts: [...counts.subarray(first, last + 1)] };
}

import type { ListenerOptions, RouteOptions } from '../proxy/listener-options.ts';
import type { RunningServer } from '../server/server.ts';
import type { Counters } from '../telemetry/counters.ts';
import { STEP_BOUNDS_MS } from '../telemetry/latency-steps.ts';
import { formatSocketAddress } from '../transport/address.ts';
import { type Answer, json } from './answer.ts';
import { JSON_TYPES } from './body.ts';
import { type Call, type Operation, serverOf } from './operation.ts';
import { countsOf, poolsBy, sum } from './pool-state.ts';
import { Overview, type OverviewWire } from './wire.ts';

type ListenerWire = OverviewWire['listeners'][number];
type RouteWire = ListenerWire['routes'][number];
type StepsWire = OverviewWire['pools'][number]['endpoints'][number]['latencySteps'];

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
    pools: poolsBy(counters, server, now).map((pool) => withSteps(pool, counters)),
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
  const traffic = [...(counters.traffic.get(name) ?? [])].map(([pool, counts]) => {
    return { pool, requests: sum(counts.endpoints().values()).requests };
  });
  return {
    name,
    protocol,
    addresses: server.listeners.filter((each) => each.name === name).map(({ address }) => formatSocketAddress(address)),
    connections: { open, accepted, refused: refused.limit + refused['per-source'] },
    bytes: { received, sent },
    answers,
    routes: routes.map(describeRoute),
    traffic,
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
    match: conditions,
    ...(answer !== undefined && { answer }),
    pools: named.map((each) => ({ pool: each.pool, share: total === 0 ? 0 : each.weight / total })),
  };
}

function withSteps(pool: ReturnType<typeof poolsBy>[number], counters: Counters): OverviewWire['pools'][number] {
  const counts = countsOf(counters, pool.name);
  const endpoints = pool.endpoints.map((each) => ({ ...each, latencySteps: trimmed(counts.get(each.id)?.latency) }));
  return { ...pool, endpoints };
}

/** Without the zeros at both ends. */
function trimmed(counts: Float64Array = new Float64Array()): StepsWire {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return { first: 0, counts: [] };
  const last = counts.findLastIndex((count) => count > 0);
  return { first, counts: [...counts.subarray(first, last + 1)] };
}

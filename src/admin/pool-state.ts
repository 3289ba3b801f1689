import type { Config } from '../config/config.ts';
import { forMore } from '../control/picker/explanation.ts';
import type { EndpointOptions } from '../control/pool-options.ts';
import type { PoolState, RunningServer } from '../server/server.ts';
import type { Counters } from '../telemetry/counters.ts';
import { LATENCY_STEPS } from '../telemetry/latency-steps.ts';
import type { TryFailure } from '../telemetry/metrics.ts';
import type { EndpointCounts, StatusClass } from '../telemetry/pool-counters.ts';
import type { EndpointWire, PoolWire, RequestsWire } from './wire.ts';

type EndpointNow = PoolState['endpoints'][number];

/** What a description is made of, all of one moment. */
interface Facts {
  readonly config: Config;
  readonly counters: Counters;
  /** By the clock of the memberships. */
  readonly nowMs: number;
}

/** Every pool as the API shows it; `only` of that name. */
export async function describePools(server: RunningServer, nowMs: () => number, only?: string): Promise<PoolWire[]> {
  return poolsBy(await server.collect(), server, nowMs, only);
}

/** The same from counters that were collected already. */
export function poolsBy(counters: Counters, server: RunningServer, nowMs: () => number, only?: string): PoolWire[] {
  const facts = { config: server.config, counters, nowMs: nowMs() };
  const pools = server.pools().filter(({ name }) => only === undefined || name === only);
  return pools.map((pool) => describePool(pool, facts));
}

function describePool({ name, policy, endpoints, listed }: PoolState, facts: Facts): PoolWire {
  const counts = countsOf(facts.counters, name);
  const optionsOf = new Map(listed.map((each) => [each.id, each]));
  const configured = new Map(facts.config.pools[name]?.endpoints.map((each) => [each.id, each]));
  const latency = facts.counters.latency(name);
  const total = sum(counts.values());
  return {
    name,
    policy,
    eligible: endpoints.filter((each) => each.eligible).length,
    inFlight: endpoints.reduce((inFlight, each) => inFlight + each.inFlight, 0),
    ...(latency.count > 0 && {
      latencyMs: {
        count: latency.count,
        mean: latency.sum / latency.count,
        p50: latency.quantile(0.5),
        p90: latency.quantile(0.9),
        p99: latency.quantile(0.99),
      },
    }),
    requests: total.requests,
    retries: total.retried,
    failures: failuresOf(total),
    connectFailures: total.connectFailed,
    endpoints: endpoints.map((each) => {
      const { id } = each;
      const { zone, maxConnections } = optionsOf.get(id) ?? {};
      return {
        ...describeEndpoint(each, configured.get(id), counts.get(id), facts),
        ...(zone !== undefined && { zone }),
        ...(maxConnections !== undefined && { maxConnections }),
      };
    }),
  };
}

function describeEndpoint(
  endpoint: EndpointNow,
  configured: EndpointOptions | undefined,
  counts: EndpointCounts | undefined,
  { nowMs }: Facts,
): EndpointWire {
  const { id, address, mode, health, lastCheck, eligible, inFlight, backup, role, breaker, ejected } = endpoint;
  const { requests, retried, connectFailed, opened, closed, received, sent, failures } = counts ?? sum([]);
  return {
    ...{ id, address, mode, health },
    ...(lastCheck !== undefined && {
      lastCheck: {
        ...{ ok: lastCheck.ok, reason: lastCheck.reason, latencyMs: lastCheck.latencyMs },
        ageMs: Math.max(0, nowMs - lastCheck.at),
      },
    }),
    ...{ eligible, reasons: eligible ? [] : reasonsOf(endpoint), weight: weightOf(endpoint, configured), inFlight },
    backup,
    ...(role !== undefined && { role }),
    ...(breaker !== undefined && { breaker }),
    ...(ejected !== undefined && { ejected }),
    addedAtRuntime: configured === undefined,
    failures: failuresOf({ failures }),
    ...{ requests, retries: retried, connectFailures: connectFailed, connectionsOpen: opened - closed },
    bytes: { received, sent },
  };
}

const failuresOf = ({ failures }: Pick<EndpointCounts, 'failures'>): number =>
  Object.values(failures).reduce((all, each) => all + each, 0);

/** Why nobody may pick it; at least one reason. */
function reasonsOf({ mode, health, weight, breaker, ejected, lastCheck, ...times }: EndpointNow): string[] {
  const reasons: string[] = [];
  if (mode !== 'ready') reasons.push(`mode is ${mode}`);
  if (health === 'down') reasons.push(lastCheck === undefined ? 'down: not checked yet' : `down: ${lastCheck.reason}`);
  if (weight === 0) reasons.push('weight is 0');
  if (breaker === 'open') reasons.push(`circuit breaker is open${forMore(times.openForMs)}`);
  if (ejected === true) reasons.push(`ejected: it failed more than others${forMore(times.ejectedForMs)}`);
  return reasons.length > 0 ? reasons : ['its name has no address'];
}

export function weightOf(endpoint: EndpointNow, configured: EndpointOptions | undefined): EndpointWire['weight'] {
  const { weight, effectiveWeight = weight } = endpoint;
  const file = configured?.weight;
  const origin = effectiveWeight !== weight ? 'slow-start' : file === weight ? 'file' : 'api';
  return { configured: file ?? weight, effective: effectiveWeight, origin };
}

/** By endpoint, over all listeners; those that left are among them. */
export function countsOf({ traffic }: Counters, pool: string): Map<string, EndpointCounts> {
  const all = new Map<string, EndpointCounts>();
  for (const byPool of traffic.values()) {
    for (const [id, counts] of byPool.get(pool)?.endpoints() ?? []) {
      const known = all.get(id);
      all.set(id, known === undefined ? counts : sum([known, counts]));
    }
  }
  return all;
}

export function sum(all: Iterable<EndpointCounts>): EndpointCounts & { readonly requests: RequestsWire } {
  const requests: Record<StatusClass, number> = { none: 0, '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 };
  const total = { retried: 0, hedged: 0, hedgeWon: 0, connectFailed: 0, opened: 0, closed: 0, received: 0, sent: 0 };
  const failures: Record<TryFailure, number> = { connect: 0, timeout: 0, closed: 0, garbage: 0, status: 0 };
  const latency = new Float64Array(LATENCY_STEPS);
  for (const each of all) {
    for (const name of Object.keys(requests) as StatusClass[]) requests[name] += each.requests[name];
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += each[name];
    for (const name of Object.keys(failures) as TryFailure[]) failures[name] += each.failures[name];
    for (let step = 0; step < LATENCY_STEPS; step++) latency[step]! += each.latency[step]!;
  }
  return { requests, ...total, failures, latency };
}

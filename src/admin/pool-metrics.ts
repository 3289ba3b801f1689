import type { Health, Mode } from '../control/pool-options.ts';
import type { BreakerState } from '../core/guards/circuit-breaker.ts';
import type { PoolState, RunningServer } from '../server/server.ts';
import type { Counters } from '../telemetry/counters.ts';
import type { PrometheusText } from '../telemetry/prometheus.ts';
import { countsOf, weightOf } from './pool-state.ts';

type Endpoint = PoolState['endpoints'][number];

const HEALTH: Readonly<Record<Health, number>> = { up: 1, down: 0, unknown: -1 };
const MODE: Readonly<Record<Mode, number>> = { ready: 1, draining: 0.5, maintenance: 0 };
const BREAKER: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/** Above so many endpoints in a pool their latencies are told as the pool's only: each would be 23 series. */
const MOST_WITH_LATENCY = 100;

/** What is so now of pools and their endpoints, and how fast they answered. */
export function writePools(to: PrometheusText, server: RunningServer, counters: Counters): void {
  const pools = server.pools();
  /** Undefined: there is no such thing for this endpoint. */
  const each = (value: (endpoint: Endpoint) => number | undefined) => {
    for (const { name, endpoints } of pools) {
      for (const endpoint of endpoints) {
        const sample = value(endpoint);
        if (sample !== undefined) to.sample(sample, { pool: name, endpoint: endpoint.id });
      }
    }
  };
  to.family('equipoise_in_flight', 'gauge', 'Requests (tcp: connections) that this endpoint has not ended yet.');
  each((endpoint) => endpoint.inFlight);
  to.family('equipoise_endpoint_health', 'gauge', 'What checks say: 1 up, 0 down, -1 not judged (it is used).');
  each((endpoint) => HEALTH[endpoint.health]);
  to.family('equipoise_endpoint_mode', 'gauge', 'What a person says: 1 ready, 0.5 draining, 0 maintenance.');
  each((endpoint) => MODE[endpoint.mode]);
  to.family('equipoise_endpoint_eligible', 'gauge', '1 when it may be picked: no slow verdict speaks against it.');
  each((endpoint) => (endpoint.eligible ? 1 : 0));
  to.family('equipoise_endpoint_breaker', 'gauge', 'Its circuit breaker: 0 closed, 1 half-open, 2 open.');
  each(({ breaker }) => (breaker === undefined ? undefined : BREAKER[breaker]));
  to.family('equipoise_endpoint_ejected', 'gauge', '1 while it is ejected for failing more than others.');
  each(({ ejected }) => (ejected === undefined ? undefined : Number(ejected)));
  writeWeights(to, server, pools);
  writeLatencies(to, pools, counters);
}

function writeWeights(to: PrometheusText, { config }: RunningServer, pools: readonly PoolState[]): void {
  const all = pools.flatMap(({ name, endpoints }) => {
    const configured = new Map(config.pools[name]?.endpoints.map((each) => [each.id, each]));
    return endpoints.map((each) => ({ pool: name, id: each.id, weight: weightOf(each, configured.get(each.id)) }));
  });
  to.family('equipoise_endpoint_weight_configured', 'gauge', 'Proportion that the configuration gives it.');
  for (const { pool, id, weight } of all) to.sample(weight.configured, { pool, endpoint: id });
  to.family('equipoise_endpoint_weight', 'gauge', 'Proportion in force, and where it comes from.');
  for (const { pool, id, weight } of all) to.sample(weight.effective, { pool, endpoint: id, origin: weight.origin });
}

function writeLatencies(to: PrometheusText, pools: readonly PoolState[], counters: Counters): void {
  to.family('equipoise_response_seconds', 'histogram', 'From a request sent to the first byte of its answer.');
  for (const { name } of pools) to.histogram(counters.latency(name), { pool: name });
  to.family('equipoise_endpoint_response_seconds', 'histogram', 'The same by endpoint; its sum is an estimate.');
  for (const { name, endpoints } of pools) {
    if (endpoints.length > MOST_WITH_LATENCY) continue;
    const counts = countsOf(counters, name);
    for (const { id } of endpoints) {
      const steps = counts.get(id)?.latency;
      if (steps?.some((count) => count > 0)) to.steps(steps, { pool: name, endpoint: id });
    }
  }
}

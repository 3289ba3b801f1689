import type { Health } from '../control/pool-options.ts';
import type { PoolState, RunningServer } from '../server/server.ts';
import type { Counters, ListenerCounters } from '../telemetry/counters.ts';
import type { GateCounters } from '../telemetry/gate-counters.ts';
import type { EndpointCounts, StatusClass } from '../telemetry/pool-counters.ts';
import { createPrometheusText, type PrometheusText } from '../telemetry/prometheus.ts';
import { type BuildInfo, writeProcess } from './process-metrics.ts';

/** The whole page for a scrape; `server` is absent while the program starts. */
export async function metricsPage(server: RunningServer | undefined, build: BuildInfo): Promise<string> {
  const to = createPrometheusText();
  if (server !== undefined) {
    const counters = await server.collect();
    writeListeners(to, counters);
    writeTraffic(to, counters);
    writeGates(to, counters);
    writePools(to, server.pools(), counters);
  }
  writeProcess(to, build);
  return to.text();
}

function writeListeners(to: PrometheusText, { listeners }: Counters): void {
  const each = (value: (counters: ListenerCounters) => number) => {
    for (const [listener, counters] of listeners) to.sample(value(counters), { listener });
  };
  to.family('equipoise_connections_open', 'gauge', 'Client connections open now.');
  each((counters) => counters.open);
  to.family('equipoise_connections_accepted_total', 'counter', 'Client connections accepted.');
  each((counters) => counters.accepted);
  to.family('equipoise_connections_refused_total', 'counter', 'Client connections refused, by the limit they met.');
  for (const [listener, { refused }] of listeners) {
    for (const [reason, count] of Object.entries(refused)) to.sample(count, { listener, reason });
  }
  to.family('equipoise_bytes_received_total', 'counter', 'Bytes received from clients.');
  each((counters) => counters.received);
  to.family('equipoise_bytes_sent_total', 'counter', 'Bytes sent to clients.');
  each((counters) => counters.sent);
  to.family('equipoise_answers_total', 'counter', 'Answers made here without an endpoint; 499: the client went away.');
  for (const [listener, counters] of listeners) {
    counters.answers((status, count) => to.sample(count, { listener, status: `${status}` }));
  }
}

interface Traffic {
  readonly labels: { readonly listener: string; readonly pool: string; readonly endpoint: string };
  readonly counts: EndpointCounts;
}

function writeTraffic(to: PrometheusText, counters: Counters): void {
  const traffic = [...trafficOf(counters)];
  /** Only what happened makes a series. */
  const each = (value: (counts: EndpointCounts) => number) => {
    for (const { labels, counts } of traffic) if (value(counts) !== 0) to.sample(value(counts), labels);
  };
  to.family('equipoise_requests_total', 'counter', 'Requests answered by an endpoint, by the class of the status.');
  for (const { labels, counts } of traffic) {
    for (const [code, count] of Object.entries(counts.requests) as [StatusClass, number][]) {
      if (count > 0) to.sample(count, { ...labels, code });
    }
  }
  to.family('equipoise_retries_total', 'counter', 'Tries this endpoint got because another one had failed.');
  each((counts) => counts.retried);
  to.family('equipoise_hedges_total', 'counter', 'Second tries this endpoint got because another one was slow.');
  each((counts) => counts.hedged);
  to.family('equipoise_hedge_wins_total', 'counter', 'Second tries whose answer came first.');
  each((counts) => counts.hedgeWon);
  to.family('equipoise_connect_failures_total', 'counter', 'Connections to this endpoint that did not come about.');
  each((counts) => counts.connectFailed);
  to.family('equipoise_endpoint_connections_opened_total', 'counter', 'Connections to this endpoint that were opened.');
  each((counts) => counts.opened);
  to.family(
    'equipoise_endpoint_connections_open',
    'gauge',
    'Connections to this endpoint open now, idle ones included.',
  );
  for (const { labels, counts } of traffic) if (counts.opened > 0) to.sample(counts.opened - counts.closed, labels);
}

function* trafficOf({ traffic }: Counters): Generator<Traffic> {
  for (const [listener, byPool] of traffic) {
    for (const [pool, counters] of byPool) {
      for (const [endpoint, counts] of counters.endpoints()) yield { labels: { listener, pool, endpoint }, counts };
    }
  }
}

type Labels = Readonly<Record<string, string>>;

/** Of pools in which something happened at the entrance; one that has no line has no gauge. */
function writeGates(to: PrometheusText, { traffic }: Counters): void {
  const each = (write: (gate: GateCounters, labels: Labels) => void) => {
    for (const [listener, byPool] of traffic) {
      for (const [pool, { gate }] of byPool) write(gate, { listener, pool });
    }
  };
  const some = (count: number, labels: Labels) => {
    if (count !== 0) to.sample(count, labels);
  };
  to.family('equipoise_retries_refused_total', 'counter', 'Retries and hedges not made, as the budget was used up.');
  each((gate, labels) => some(gate.budgetExhausted, labels));
  to.family('equipoise_queue_length', 'gauge', 'Requests (tcp: connections) that wait for a place at an endpoint.');
  each((gate, labels) => {
    if (gate.waiting > 0 || gate.waited.count > 0) to.sample(gate.waiting, labels);
  });
  to.family('equipoise_queue_wait_seconds', 'histogram', 'Time in the queue, however it ended.');
  each((gate, labels) => {
    if (gate.waited.count > 0) to.histogram(gate.waited, labels);
  });
  to.family('equipoise_turned_away_total', 'counter', 'Answered 503 (tcp: reset) for lack of a place, by the reason.');
  each((gate, labels) => {
    for (const [reason, count] of Object.entries(gate.turnedAway)) some(count, { ...labels, reason });
  });
}

const HEALTH: Readonly<Record<Health, number>> = { up: 1, down: 0, unknown: -1 };

function writePools(to: PrometheusText, pools: readonly PoolState[], counters: Counters): void {
  const each = (value: (endpoint: PoolState['endpoints'][number]) => number) => {
    for (const { name, endpoints } of pools) {
      for (const endpoint of endpoints) to.sample(value(endpoint), { pool: name, endpoint: endpoint.id });
    }
  };
  to.family('equipoise_in_flight', 'gauge', 'Requests (tcp: connections) that this endpoint has not ended yet.');
  each((endpoint) => endpoint.inFlight);
  to.family('equipoise_endpoint_health', 'gauge', 'What checks say: 1 up, 0 down, -1 not judged (it is used).');
  each((endpoint) => HEALTH[endpoint.health]);
  to.family(
    'equipoise_endpoint_eligible',
    'gauge',
    '1 when the endpoint may be picked: ready, not down, with a weight.',
  );
  each((endpoint) => (endpoint.eligible ? 1 : 0));
  to.family('equipoise_response_seconds', 'histogram', 'From a request sent to the first byte of its answer.');
  for (const { name } of pools) to.histogram(counters.latency(name), { pool: name });
}

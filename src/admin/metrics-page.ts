import type { Counters, ListenerCounters } from '../telemetry/counters.ts';
import type { GateCounters } from '../telemetry/gate-counters.ts';
import type { EndpointCounts } from '../telemetry/pool-counters.ts';
import { createPrometheusText, type PrometheusText } from '../telemetry/prometheus.ts';
import { type Meters, writeMeters } from './meters.ts';
import type { AdminDeps } from './operation.ts';
import { writePools } from './pool-metrics.ts';
import { writeProcess } from './process-metrics.ts';

/** The whole page for a scrape; short while the program starts. */
export async function metricsPage(deps: AdminDeps, meters: Meters): Promise<string> {
  const to = createPrometheusText();
  const server = deps.server();
  if (server !== undefined) {
    const counters = await server.collect();
    writeListeners(to, counters);
    writeTraffic(to, [...trafficOf(counters)]);
    writeGates(to, counters);
    writeAccessLog(to, counters);
    writeSpans(to, counters);
    writePools(to, server, counters);
  }
  writeMeters(to, meters, deps);
  writeProcess(to, deps.build);
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

function writeAccessLog(to: PrometheusText, { accessLog: { written, dropped } }: Counters): void {
  if (written + dropped === 0) return;
  to.family('equipoise_access_log_lines_total', 'counter', 'Lines of the access log that were written.');
  to.sample(written);
  to.family('equipoise_access_log_dropped_total', 'counter', 'Lines that were not: no room, or a failed write.');
  to.sample(dropped);
}

function writeSpans(to: PrometheusText, { spans: { exported, dropped } }: Counters): void {
  if (exported + dropped === 0) return;
  to.family('equipoise_spans_exported_total', 'counter', 'Spans that the collector took.');
  to.sample(exported);
  to.family('equipoise_spans_dropped_total', 'counter', 'Spans that were lost: no room, or the collector took none.');
  to.sample(dropped);
}

/** By code. */
type Requests = Readonly<Record<string, number>>;

interface Traffic {
  readonly labels: { readonly listener: string; readonly pool: string; readonly endpoint: string };
  readonly counts: EndpointCounts;
  /** By name; none for tcp. */
  readonly routes: readonly (readonly [name: string, requests: Requests])[];
}

function writeTraffic(to: PrometheusText, traffic: readonly Traffic[]): void {
  /** Only what happened makes a series. */
  const each = (value: (counts: EndpointCounts) => number) => {
    for (const { labels, counts } of traffic) if (value(counts) !== 0) to.sample(value(counts), labels);
  };
  to.family('equipoise_requests_total', 'counter', 'Requests answered by an endpoint, by status.');
  for (const { labels, counts, routes } of traffic) {
    if (routes.length === 0) writeRequests(to, counts.requests, labels);
    const { listener, ...rest } = labels;
    for (const [route, requests] of routes) writeRequests(to, requests, { listener, route, ...rest });
  }
  to.family('equipoise_retries_total', 'counter', 'Tries this endpoint got because another one had failed.');
  each((counts) => counts.retried);
  to.family('equipoise_hedges_total', 'counter', 'Second tries this endpoint got because another one was slow.');
  each((counts) => counts.hedged);
  to.family('equipoise_hedge_wins_total', 'counter', 'Second tries whose answer came first.');
  each((counts) => counts.hedgeWon);
  to.family('equipoise_connect_failures_total', 'counter', 'Connections to this endpoint that did not come about.');
  each((counts) => counts.connectFailed);
  writeFailures(to, traffic);
  to.family('equipoise_endpoint_connections_opened_total', 'counter', 'Connections to this endpoint that were opened.');
  each((counts) => counts.opened);
  to.family('equipoise_endpoint_bytes_received_total', 'counter', 'Bytes received from this endpoint, without checks.');
  each((counts) => counts.received);
  to.family('equipoise_endpoint_bytes_sent_total', 'counter', 'Bytes sent to this endpoint, without checks.');
  each((counts) => counts.sent);
  to.family(
    'equipoise_endpoint_connections_open',
    'gauge',
    'Connections to this endpoint open now, idle ones included.',
  );
  for (const { labels, counts } of traffic) if (counts.opened > 0) to.sample(counts.opened - counts.closed, labels);
}

function writeFailures(to: PrometheusText, traffic: readonly Traffic[]): void {
  to.family(
    'equipoise_failures_total',
    'counter',
    'Tries at this endpoint that failed, also where another made up for it.',
  );
  for (const { labels, counts } of traffic) {
    for (const [reason, count] of Object.entries(counts.failures))
      if (count > 0) to.sample(count, { ...labels, reason });
  }
}

function writeRequests(to: PrometheusText, requests: Requests, labels: Labels): void {
  for (const [code, count] of Object.entries(requests)) if (count > 0) to.sample(count, { ...labels, code });
}

function* trafficOf({ traffic }: Counters): Generator<Traffic> {
  for (const [listener, byPool] of traffic) {
    for (const [pool, counters] of byPool) {
      const byRoute = [...counters.routes].map(([name, route]) => [name, [...route.counts()]] as const);
      for (const [endpoint, counts] of counters.endpoints()) {
        const routes = byRoute.flatMap(([name, codes]) => {
          const requests = codes.map(([code, byEndpoint]) => [code, byEndpoint.get(endpoint) ?? 0] as const);
          return requests.some(([, count]) => count > 0) ? [[name, Object.fromEntries(requests)] as const] : [];
        });
        yield { labels: { listener, pool, endpoint }, counts, routes };
      }
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

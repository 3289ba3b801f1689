/**
 * HTTP/1.1 side by side with HAProxy and NGINX: CPU a request, latency, and growth with routes and endpoints.
 *
 * Run  bun bench/http1.ts [--rounds 7] [--scenario small] [--seconds 3] [--json FILE]
 *      bun bench/http1.ts --workers 2    several workers against one
 */
import { runBench, type Scenario } from './harness/bench.ts';
import { accessLogCost, endpointGrowth, routeGrowth, workerGrowth } from './harness/growth.ts';
import { closedLoop, openLoop } from './harness/http-scenarios.ts';

const scenarios: Record<string, Scenario> = {
  small: closedLoop('small', { path: '/small', connections: 64 }, { cpu: { atMost: 0.85 }, user: { atMost: 0.75 } }),
  p99: openLoop('p99', { path: '/small', connections: 64 }, { atMost: 1, tolerance: 0.05 }),
  '16k': closedLoop('16k', { path: '/16k', connections: 64 }, { cpu: { atMost: 1 } }),
  '1m': closedLoop('1m', { path: '/1m', connections: 16 }, { cpu: { atMost: 1 } }),
  post64k: closedLoop('post64k', { path: '/upload', connections: 64, bodyBytes: 65_536 }, { cpu: { atMost: 1 } }),
  chunked: closedLoop('chunked', { path: '/chunked', connections: 64 }, { cpu: { atMost: 1 } }),
  connect: closedLoop('connect', { path: '/small', connections: 64, close: true }, { cpu: { atMost: 1 } }),
  routes: routeGrowth,
  'endpoints-round-robin': endpointGrowth('round-robin'),
  'endpoints-p2c': endpointGrowth('p2c'),
  'endpoints-ring-hash': endpointGrowth('ring-hash', 20_000),
  'access-log': accessLogCost,
  workers: workerGrowth,
};

await runBench('http1', scenarios);

/**
 * Resident memory of idle keep-alive connections, each of which has had one request answered.
 * Every round starts every balancer anew, warms it, and lets it settle before and after the connections come.
 *
 * Run  bun bench/memory.ts [--rounds 7] [--json FILE]
 */
import type { Balancer } from './harness/balancer.ts';
import { type Bench, runBench, type Scenario, startContenders, startOrigin, stopBalancers } from './harness/bench.ts';
import { browserRequest } from './harness/browser-request.ts';
import { type Figure, interleave, ratioRow, type Sample } from './harness/comparison.ts';
import { readResidentBytes } from './harness/cpu.ts';
import { openIdleConnections } from './harness/idle-connections.ts';
import { runWrk } from './harness/wrk.ts';

const CONNECTIONS = 5000;
const SETTLE_MS = 3000;

const perConnection: Figure = {
  key: 'perConnection',
  title: 'per connection',
  unit: 'bytes',
  digits: 0,
  target: { atMost: 1 },
};
const before: Figure = { key: 'before', title: 'resident before', unit: 'MB', digits: 1 };
const after: Figure = { key: 'after', title: 'resident with them', unit: 'MB', digits: 1 };

const idle: Scenario = async (bench) => {
  const origin = await startOrigin(bench);
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round < bench.options.rounds; round++) {
    const balancers = await startContenders(bench, 'http', origin.ports);
    const measured = await interleave(balancers, 1, (balancer) => measure(bench, balancer));
    for (const [name, taken] of measured) samples.set(name, [...(samples.get(name) ?? []), ...taken]);
    await stopBalancers(balancers);
  }
  const others = [before, after].map((figure) => ratioRow('idle', samples, figure, []));
  // NGINX allocates all its connections at start, so it is printed and not compared with.
  return [ratioRow('idle', samples, perConnection, ['haproxy']), ...others];
};

async function measure(bench: Bench, balancer: Balancer): Promise<Sample> {
  const { loadCore: core, seconds } = bench.options;
  await runWrk({ path: '/small', connections: 64 }, { port: balancer.port, seconds, core }, bench.directory);
  await Bun.sleep(SETTLE_MS);
  const empty = readResidentBytes(balancer.serving());
  const connections = await openIdleConnections(balancer.port, CONNECTIONS, browserRequest('/small'));
  await Bun.sleep(SETTLE_MS);
  const full = readResidentBytes(balancer.serving());
  if (connections.open() !== CONNECTIONS)
    throw new Error(`${CONNECTIONS - connections.open()} connections were closed`);
  connections.close();
  return { perConnection: (full - empty) / CONNECTIONS, before: empty / 1e6, after: full / 1e6 };
}

await runBench('memory', { idle });

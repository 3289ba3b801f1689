/**
 * Tail latency on uneven endpoints through the real servers: the simulated workloads with real sockets, ours beside
 * HAProxy and NGINX with their best algorithms.
 *
 *   bun bench/tail.ts [--rounds 3] [--seconds 20] [--workload antagonists] [--json FILE]
 *
 * Open loop: Poisson arrivals, latency from the moment a request was due. Every balancer of a round sees the same arrivals
 * and the same weather. Rounds are interleaved; a cell is the median. The first third of each run does not count. The
 * balancer has CPU 1, load and endpoints share CPU 0.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from '../conformance/harness/sockets.ts';
import { workloads } from '../src/core/testing/workloads.ts';
import type { Balancer, Setting } from './harness/balancer.ts';
import { type Figure, interleave, type Row, ratioRow } from './harness/comparison.ts';
import { startEquipoise } from './harness/equipoise.ts';
import { describeMachine } from './harness/machine.ts';
import type { OpenLoopResult } from './harness/open-loop.ts';
import { missingPrograms, startHaproxy, startNginx } from './harness/peers.ts';
import { acceptsTcp, runProgram, startProgram, temporaryDirectory, untilReady } from './harness/processes.ts';
import { formatTable } from './harness/table.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '20' },
    workload: {
      type: 'string',
      multiple: true,
      default: ['even', 'uneven', 'antagonists', 'mixed-antagonists', 'three'],
    },
    json: { type: 'string' },
  },
});
const [LOAD_CORE, BALANCER_CORE] = [0, 1];
// Far more than are ever under way, so that no request waits for a connection of the load.
const CONNECTIONS = 1000;
const PEERS = ['haproxy leastconn', 'haproxy random(2)', 'nginx least_conn', 'nginx random two'];
const FIGURES: Figure[] = ['p50', 'p99', 'p999'].map((key) => ({ key, title: key, unit: 'ms', digits: 1 }));
const directory = temporaryDirectory();

async function startOrigin(workload: string): Promise<number[]> {
  const count = workloads.find(({ name }) => name === workload)!.endpoints.length;
  const ports: number[] = [];
  for (let i = 0; i < count; i++) ports.push(await freePort());
  const file = fileURLToPath(import.meta.resolve('./harness/slow-origin.ts'));
  const command = [process.execPath, file, workload, ports.join(',')];
  const program = startProgram({ name: `origin-${workload}`, command, core: LOAD_CORE, directory });
  await untilReady(program, () => acceptsTcp(ports.at(-1)!));
  return ports;
}

function startBalancers(endpoints: readonly number[]): Promise<Balancer[]> {
  const setting: Setting = { protocol: 'http', endpoints, core: BALANCER_CORE, directory };
  const ours = { ...setting, runtime: 'src' } as const;
  return Promise.all([
    startEquipoise({ ...ours, policy: 'adaptive' }),
    startEquipoise({ ...ours, policy: 'least-connections', name: 'equipoise least-connections' }),
    startHaproxy({ ...setting, name: 'haproxy leastconn', algorithm: 'leastconn' }),
    startHaproxy({ ...setting, name: 'haproxy random(2)', algorithm: 'random(2)' }),
    startNginx({ ...setting, name: 'nginx least_conn', algorithm: 'least_conn' }),
    startNginx({ ...setting, name: 'nginx random two', algorithm: 'random two' }),
  ]);
}

async function measure(workload: string, origin: number, balancer: Balancer, seed: number) {
  await fetch(`http://127.0.0.1:${origin}/restart?seed=${seed}`);
  const file = fileURLToPath(import.meta.resolve('./harness/workload-load.ts'));
  const words = [String(balancer.port), workload, String(seed), values.seconds, String(CONNECTIONS)];
  const result = JSON.parse(await runProgram([process.execPath, file, ...words], LOAD_CORE)) as OpenLoopResult;
  return { p50: result.p50Us / 1000, p99: result.p99Us / 1000, p999: result.p999Us / 1000 };
}

async function compare(workload: string): Promise<Row[]> {
  const endpoints = await startOrigin(workload);
  const balancers = await startBalancers(endpoints);
  for (const { name, version } of balancers) console.log(`-- ${name}: ${version}`);
  let measured = 0;
  const samples = await interleave(balancers, Number(values.rounds), (balancer) => {
    const round = Math.floor(measured++ / balancers.length);
    return measure(workload, endpoints[0]!, balancer, round + 1);
  });
  await Promise.all(balancers.map((balancer) => balancer.stop()));
  return FIGURES.map((figure) => ratioRow(workload, samples, figure, PEERS));
}

const missing = missingPrograms(['haproxy', 'nginx', 'taskset']);
if (missing.length > 0)
  throw new Error(`not installed: ${missing.join(', ')}; apt-get install haproxy nginx util-linux`);
const machine = describeMachine();
console.log(JSON.stringify({ machine, bun: Bun.version, rounds: values.rounds, seconds: values.seconds }, null, 2));
const rows: Row[] = [];
for (const workload of values.workload) {
  console.log(`\n== ${workload}`);
  const made = await compare(workload);
  console.log(formatTable(made));
  rows.push(...made);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
process.exit(0);

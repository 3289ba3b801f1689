/**
 * TCP side by side with HAProxy (copying and splicing) and NGINX: CPU seconds per GB (10^9 bytes) of a bulk download.
 *
 * Run  bun bench/tcp.ts [--rounds 7] [--scenario 1-stream] [--json FILE]
 */
import { join } from 'node:path';
import type { Balancer } from './harness/balancer.ts';
import { type Bench, runBench, type Scenario, startBulkSource, startContenders } from './harness/bench.ts';
import { type Figure, interleave, ratioRow, type Sample } from './harness/comparison.ts';
import { cpuBetween, readCpu } from './harness/cpu.ts';
import { runProgram } from './harness/processes.ts';

const RUN_BYTES = 2 * 2 ** 30;
const WARM_BYTES = 2 ** 28;

const figures: Figure[] = [
  { key: 'cpuPerGb', title: 'CPU per GB', unit: 's', digits: 3, target: { atMost: 1 } },
  { key: 'userPerGb', title: 'user part', unit: 's', digits: 3 },
  { key: 'systemPerGb', title: 'kernel part', unit: 's', digits: 3 },
];
const throughput: Figure = { key: 'megabytes', title: 'throughput', unit: 'MB/s', digits: 0 };

let shared: Promise<Balancer[]> | undefined;

async function startGroup(bench: Bench): Promise<Balancer[]> {
  return startContenders(bench, 'tcp', [await startBulkSource(bench)]);
}

function bulk(name: string, streams: number): Scenario {
  return async (bench) => {
    shared ??= startGroup(bench);
    const balancers = await shared;
    for (const balancer of balancers) await transfer(bench, balancer, streams, WARM_BYTES);
    const samples = await interleave(balancers, bench.options.rounds, (balancer) => measure(bench, balancer, streams));
    const { ratio: _ratio, ratioOf: _ratioOf, ...rest } = ratioRow(name, samples, throughput);
    return [...figures.map((figure) => ratioRow(name, samples, figure)), rest];
  };
}

async function transfer(bench: Bench, balancer: Balancer, streams: number, bytes: number): Promise<number> {
  const file = join(import.meta.dir, 'harness', 'bulk.ts');
  const words = ['receive', ...[balancer.port, streams, bytes / streams].map(String)];
  const output = await runProgram([process.execPath, file, ...words], bench.options.loadCore);
  return (JSON.parse(output) as { readonly seconds: number }).seconds;
}

async function measure(bench: Bench, balancer: Balancer, streams: number): Promise<Sample> {
  const before = readCpu(balancer.serving());
  const seconds = await transfer(bench, balancer, streams, RUN_BYTES);
  const cpu = cpuBetween(before, readCpu(balancer.serving()));
  // Microseconds over bytes, times 1000: seconds over gigabytes.
  const perGb = (us: number): number => (us / RUN_BYTES) * 1000;
  const [cpuPerGb, userPerGb, systemPerGb] = [perGb(cpu.totalUs), perGb(cpu.userUs), perGb(cpu.systemUs)];
  return { cpuPerGb, userPerGb, systemPerGb, megabytes: RUN_BYTES / seconds / 1e6 };
}

await runBench('tcp', { '1-stream': bulk('1-stream', 1), '4-streams': bulk('4-streams', 4) });

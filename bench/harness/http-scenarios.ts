import { join } from 'node:path';
import type { Balancer } from './balancer.ts';
import { type Bench, type Origin, type Scenario, startContenders, startOrigin } from './bench.ts';
import { type Figure, interleave, type Row, ratioRow, type Sample, type Target } from './comparison.ts';
import { cpuBetween, readCpu } from './cpu.ts';
import type { OpenLoopResult } from './open-loop.ts';
import { runProgram } from './processes.ts';
import { type LoadResult, runWrk, type WrkLoad } from './wrk.ts';

/** A load that was put on a balancer. */
export type Load = (port: number, seconds: number) => Promise<LoadResult>;

interface Targets {
  readonly cpu?: Target;
  readonly user?: Target;
  readonly p99?: Target;
}

const WARM_SECONDS = 2;
// Of the slowest's closed-loop throughput: a rate that all hold with room to spare.
const OPEN_LOOP_SHARE = 0.55;

export function figures(targets: Targets): Figure[] {
  return [
    figure('cpuUs', 'CPU a request', 'µs', 2, targets.cpu),
    figure('userUs', 'user part', 'µs', 2, targets.user),
    figure('systemUs', 'kernel part', 'µs', 2),
    figure('p50Us', 'p50', 'µs', 0),
    figure('p99Us', 'p99', 'µs', 0, targets.p99),
  ];
}

function figure(key: string, title: string, unit: string, digits: number, target?: Target): Figure {
  return { key, title, unit, digits, ...(target === undefined ? {} : { target }) };
}

/** Requests a second have no ratio: load and origin share the other core, so the balancer is not what limits them. */
export const throughput: Figure = { key: 'rps', title: 'throughput', unit: 'requests/s', digits: 0 };

interface Group {
  readonly origin: Origin;
  readonly balancers: readonly Balancer[];
}

let shared: Promise<Group> | undefined;

/** The three contenders, started once for all scenarios with this setting. */
function sharedGroup(bench: Bench): Promise<Group> {
  shared ??= startGroup(bench);
  return shared;
}

async function startGroup(bench: Bench): Promise<Group> {
  const origin = await startOrigin(bench);
  return { origin, balancers: await startContenders(bench, 'http', origin.ports) };
}

/** CPU and latency under wrk. */
export function closedLoop(name: string, load: WrkLoad, targets: Targets): Scenario {
  return async (bench) => {
    const { origin, balancers } = await sharedGroup(bench);
    const rows = await measureAll(bench, origin, balancers, wrkLoad(bench, load));
    return [
      ...figures(targets).map((one) => ratioRow(name, rows, one)),
      withoutRatio(ratioRow(name, rows, throughput)),
    ];
  };
}

/** p99 at one constant rate that all three hold. */
export function openLoop(name: string, load: WrkLoad, target: Target): Scenario {
  return async (bench) => {
    const { origin, balancers } = await sharedGroup(bench);
    const rate = bench.options.rate ?? (await findRate(bench, balancers, load));
    console.log(`\nopen loop: ${rate} requests/s over ${load.connections} connections`);
    const peers = balancers.map((balancer) => balancer.name).filter((peer) => peer !== 'equipoise');
    const contenders = [...balancers, withoutBalancer(origin)];
    const samples = await measureAll(bench, origin, contenders, constantLoad(bench, load, rate));
    return figures({ p99: target }).map((one) => ratioRow(name, samples, one, peers));
  };
}

/** The origin itself: how much of a latency is load, origin and machine. */
function withoutBalancer(origin: Origin): Balancer {
  const told = { name: 'no balancer', version: '', configuration: '', command: '' };
  return { ...told, port: origin.ports[0]!, serving: () => [], stop: async () => {} };
}

async function findRate(bench: Bench, balancers: readonly Balancer[], load: WrkLoad): Promise<number> {
  const rates: number[] = [];
  for (const balancer of balancers) {
    const { requests, seconds } = await wrkLoad(bench, load)(balancer.port, WARM_SECONDS);
    rates.push(requests / seconds);
  }
  return Math.round((Math.min(...rates) * OPEN_LOOP_SHARE) / 500) * 500;
}

export function withoutRatio(row: Row): Row {
  const { ratio: _ratio, ratioOf: _ratioOf, ...rest } = row;
  return rest;
}

export function wrkLoad(bench: Bench, load: WrkLoad): Load {
  const { loadCore: core } = bench.options;
  return (port, seconds) => runWrk(load, { port, seconds, core }, bench.directory);
}

function constantLoad(bench: Bench, load: WrkLoad, rate: number): Load {
  const file = join(import.meta.dir, 'open-loop.ts');
  return async (port, seconds) => {
    const numbers = [port, load.path, rate, seconds, load.connections].map(String);
    const output = await runProgram([process.execPath, file, ...numbers], bench.options.loadCore);
    return JSON.parse(output) as OpenLoopResult;
  };
}

/** Warms every balancer, then measures them in turn. */
export async function measureAll(
  bench: Bench,
  origin: Origin,
  balancers: readonly Balancer[],
  load: Load,
  warmSeconds = WARM_SECONDS,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  for (const balancer of balancers) await load(balancer.port, warmSeconds);
  const { rounds, seconds } = bench.options;
  return interleave(balancers, rounds, (balancer) => measure(balancer, origin, load, seconds));
}

async function measure(balancer: Balancer, origin: Origin, load: Load, seconds: number): Promise<Sample> {
  const servedBefore = await origin.served();
  const before = readCpu(balancer.serving());
  const result = await load(balancer.port, seconds);
  const cpu = cpuBetween(before, readCpu(balancer.serving()));
  const served = (await origin.served()) - servedBefore;
  // wrk counts a redirect as good; only what the origin answered is.
  if (served < result.requests) throw new Error(`${result.requests} answers, ${served} of them the origin's`);
  const { requests } = result;
  const [cpuUs, userUs, systemUs] = [cpu.totalUs / requests, cpu.userUs / requests, cpu.systemUs / requests];
  return { cpuUs, userUs, systemUs, p50Us: result.p50Us, p99Us: result.p99Us, rps: requests / result.seconds };
}

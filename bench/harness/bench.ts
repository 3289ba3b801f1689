import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../conformance/harness/sockets.ts';
import type { Balancer, Setting } from './balancer.ts';
import type { Row } from './comparison.ts';
import { type EquipoiseSetting, missingEquipoise, startEquipoise } from './equipoise.ts';
import { describeMachine } from './machine.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { missingPrograms, startHaproxy, startNginx, versionOf } from './peers.ts';
import { acceptsTcp, type Program, startProgram, temporaryDirectory, untilReady } from './processes.ts';
import { formatTable } from './table.ts';

/** The origin, running. */
export interface Origin {
  readonly ports: readonly number[];
  readonly program: Program;
  /** Requests it answered so far, health checks not counted. */
  served(): Promise<number>;
}

export interface Bench {
  readonly options: BenchOptions;
  readonly directory: string;
}

export type Scenario = (bench: Bench) => Promise<readonly Row[]>;

/** Runs the chosen scenarios, prints every table, writes the JSON; any failure ends the program with 1. */
export async function runBench(program: string, scenarios: Readonly<Record<string, Scenario>>): Promise<void> {
  const options = parseOptions(program, Object.keys(scenarios));
  requirePrograms(options);
  const bench: Bench = { options, directory: temporaryDirectory() };
  const machine = describeMachine();
  const load = `${versionOf(['wrk', '-v'])}; Bun ${Bun.version}`;
  console.log(JSON.stringify({ machine, load, options }, null, 2));
  const rows: Row[] = [];
  try {
    for (const name of options.scenarios) {
      console.log(`\n== ${program}: ${name} (${options.rounds} rounds)`);
      const made = await scenarios[name]!(bench);
      console.log(formatTable(made));
      rows.push(...made);
    }
    await stopBalancers();
  } catch (error) {
    console.error(`\nFAILED: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
  if (options.json !== undefined) {
    writeFileSync(
      options.json,
      `${JSON.stringify({ program, machine, load, options, configurations: told, rows }, null, 2)}\n`,
    );
  }
  process.exit(0);
}

function requirePrograms(options: BenchOptions): void {
  const wanted = ['wrk', 'taskset', ...options.contenders.filter((name) => name !== 'equipoise')];
  const missing = missingPrograms(wanted);
  if (missing.length > 0)
    console.error(
      `Not installed: ${missing.join(', ')}. On Debian: apt-get install haproxy nginx libnginx-mod-stream wrk util-linux`,
    );
  const ours = options.contenders.includes('equipoise') ? missingEquipoise(options.runtime) : [];
  if (ours.length > 0) console.error(`Not found: ${ours.join(', ')}`);
  if (missing.length + ours.length > 0) process.exit(1);
}

/** Starts the origin on three ports; `host` 0.0.0.0 makes it answer on every loopback address. */
export async function startOrigin(bench: Bench, host = '127.0.0.1'): Promise<Origin> {
  const ports = [await freePort(), await freePort(), await freePort()];
  const program = startBeside(bench, import.meta.resolve('./origin.ts'), [host, ports.join(',')]);
  await untilReady(program, () => acceptsTcp(ports[2]!));
  const served = async (): Promise<number> => Number(await (await fetch(`http://127.0.0.1:${ports[0]}/served`)).text());
  return { ports, program, served };
}

/** Starts the sender of bulk data; gives its port. */
export async function startBulkSource(bench: Bench): Promise<number> {
  const port = await freePort();
  const program = startBeside(bench, import.meta.resolve('./bulk.ts'), ['send', '127.0.0.1', String(port)]);
  await untilReady(program, () => acceptsTcp(port));
  return port;
}

function startBeside({ directory, options }: Bench, url: string, words: readonly string[]): Program {
  const file = fileURLToPath(url);
  const command = [process.execPath, file, ...words];
  return startProgram({ name: basename(file, '.ts'), command, core: options.loadCore, directory });
}

interface Told {
  readonly name: string;
  readonly version: string;
  readonly command: string;
  readonly configuration: string;
}

const told: Told[] = [];
const toldShapes = new Set<string>();
const running = new Set<Balancer>();

/** Starts the chosen contenders, ours first, and prints what each was told. */
export async function startContenders(
  bench: Bench,
  protocol: Setting['protocol'],
  endpoints: readonly number[],
): Promise<Balancer[]> {
  const { options, directory } = bench;
  const setting: Setting = { protocol, endpoints, core: options.balancerCore, directory };
  const starts: Record<string, () => Promise<Balancer[]>> = {
    equipoise: async () => [await startVariant(bench, setting)],
    haproxy: async () => [
      await startHaproxy(setting),
      ...(protocol === 'tcp' ? [await startHaproxy(setting, true)] : []),
    ],
    nginx: async () => [await startNginx(setting)],
  };
  const balancers: Balancer[] = [];
  for (const name of options.contenders) {
    const made = await starts[name]!();
    balancers.push(...made);
    if (name !== 'equipoise') for (const balancer of made) tell(balancer);
  }
  return balancers;
}

/** Starts one variant of ours. */
export async function startVariant(bench: Bench, setting: Setting & Partial<EquipoiseSetting>): Promise<Balancer> {
  const { runtime, policy } = bench.options;
  const balancer = await startEquipoise({ ...(policy === undefined ? {} : { policy }), ...setting, runtime });
  tell(balancer);
  return balancer;
}

function tell(balancer: Balancer): void {
  running.add(balancer);
  const { name, version, command, configuration } = balancer;
  // Started anew in each round, only the ports differ.
  const shape = `${name}\n${configuration.replaceAll(/\b[23]\d{4}\b/g, 'port')}`;
  if (toldShapes.has(shape)) return;
  toldShapes.add(shape);
  told.push({ name, version, command, configuration });
  console.log(`\n-- ${name}: ${version}\n   ${command}\n${shorten(configuration).replace(/^/gm, '   ')}`);
}

// 5,000 routes or endpoints are one rule repeated.
function shorten(text: string): string {
  const lines = text.trimEnd().split('\n');
  if (lines.length <= 80) return lines.join('\n');
  return [...lines.slice(0, 30), `… ${lines.length - 50} lines …`, ...lines.slice(-20)].join('\n');
}

/** Stops balancers; all that run when none is given. */
export async function stopBalancers(balancers: readonly Balancer[] = [...running]): Promise<void> {
  await Promise.all(balancers.map((balancer) => balancer.stop()));
  for (const balancer of balancers) running.delete(balancer);
}

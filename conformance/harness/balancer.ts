import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PATIENCE_MS, sleep } from './sockets.ts';

export type TransportName = 'bun' | 'node';

/** A balancer that runs as its own process. */
export interface Balancer {
  /** Of the process that was started. */
  readonly pid: number;
  /** What it wrote to stdout and stderr. */
  output(): string;
  alive(): boolean;
  /** Resident memory of the process that serves, in bytes. */
  residentBytes(): number;
  signal(name: NodeJS.Signals): void;
  /** Writes its configuration anew; it is read when the balancer is told to. */
  configure(config: object): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** SIGTERM, and SIGKILL when that takes longer than 10 s. */
  stop(): Promise<void>;
}

/** Where one can connect: the tcp ports and unix paths a configuration binds. */
export type Probe = number | string;

const ROOT = resolve(import.meta.dirname, '../..');
/** Another program that takes `run <config>`, to try the suite itself. */
const PROGRAM = process.env.CONFORMANCE_PROGRAM ?? join(ROOT, 'bin/equipoise.mjs');

export interface BalancerLimits {
  /** File descriptors the balancer may have (`ulimit -n`). Default: as many as this process. */
  readonly openFiles?: number;
  /** Further variables of its environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs `equipoise run` on `config` (JSON is YAML) and waits until every probe accepts connections. */
export async function startBalancer(
  config: object,
  transport: TransportName,
  probes: Probe[],
  limits: BalancerLimits = {},
): Promise<Balancer> {
  if (transport === 'node' && !process.env.CONFORMANCE_PROGRAM && !existsSync(join(ROOT, 'dist'))) {
    throw new Error('transport=node runs dist, which is missing: `npm run build` first');
  }
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  const file = join(folder, 'equipoise.yaml');
  configure(file, config);
  const env = { ...process.env, EQUIPOISE_RUNTIME: transport, ...limits.environment };
  // A group of its own: a launcher that is killed cannot forward the signal to the process it started.
  const [command, ...words] = commandLine(limits, ['node', PROGRAM, 'run', file]);
  const child = spawn(command!, words, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env });
  const balancer = createBalancer(child, folder, file);
  await waitListening(balancer, probes);
  return balancer;
}

function commandLine({ openFiles }: BalancerLimits, words: string[]): string[] {
  return openFiles === undefined ? words : ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...words];
}

function configure(file: string, config: object): void {
  // A failed scenario may leave connections behind; the next group should not wait for them.
  writeFileSync(file, JSON.stringify({ drainTimeout: 200, ...config }, null, 2));
}

function createBalancer(child: ChildProcess, folder: string, file: string): Balancer {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-100_000);
    });
  }
  let gone = false;
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) =>
    child.once('exit', (code, signal) => {
      gone = true;
      rmSync(folder, { recursive: true, force: true });
      done({ code, signal });
    }),
  );
  const kill = (pid: number, name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name);
    } catch {} // already gone
  };
  return {
    ...{ pid: child.pid!, exited },
    output: () => output,
    alive: () => !gone,
    residentBytes: () => residentBytes(child.pid!),
    signal: (name) => kill(child.pid!, name),
    configure: (config) => configure(file, config),
    async stop() {
      kill(child.pid!, 'SIGTERM');
      await Promise.race([exited, sleep(10_000)]);
      if (!gone) kill(-child.pid!, 'SIGKILL');
      await exited;
    },
  };
}

async function waitListening(balancer: Balancer, probes: Probe[]): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (const probe of probes) {
    while (!(await accepts(probe))) {
      const late = performance.now() > deadline;
      if (balancer.alive() && !late) {
        await sleep(25);
        continue;
      }
      await balancer.stop();
      throw new Error(`${late ? 'not listening in time' : 'ended'}: ${balancer.output().slice(-2000)}`);
    }
  }
}

function accepts(probe: Probe): Promise<boolean> {
  const address = typeof probe === 'string' ? { path: probe } : { host: '127.0.0.1', port: probe };
  return new Promise((done) => {
    const socket = connect(address, () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

/** The launcher starts the serving process as its child; without one it serves itself. */
function residentBytes(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  const own = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  return Math.max(own, ...children.map((child) => residentBytes(Number(child))));
}

import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { adminAt } from '../../harness/admin.ts';
import { type BalancerLimits, startBalancer, type TransportName } from '../../harness/balancer.ts';
import { request } from '../../harness/client.ts';
import { freePort, sleep } from '../../harness/sockets.ts';
import {
  equipoiseConfiguration,
  HAPROXY_SOCKET,
  haproxyConfiguration,
  nginxConfiguration,
  type Setting,
} from './configurations.ts';

/** A balancer that is running. */
export interface RunningBalancer {
  readonly port: number;
  /** 0 for those without our admin server. */
  readonly adminPort: number;
  /** The process that was started. */
  readonly pid: number;
  output(): string;
  /** Replaces the endpoints without a restart; resolves when the change was asked for. */
  reload(setting: Setting): Promise<void>;
  /** Resolves when the balancer keeps to it. Absent where it knows no such thing. */
  setMode?(endpointPort: number, mode: 'draining' | 'maintenance' | 'ready'): Promise<void>;
  stop(): Promise<void>;
}

/** A balancer that can be tried. */
export interface Contender {
  readonly name: string;
  readonly kind: 'equipoise' | 'haproxy' | 'nginx';
  /** Absent for peers. */
  readonly transport?: TransportName;
  readonly workers: number;
  start(setting: Setting, limits?: BalancerLimits): Promise<RunningBalancer>;
}

const STOP_MS = 3000;

export function equipoise(transport: TransportName, workers: number): Contender {
  const name = `equipoise ${transport}${workers > 1 ? ` workers=${workers}` : ''}`;
  return { name, kind: 'equipoise', transport, workers, start: (...args) => startOurs(transport, workers, ...args) };
}

export const haproxy: Contender = {
  ...{ name: 'haproxy', kind: 'haproxy', workers: 1 },
  async start(setting, limits) {
    const commandOf = (file: string): string[] => ['haproxy', '-W', '-db', '-f', file];
    const balancer = await startPeer(setting, limits, 'haproxy.cfg', haproxyConfiguration, commandOf, 'SIGUSR2');
    return { ...balancer, setMode: (endpointPort, mode) => setHaproxyState(setting, endpointPort, mode) };
  },
};

export const nginx: Contender = {
  ...{ name: 'nginx', kind: 'nginx', workers: 1 },
  start: (setting, limits) =>
    startPeer(
      setting,
      limits,
      'nginx.conf',
      nginxConfiguration,
      (file) => ['nginx', '-p', setting.directory, '-c', file],
      'SIGHUP',
    ),
};

async function startOurs(
  transport: TransportName,
  workers: number,
  setting: Setting,
  limits?: BalancerLimits,
): Promise<RunningBalancer> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const configurationOf = (next: Setting): object => equipoiseConfiguration(next, port, adminPort, workers);
  const balancer = await startBalancer(configurationOf(setting), transport, [port, adminPort], limits);
  process.once('exit', () => balancer.signal('SIGKILL'));
  const admin = adminAt(adminPort);
  // Whether a port is free is tried before the workers listen there: a connection proves nothing.
  await untilTrue(async () => (await admin.ready()) === 200, balancer.output);
  return {
    ...{ port, adminPort, pid: balancer.pid },
    output: () => balancer.output(),
    async reload(next) {
      balancer.configure(configurationOf(next));
      balancer.signal('SIGHUP');
    },
    setMode: (endpointPort, mode) => patchMode(adminPort, endpointPort, mode),
    stop: () => balancer.stop(),
  };
}

async function patchMode(adminPort: number, endpointPort: number, mode: string): Promise<void> {
  const id = encodeURIComponent(`127.0.0.1:${endpointPort}`);
  const answer = await fetch(`http://127.0.0.1:${adminPort}/api/v1/pools/main/endpoints/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ mode }),
  });
  if (!answer.ok) throw new Error(`PATCH ${mode}: ${answer.status} ${await answer.text()}`);
}

const HAPROXY_STATES = { draining: 'drain', maintenance: 'maint', ready: 'ready' };

/** What it has no objection to, it answers with an empty line. */
async function setHaproxyState(setting: Setting, endpointPort: number, mode: keyof typeof HAPROXY_STATES) {
  const server = `main/s${setting.endpoints.indexOf(endpointPort)}`;
  const socket = connect(join(setting.directory, HAPROXY_SOCKET));
  socket.end(`set server ${server} state ${HAPROXY_STATES[mode]}\n`);
  const answer = (await text(socket)).trim();
  if (answer !== '') throw new Error(`haproxy: ${answer}`);
}

async function startPeer(
  setting: Setting,
  limits: BalancerLimits | undefined,
  fileName: string,
  configurationOf: (setting: Setting, port: number) => string,
  commandOf: (file: string) => string[],
  reloadSignal: NodeJS.Signals,
): Promise<RunningBalancer> {
  const port = await freePort();
  const file = join(setting.directory, fileName);
  mkdirSync(setting.directory, { recursive: true });
  writeFileSync(file, configurationOf(setting, port));
  const logFile = join(setting.directory, 'peer.log');
  const log = openSync(logFile, 'a');
  const [command, ...args] = commandOf(file);
  const child = spawn(command!, args, {
    stdio: ['ignore', log, log],
    detached: true,
    env: { ...process.env, ...limits?.environment },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = (pid: number, signal: NodeJS.Signals): void => {
    try {
      process.kill(pid, signal);
    } catch {} // gone already
  };
  process.once('exit', () => kill(-child.pid!, 'SIGKILL'));
  // Any answer will do.
  const answers = (): Promise<boolean> => request(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n').then(() => true);
  await untilTrue(answers, () => readFileSync(logFile, 'utf8'));
  return {
    ...{ port, adminPort: 0, pid: child.pid! },
    output: () => '',
    async reload(next) {
      writeFileSync(file, configurationOf(next, port));
      kill(child.pid!, reloadSignal);
    },
    async stop() {
      kill(child.pid!, 'SIGTERM');
      await Promise.race([exited, sleep(STOP_MS)]);
      kill(-child.pid!, 'SIGKILL');
      await exited;
    },
  };
}

async function untilTrue(holds: () => Promise<boolean>, output: () => string): Promise<void> {
  for (const deadline = performance.now() + 10_000; ; await sleep(25)) {
    if (await holds().catch(() => false)) return;
    if (performance.now() > deadline) throw new Error(`not ready after 10 s: ${output()}`);
  }
}

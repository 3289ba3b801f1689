import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../../conformance/harness/sockets.ts';
import type { Balancer, Setting } from './balancer.ts';
import { answersOk, descendants, startProgram, untilReady } from './processes.ts';

/** Which program is measured: the installed command (its Bun child is what counts), or Bun on the sources. */
export type Runtime = 'launcher' | 'src';

export interface EquipoiseSetting extends Setting {
  readonly runtime: Runtime;
  /** Policy of the pool; absent: the default. */
  readonly policy?: unknown;
  /** Endpoint addresses instead of `endpoints` on 127.0.0.1. */
  readonly addresses?: readonly string[];
  /** Routes before the one that matches. */
  readonly otherRoutes?: readonly object[];
  /** Whose X-Forwarded-For is believed. Default nobody's. */
  readonly trustedProxies?: readonly string[];
  /** Between two checks of an endpoint. Default 2s. */
  readonly checkInterval?: string;
  /** Default 1. */
  readonly workers?: number;
  /** Absent: requests are not logged. */
  readonly accessLog?: object;
}

const ROOT = join(import.meta.dir, '..', '..');

/** The configuration: one worker unless told otherwise, everything else that a user gets by default, plus checks and an admin listener. */
export function equipoiseConfiguration(setting: EquipoiseSetting, port: number, adminPort: number): string {
  const interval = setting.checkInterval ?? '2s';
  const http = setting.protocol === 'http';
  const health = {
    type: setting.protocol,
    ...(http ? { path: '/health' } : {}),
    interval,
    timeout: '1s',
    rise: 2,
    fall: 3,
  };
  const trusted = setting.trustedProxies === undefined ? {} : { trustedProxies: setting.trustedProxies };
  const listener = { bind: `127.0.0.1:${port}`, protocol: setting.protocol, ...trusted };
  const routes = [...(setting.otherRoutes ?? []), { pool: 'origin' }];
  const endpoints = setting.addresses ?? setting.endpoints.map((endpoint) => `127.0.0.1:${endpoint}`);
  const policy = setting.policy === undefined ? {} : { policy: setting.policy };
  return stringify({
    version: 1,
    workers: setting.workers ?? 1,
    admin: { bind: `127.0.0.1:${adminPort}` },
    ...(setting.accessLog && { accessLog: setting.accessLog }),
    listeners: { web: http ? { ...listener, routes } : { ...listener, pool: 'origin' } },
    pools: { origin: { ...policy, endpoints, health } },
  });
}

export async function startEquipoise(setting: EquipoiseSetting): Promise<Balancer> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const name = setting.name ?? 'equipoise';
  const configuration = equipoiseConfiguration(setting, port, adminPort);
  const file = join(setting.directory, `equipoise-${port}.yaml`);
  writeFileSync(file, configuration);
  const command = [...programOf(setting.runtime), 'run', file];
  const program = startProgram({ name, command, core: setting.core, directory: setting.directory });
  await untilReady(program, () => answersOk(`http://127.0.0.1:${adminPort}/readyz`), 30_000);
  if (!(await answersOk(`http://127.0.0.1:${adminPort}/metrics`))) throw new Error('equipoise serves no metrics');
  // The launcher only passes signals on; where it serves by itself, on Node, it has no child.
  const serving = (): number[] => {
    const children = descendants(program.pid);
    return children.length > 0 ? children : [program.pid];
  };
  const version = `equipoise ${gitRevision()}, ${runtimeVersion(serving())}`;
  return { name, version, configuration, command: program.command.join(' '), port, serving, stop: program.stop };
}

function programOf(runtime: Runtime): string[] {
  if (runtime === 'launcher') return ['node', join(ROOT, 'bin', 'equipoise.mjs')];
  return [process.execPath, join(ROOT, 'src', 'cli', 'main.ts')];
}

/** Says what keeps the program from being run; empty when nothing does. */
export function missingEquipoise(runtime: Runtime): string[] {
  const file = programOf(runtime)[1] ?? '';
  return existsSync(file) ? [] : [file];
}

function gitRevision(): string {
  const revision = Bun.spawnSync(['git', '-C', ROOT, 'describe', '--always', '--dirty']).stdout.toString().trim();
  return revision === '' ? 'without revision' : revision;
}

/** What really serves: the launcher takes `dist` before `src`, and Node where Bun is missing. */
function runtimeVersion(pids: readonly number[]): string {
  const link = Bun.spawnSync(['readlink', `/proc/${pids[0]}/exe`])
    .stdout.toString()
    .trim();
  const version = Bun.spawnSync([link, '--version']).stdout.toString().trim();
  const words = readFileSync(`/proc/${pids[0]}/cmdline`, 'latin1').split('\0');
  const main = words.find((word) => /\.(js|mjs|ts)$/.test(word)) ?? '';
  return `${link.includes('bun') ? 'Bun' : 'Node'} ${version} on ${relative(ROOT, main)}`;
}

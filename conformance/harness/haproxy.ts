import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, PATIENCE_MS, sleep } from './sockets.ts';

const TRY_MS = 100;
const MOST_TRIES = PATIENCE_MS / TRY_MS;

export const hasHaproxy = spawnSync('haproxy', ['-v']).error === undefined;

export interface Haproxy {
  readonly port: number;
  /** Of its log, so far. */
  lines(): string[];
  close(): Promise<void>;
}

/** Runs HAProxy with these sections; `bind @` in them is its port. Its log comes without anything in front of the lines. */
export async function startHaproxy(sections: string): Promise<Haproxy> {
  const folder = mkdtempSync(join(tmpdir(), 'haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  const port = await freePort();
  const global = 'global\n  log stdout format raw local0\n  maxconn 500\n  nbthread 1\n';
  writeFileSync(file, global + sections.replace('bind @', `bind 127.0.0.1:${port}`));
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = (): string[] => output.split('\n').slice(0, -1);
  // It logs who only looks whether it listens.
  for (let tries = 0; lines().length === 0; tries++) {
    if (child.exitCode !== null || tries > MOST_TRIES) throw new Error(`haproxy does not listen: ${complaints}`);
    const socket = connect(port, '127.0.0.1', () => socket.destroy());
    socket.on('error', () => {});
    await sleep(TRY_MS);
  }
  const before = lines().length;
  return {
    port,
    lines: () => lines().slice(before),
    async close() {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

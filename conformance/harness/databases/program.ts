import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../sockets.ts';

/** Where Debian puts servers that are not for everyone. */
const FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/bin'];
/** `nobody` of Debian, for servers that refuse to run as root. */
const [NOBODY, NOGROUP] = [65_534, 65_534];

/** The path of a program, or undefined. */
export function findProgram(name: string): string | undefined {
  return [...FOLDERS, ...postgresFolders(), ...(process.env.PATH ?? '').split(':')]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql';
  return existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin')) : [];
}

/** A folder of the user that the servers run as. */
export interface Home {
  readonly path: string;
  /** A folder in it. */
  folder(name: string): string;
  close(): void;
}

export function makeHome(name: string): Home {
  const path = mkdtempSync(join(tmpdir(), `conformance-${name}-`));
  give(path);
  const folder = (inside: string) => {
    mkdirSync(join(path, inside), { mode: 0o700 });
    give(join(path, inside));
    return join(path, inside);
  };
  return { path, folder, close: () => rmSync(path, { recursive: true, force: true }) };
}

function give(path: string): void {
  if (process.getuid?.() === 0) chownSync(path, NOBODY, NOGROUP);
}

const asUser = () => (process.getuid?.() === 0 ? { uid: NOBODY, gid: NOGROUP } : {});

export interface RunOptions {
  /** Default 20 s. */
  readonly timeoutMs?: number;
  /** For its stdin; default nothing. */
  readonly input?: string;
}

/** Runs a program to its end; what it wrote to stdout. Rejects with its stderr when it fails, or takes too long. */
export function run(program: string, words: readonly string[], given: RunOptions = {}): Promise<string> {
  const { timeoutMs = 20_000, input = '' } = given;
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, cwd: '/', ...asUser() };
    const child = execFile(findProgram(program)!, words, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim());
      else reject(new Error(`${program}: ${stderr.trim() || error.message}`));
    });
    // One that has ended already reads nothing.
    child.stdin?.on('error', () => {}).end(input);
  });
}

/** A server at work. */
export interface Service {
  /** Asks it to end by `signal`, and kills it when that takes longer than 10 s. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a server and waits until `isReady` resolves, at most 20 s. */
export async function serve(
  program: string,
  words: readonly string[],
  isReady: () => Promise<unknown>,
): Promise<Service> {
  const child = spawn(findProgram(program)!, words, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', ...asUser() });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-5000);
    });
  }
  const service = { stop: (signal: NodeJS.Signals = 'SIGTERM') => end(child, signal) };
  const deadline = performance.now() + 20_000;
  while (!(await isReady().then(Boolean, () => false))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await service.stop('SIGKILL');
      throw new Error(`${program} does not serve: ${output}`);
    }
    await sleep(50);
  }
  return service;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill(signal);
  await Promise.race([exited, sleep(10_000)]);
  child.kill('SIGKILL');
  await exited;
}

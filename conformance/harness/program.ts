import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { within } from './sockets.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Builds `npm run build:executable`'s file in `folder`, of the dist that there is. Takes about half a second. */
export function buildExecutable(folder: string): string {
  const path = join(folder, 'equipoise');
  const words = [join(ROOT, 'bin/build-executable.mjs'), `--outfile=${path}`];
  const { status, stdout, stderr } = spawnSync('node', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return path;
}

/** A program that runs. */
export interface Program {
  readonly pid: number;
  /** What it wrote to stdout and stderr. */
  output(): string;
  /** Resolves once it has written this, in 10 s at most. */
  says(pattern: RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** SIGKILL, where it has not ended yet. */
  close(): Promise<void>;
}

export interface ProgramOptions {
  readonly cwd: string;
  /** All that is in its environment. Default: nothing, not even PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

export function startProgram(command: string, words: readonly string[], { cwd, env = {} }: ProgramOptions): Program {
  const child: ChildProcess = spawn(command, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let look = () => {};
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      look();
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done, fail) => {
    child.once('error', fail);
    child.once('close', (code, signal) => done({ code, signal }));
  });
  const saying = (pattern: RegExp) =>
    new Promise<void>((done, fail) => {
      look = () => pattern.test(output) && done();
      look();
      void ended.then(() => fail(new Error(`ended without ${pattern}:\n${output}`)), fail);
    });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    says: (pattern) =>
      within(`${pattern}`, saying(pattern)).catch((cause) => {
        throw new Error(`${(cause as Error).message}\n${output}`, { cause });
      }),
    signal: (name) => void child.kill(name),
    ended,
    async close() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended.catch(() => {});
    },
  };
}

/** Runs it to its end. */
export async function runProgram(command: string, words: readonly string[], options: ProgramOptions) {
  const program = startProgram(command, words, options);
  const { code } = await within(words.join(' '), program.ended).finally(() => program.close());
  return { code, output: program.output() };
}

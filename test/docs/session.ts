import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ROOT } from './documents.ts';

/** The ports that documents and examples use; each session has free ones in their places. */
const PORTS = [3001, 3002, 3003, 3009, 8080, 8081, 8082, 8083, 9900];
const PATIENCE_MS = 8000;

/** Runs what a document tells its reader to type, in a directory of its own, and compares what is printed. */
export interface Session {
  /** Writes a file of the document. */
  write(file: string, text: string): void;
  /**
   * Runs a `console` block: lines that begin with `$ ` are commands, the others their output. `…` stands for any text,
   * and on a line of its own for any lines. `equipoise run` and `serve` and the backends go on in the background; another
   * `run` or `serve` ends the one before. Throws what differs.
   */
  play(block: string): Promise<void>;
  /** Text with the session's ports in place of the document's. */
  adapt(text: string): string;
  close(): Promise<void>;
}

export async function startSession(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-docs-'));
  const ports = await freePorts(PORTS.length);
  const byPort = new Map(PORTS.map((port, index) => [`${port}`, `${ports[index]}`]));
  const adapt = (text: string) => text.replaceAll(/\b\d{4}\b/g, (number) => byPort.get(number) ?? number);
  const path = `${writeCommands(folder)}${delimiter}${process.env['PATH']}`;
  const env = { ...process.env, NO_COLOR: '1', PATH: path, EQUIPOISE_ADMIN: adapt('http://127.0.0.1:9900') };
  const background: Task[] = [];
  let balancer: Task | undefined;

  function write(file: string, text: string): void {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    const adapted = adapt(text);
    // The source, as for the command; programs for Node import what is built.
    const source = `from '${join(ROOT, 'src/index.ts')}'`;
    writeFileSync(path, file.endsWith('.mjs') ? adapted : adapted.replaceAll("from 'equipoise'", source));
  }

  async function play(block: string): Promise<void> {
    for (const { command, output } of stepsOf(adapt(block))) {
      const isBalancer = /equipoise (run|serve)\b/.test(command);
      if (isBalancer) await balancer?.stop();
      const task = startTask(command, folder, env);
      if (isBalancer) balancer = task;
      if (isBalancer || /^(\w+=\S+ )*node examples\/backends/.test(command)) {
        background.push(task);
        await task.shows(output);
      } else await task.ends(output);
    }
  }

  linkPackages(folder);
  for (const file of readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })) {
    if (/\.(yaml|ts|mjs)$/.test(file))
      write(join('examples', file), readFileSync(join(ROOT, 'examples', file), 'utf8'));
  }
  return {
    write,
    play,
    adapt,
    async close() {
      await Promise.all(background.map((task) => task.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a reader of the library's guides has installed. */
function linkPackages(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  symlinkSync(ROOT, join(modules, 'equipoise'), 'dir');
  symlinkSync(join(ROOT, 'node_modules/undici'), join(modules, 'undici'), 'dir');
}

/** `npx equipoise` runs the source, and `npx` nothing else. */
function writeCommands(folder: string): string {
  const commands = join(folder, 'bin');
  mkdirSync(commands);
  const npx = `#!/bin/sh\n[ "$1" = equipoise ] || exit 64\nshift\nexport npm_command=exec\nexec '${process.execPath}' '${join(ROOT, 'src/cli/main.ts')}' "$@"\n`;
  writeFileSync(join(commands, 'npx'), npx);
  chmodSync(join(commands, 'npx'), 0o755);
  return commands;
}

interface Step {
  readonly command: string;
  readonly output: string;
}

export function stepsOf(block: string): Step[] {
  const [before = '', ...steps] = `\n${block}`.split('\n$ ');
  if (before.trim() !== '') throw new Error(`a console block begins with "$ ", not with ${before.trim()}`);
  return steps.map((step) => {
    const [command = '', ...output] = step.split('\n');
    return { command, output: output.join('\n').trim() };
  });
}

/** Matches what an output shows; how far columns stand apart is the tools' business. */
export function patternOf(output: string): string {
  const escaped = plain(output).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const lines = escaped.replace(/^…\n/, '(?:[^]*?\n)?').replaceAll(/\n…(?=\n|$)/g, '(?:\n[^]*?)?');
  return lines.replaceAll('…', '.*');
}

const plain = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/^ | $/gm, '').trim();

interface Task {
  /** Resolves once the output contains what is expected. */
  shows(output: string): Promise<void>;
  /** Resolves when the command has ended with exactly this output. */
  ends(output: string): Promise<void>;
  stop(): Promise<void>;
}

function startTask(command: string, cwd: string, env: NodeJS.ProcessEnv): Task {
  // A pipe needs the shell; a single command takes its place, so that signals reach it.
  const script = /[|;&]/.test(command) ? command : `exec env ${command}`;
  const child: ChildProcess = spawn('sh', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let look = () => {};
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      look();
    });
  }
  const ended = new Promise<number | null>((resolve) => void child.once('close', resolve));
  const differs = (why: string, output: string) =>
    new Error(`$ ${command}\n${why}\n--- expected\n${output}\n--- printed\n${text}`);

  return {
    shows: (output) =>
      new Promise((resolve, reject) => {
        const pattern = new RegExp(patternOf(output));
        const limit = setTimeout(() => reject(differs('does not show in time', output)), PATIENCE_MS);
        look = () => {
          if (!pattern.test(plain(text))) return;
          clearTimeout(limit);
          resolve();
        };
        look();
        void ended.then(() => {
          clearTimeout(limit);
          reject(differs('ended', output));
        });
      }),
    async ends(output) {
      const limit = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      const code = await ended;
      clearTimeout(limit);
      if (output === '' && code !== 0) throw differs(`ended with ${code}`, output);
      if (output !== '' && !new RegExp(`^${patternOf(output)}$`).test(plain(text))) {
        throw differs('prints something else', output);
      }
    },
    async stop() {
      child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await ended;
      clearTimeout(limit);
    },
  };
}

/** Of four digits and ascending, as those in the documents: columns and the order of lines stay what they are. */
async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let port = 4000 + Math.floor(Math.random() * 5000); found.length < count; port++) {
    if (port > 9999) throw new Error('no free ports of four digits');
    if (await isFree(port)) found.push(port);
  }
  return found;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

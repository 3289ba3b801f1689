import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findBun } from '../bin/find-bun.mjs';

/** A server in miniature: tells its runtime and pids, then each signal that reaches it. SIGTERM ends it after a "drain". */
const MAIN = `
import { writeSync } from 'node:fs';
const [command, value] = process.argv.slice(2);
const runtime = process.versions.bun ? 'bun' : 'node';
if (command === 'exit') process.exit(Number(value));
if (command === 'kill') process.kill(process.pid, value);
if (command === 'show') console.log(JSON.stringify({ runtime, args: process.argv.slice(2), env: process.env.FROM_DOTENV }));
if (command === 'serve' && process.env.EQUIPOISE_REPORT_FD && value !== 'silent') {
  writeSync(Number(process.env.EQUIPOISE_REPORT_FD), '3\\n');
  writeSync(Number(process.env.EQUIPOISE_REPORT_FD), '12\\n');
}
if (command === 'serve') {
  for (const name of ['SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGTERM'])
    process.on(name, () => { console.log('got ' + name); if (name === 'SIGTERM') setTimeout(() => process.exit(7), 100); });
  setInterval(() => {}, 1000);
  console.log('ready ' + runtime + ' ' + process.pid + ' ' + process.ppid + ' .');
  if (value === 'crash') process.exit(134);
}
`;

const STUB = '#!/bin/sh\necho "Error: Bun\'s postinstall script was not run." >&2\nexit 1\n';
const bun = findBun();
const children = new Set<ChildProcess>();
let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'launcher-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Layout = 'installed' | 'scripts blocked' | 'nested' | 'no bun' | 'unstartable';
let packages = 0;

/** A package folder with the real launcher and a tiny dist/cli/main.js. */
function install(layout: Layout): string {
  const folder = join(root, `${++packages}`);
  cpSync(new URL('../bin', import.meta.url), join(folder, 'bin'), { recursive: true });
  place(folder, 'package.json', '{ "name": "equipoise", "type": "module" }');
  place(folder, 'dist/cli/main.js', MAIN);
  if (layout !== 'no bun') installBun(folder, layout);
  return folder;
}

function installBun(folder: string, layout: Exclude<Layout, 'no bun'>): void {
  if (bun === undefined) throw new Error('these tests need Bun: npm ci');
  const modules = join(folder, 'node_modules');
  const platform = `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;
  place(modules, 'bun/package.json', '{ "name": "bun" }');
  const oven = join(modules, layout === 'nested' ? 'bun/node_modules' : '', platform);
  place(oven, 'package.json', '{}');
  mkdirSync(join(oven, 'bin'));
  if (layout === 'unstartable') place(modules, 'bun/bin/bun.exe', `#!/no/such/interpreter\n${' '.repeat(2 << 20)}`);
  else if (layout === 'installed') link(join(modules, 'bun/bin'), 'bun.exe', bun);
  else {
    place(modules, 'bun/bin/bun.exe', STUB);
    link(join(oven, 'bin'), 'bun', bun);
  }
}

function place(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

function link(folder: string, name: string, target: string): void {
  mkdirSync(folder, { recursive: true });
  symlinkSync(target, join(folder, name));
}

interface Run {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves with the match once the output has one. */
  sees(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; output: string }>;
}

function launch(folder: string, args: string[], env: Record<string, string> = {}): Run {
  return start('node', [join(folder, 'bin/equipoise.mjs'), ...args], folder, env);
}

function start(command: string, args: string[], cwd: string, env: Record<string, string> = {}): Run {
  const child = spawn(command, args, { cwd, env: { ...process.env, EQUIPOISE_RUNTIME: '', ...env } });
  children.add(child);
  let output = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const check of waiting) check();
    });
  }
  const sees = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve) => {
      const check = (): void => {
        const match = pattern.exec(output);
        if (match === null) return;
        waiting.delete(check);
        resolve(match);
      };
      waiting.add(check);
      check();
    });
  const ended = new Promise<Awaited<Run['ended']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
  return { child, output: () => output, sees, ended };
}

const READY = /ready (\w+) (\d+) (\d+) \./;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the runtime', () => {
  test.each<{ why: string; layout: Layout; forced?: string; want: string; says?: string }>([
    { why: 'Bun as npm leaves it', layout: 'installed', want: 'bun' },
    { why: 'Bun where install scripts are blocked', layout: 'scripts blocked', want: 'bun' },
    { why: 'Bun nested below its own package', layout: 'nested', want: 'bun' },
    { why: 'Node where Bun is missing', layout: 'no bun', want: 'node', says: 'Bun not found: running on Node' },
    { why: 'Node where Bun cannot be started', layout: 'unstartable', want: 'node', says: 'Bun cannot be started' },
    { why: 'Node on request, without a word', layout: 'installed', forced: 'node', want: 'node' },
    { why: 'Bun on request', layout: 'installed', forced: 'bun', want: 'bun' },
  ])('$why', async ({ layout, forced, want, says }) => {
    const { code, output } = await launch(install(layout), ['show', '--json', '-v'], {
      EQUIPOISE_RUNTIME: forced ?? '',
    }).ended;
    const lines = output.trim().split('\n');
    const answer = lines.find((line) => line.startsWith('{')) ?? '';
    expect(JSON.parse(answer)).toEqual({ runtime: want, args: ['show', '--json', '-v'] });
    expect(code).toBe(0);
    const said = lines.filter((line) => line !== answer);
    expect(said).toEqual(says === undefined ? [] : [expect.stringContaining(says)]);
  });

  test.each([
    { why: 'Bun is required and missing', runtime: 'bun', code: 1, says: 'Bun not found' },
    { why: 'a runtime that does not exist', runtime: 'deno', code: 2, says: 'EQUIPOISE_RUNTIME is "deno"' },
  ])('refused: $why', async ({ runtime, code, says }) => {
    const ended = await launch(install('no bun'), ['show'], { EQUIPOISE_RUNTIME: runtime }).ended;
    expect(ended).toEqual({ code, signal: null, output: expect.stringContaining(says) });
    expect(ended.output).not.toContain('runtime":');
  });

  test('src runs on Bun where dist is missing; Node says how to build it', async () => {
    const folder = install('installed');
    mkdirSync(join(folder, 'src/cli'), { recursive: true });
    renameSync(join(folder, 'dist/cli/main.js'), join(folder, 'src/cli/main.ts'));
    expect((await launch(folder, ['exit', '5']).ended).code).toBe(5);

    const onNode = await launch(folder, ['exit', '5'], { EQUIPOISE_RUNTIME: 'node' }).ended;
    expect(onNode).toMatchObject({ code: 1, output: expect.stringContaining('npm run build') });
  });

  test('the settings of the directory it is started in are not the server’s', async () => {
    const folder = install('installed');
    place(folder, 'bunfig.toml', 'preload = ["./intruder.mjs"]\n');
    place(folder, 'intruder.mjs', 'console.log("intruder")');
    place(folder, '.env', 'FROM_DOTENV=intruder\n');
    expect((await launch(folder, ['show']).ended).output).not.toContain('intruder');
  });

  test('an outdated Node is told so', async () => {
    const folder = install('installed');
    const old = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'18.20.8'}})`;
    const ended = await start('node', ['--import', old, join(folder, 'bin/equipoise.mjs')], folder).ended;
    expect(ended).toMatchObject({ code: 1, output: expect.stringContaining('Node 18.20.8 is too old') });
  });
});

describe.each(['bun', 'node'])('as a process, on %s', (runtime) => {
  const env = { EQUIPOISE_RUNTIME: runtime };

  test.each([0, 1, 2, 137])('exit code %i passes through', async (code) => {
    expect(await launch(install('installed'), ['exit', `${code}`], env).ended).toMatchObject({ code, signal: null });
  });

  test.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGABRT'])('ends by %s when the server does', async (signal) => {
    expect(await launch(install('installed'), ['kill', signal], env).ended).toMatchObject({ code: null, signal });
  });

  test('signals reach the server, and its exit code comes back', async () => {
    const run = launch(install('installed'), ['serve'], env);
    const [, ran, pid] = await run.sees(READY);
    expect(ran).toBe(runtime);
    for (const signal of ['SIGHUP', 'SIGUSR2', 'SIGINT', 'SIGTERM'] as const) {
      run.child.kill(signal);
      await run.sees(new RegExp(`got ${signal}`));
    }
    expect(await run.ended).toMatchObject({ code: 7, signal: null });
    expect(isAlive(Number(pid))).toBe(false);
  });
});

describe('a server that crashes', () => {
  const AGAIN = /ready.*started again.*ready (\w+) (\d+) /s;

  test.each(['SIGSEGV', 'SIGABRT', 'SIGKILL'] as const)('by %s after it served is started again', async (signal) => {
    const run = launch(install('installed'), ['serve']);
    const [, , pid] = await run.sees(READY);
    process.kill(Number(pid), signal);
    const [, , next] = await run.sees(AGAIN);
    expect(run.output()).toContain(
      `equipoise: the server was ended by ${signal}; 12 connections were lost; it is started again in 100 ms\n`,
    );
    run.child.kill('SIGTERM');
    expect(await run.ended).toMatchObject({ code: 7, signal: null });
    expect(isAlive(Number(next))).toBe(false);
  });

  test('with a code that is not its own is started again, the second time after a longer delay', async () => {
    const run = launch(install('installed'), ['serve', 'crash']);
    const [, delay] = await run.sees(
      /code 134; .*code 134; 12 connections were lost; it is started again in (\d+) ms/s,
    );
    expect(delay).toBe('200');
    run.child.kill('SIGTERM');
    expect((await run.ended).signal).toBe('SIGTERM');
  });

  test.each([
    { why: 'before it served', args: ['serve', 'silent'], signal: 'SIGKILL' as const },
    { why: 'of a command that does not serve', args: ['kill', 'SIGSEGV'], signal: undefined },
  ])('$why is not started again', async ({ args, signal }) => {
    const run = launch(install('installed'), args);
    if (signal !== undefined) process.kill(Number((await run.sees(READY))[2]), signal);
    expect(await run.ended).toMatchObject({ code: null, signal: args[1] === 'silent' ? signal : args[1] });
    expect(run.output()).not.toContain('started again');
  });

  test('while it drains is not started again', async () => {
    const run = launch(install('installed'), ['serve']);
    const [, , pid] = await run.sees(READY);
    run.child.kill('SIGTERM');
    await run.sees(/got SIGTERM/);
    process.kill(Number(pid), 'SIGKILL');
    expect(await run.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
  });
});

describe('the server and its launcher', () => {
  test('share a process group: nothing is detached', async () => {
    const run = launch(install('installed'), ['serve']);
    const [, , pid, parent] = await run.sees(READY);
    expect(Number(parent)).toBe(run.child.pid);
    const groups = await start('ps', ['-o', 'pgid=', '-p', `${pid},${parent}`], root).ended;
    expect(new Set(groups.output.trim().split(/\s+/)).size).toBe(1);
  });

  test('a launcher that is killed leaves no server behind', async () => {
    const run = launch(install('installed'), ['serve']);
    const [, , pid] = await run.sees(READY);
    run.child.kill('SIGKILL');
    // Nobody tells us of a grandchild's end, so ask; a server left behind fails by the test's time-out.
    while (isAlive(Number(pid))) await new Promise((resolve) => setTimeout(resolve, 10));
    await run.ended;
  });

  test('Ctrl-C in a terminal interrupts the server once', async () => {
    const folder = install('installed');
    const run = start('script', ['-qec', 'exec node bin/equipoise.mjs serve', '/dev/null'], folder);
    const [, , , parent] = await run.sees(READY);
    run.child.stdin?.write('\x03');
    await run.sees(/got SIGINT/);
    // The launcher handles signals in order: a SIGINT that it forwards arrives before the drain that this starts is over.
    process.kill(Number(parent), 'SIGTERM');
    const { output } = await run.ended;
    expect(output.match(/got SIG\w+/g)?.sort()).toEqual(['got SIGINT', 'got SIGTERM']);
  });
});

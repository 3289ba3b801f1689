import { execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Admin, startAdmin } from '../../admin/admin.ts';
import { adminDeps } from '../../admin/testing/ask.ts';
import type { RunningServer } from '../../server/server.ts';
import { startLines } from '../../server/testing/start.ts';
import { dispatch } from '../commands.ts';

const TIMEOUT_MS = 60_000;
const PATIENCE_MS = 30_000;
/** A shell that reads it as anything but a word makes a file. */
const HOSTILE = '$(>pwned)"`>pwned`';
const MAIN = ['main/127.0.0.1:3001', 'main/127.0.0.1:3002'];
const OTHER = [`other/${HOSTILE}`];

const folder = mkdtempSync(join(tmpdir(), 'equipoise-names-'));
const calls = join(folder, 'calls');
let server: RunningServer;
let admin: Admin;
let url: string;

beforeAll(async () => {
  server = await startLines({
    listeners: {
      web: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' },
      raw: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'other' },
    },
    pools: {
      main: { endpoints: ['127.0.0.1:3001', '127.0.0.1:3002'] },
      other: { endpoints: [{ id: HOSTILE, address: 3003 }] },
    },
  });
  const bind = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
  admin = await startAdmin(
    { bind, token: 'all', readToken: 'look' },
    adminDeps(() => server),
  );
  url = `http://127.0.0.1:${(admin.address as { port: number }).port}`;
  // What is not about completion is written down: a line for each call, words between bars.
  const program = `exec '${process.execPath}' '${resolve(import.meta.dirname, '../main.ts')}' "$@"`;
  const note = `printf '|%s' "$@" >> '${calls}'; echo '|' >> '${calls}'`;
  writeFileSync(join(folder, 'equipoise'), `#!/bin/sh\nif [ "$1" = completions ]; then ${program}; fi\n${note}\n`);
  chmodSync(join(folder, 'equipoise'), 0o755);
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { out } = await call(['completions', shell]);
    writeFileSync(join(folder, `_equipoise.${shell}`), out);
  }
});
afterAll(async () => {
  admin.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function call(argv: readonly string[], env: Record<string, string> = {}) {
  let [out, err] = ['', ''];
  const io = { stdout: (text: string) => (out += text), stderr: (text: string) => (err += text) };
  const code = await dispatch(argv, { ...io, env, cwd: '/nowhere', color: false });
  return { code, out, err };
}

const environment = (): Record<string, string> => ({
  ...(process.env as Record<string, string>),
  ...{ PATH: `${folder}:${process.env['PATH']}`, TERM: 'dumb' },
  ...{ EQUIPOISE_ADMIN: url, EQUIPOISE_TOKEN: 'look' },
});

interface Case {
  readonly why: string;
  /** What was typed, `URL` for the admin server's. */
  readonly words: readonly string[];
  readonly want: readonly string[];
}

const cases: readonly Case[] = [
  { why: 'every endpoint', words: ['drain', ''], want: [...MAIN, ...OTHER] },
  { why: 'of one pool', words: ['maintenance', 'main/'], want: MAIN },
  { why: 'behind a colon', words: ['ready', 'main/127.0.0.1:'], want: MAIN },
  { why: 'the one that it can only be', words: ['ready', 'main/127.0.0.1:3002'], want: [MAIN[1]!] },
  { why: 'a pool, or one of its endpoints', words: ['status', 'ma'], want: ['main', ...MAIN] },
  { why: 'one name is enough', words: ['weight', 'main/127.0.0.1:3001', ''], want: [] },
  { why: 'options come before', words: ['drain', '--watch', '--max', '5s', 'main'], want: MAIN },
  { why: 'the program that is named', words: ['drain', '--token', 'all', '--admin', 'URL', 'main'], want: MAIN },
  { why: 'and nobody is there', words: ['drain', '--admin', '127.0.0.1:1', ''], want: [] },
  { why: 'it wants another token', words: ['drain', '--token', 'wrong', ''], want: [] },
  { why: 'listeners', words: ['explain', '--admin', 'URL', '--listener', ''], want: ['web', 'raw'] },
];

const typed = ({ words }: Case): string[] => words.map((each) => (each === 'URL' ? url : each));

describe('completions --names', () => {
  test.each([
    { kind: 'endpoint', words: ['drain'], want: [...MAIN, ...OTHER] },
    { kind: 'pool', words: ['status', '--json'], want: ['main', ...MAIN, 'other', ...OTHER] },
    { kind: 'listener', words: ['explain', '--admin=URL', '--listener'], want: ['web', 'raw'] },
    { kind: 'listener', words: ['explain', 'lb.yaml', '--listener'], want: [] },
    { kind: 'endpoint', words: ['drain', 'main/x'], want: [] },
    { kind: 'endpoint', words: ['drain', '--admin'], want: [...MAIN, ...OTHER] },
    { kind: 'endpoint', words: ['drain', '--admin', 'ftp://x'], want: [] },
    { kind: 'endpoint', words: ['nothing'], want: [] },
    { kind: 'endpoint', words: [], want: [] },
  ])('$kind: $words', async ({ kind, words, want }) => {
    const argv = ['completions', '--names', kind, '--', ...words.map((each) => each.replace('URL', url))];
    const result = await call(argv, { EQUIPOISE_ADMIN: url, EQUIPOISE_TOKEN: 'look' });
    expect(result).toEqual({ code: 0, err: '', out: want.map((each) => `${each}\n`).join('') });
  });

  test('of a kind that there is not', async () => {
    const { code, err } = await call(['completions', '--names', 'pol']);
    expect([code, err]).toEqual([2, expect.stringContaining('did you mean "pool"?')]);
  });

  test(
    'who goes on answering for ever is not waited for',
    async () => {
      const endless: Server = createServer((socket) => {
        socket.on('error', () => {});
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const drops = setInterval(() => socket.write(' '), 100);
        socket.on('close', () => clearInterval(drops));
      });
      await new Promise<void>((done) => endless.listen(0, '127.0.0.1', done));
      const { port } = endless.address() as { port: number };
      const result = await call(['completions', '--names', 'endpoint', '--', 'drain', '--admin', `${port}`]);
      expect(result).toEqual({ code: 0, out: '', err: '' });
      endless.close();
    },
    TIMEOUT_MS,
  );
});

/** In CI every shell is there, and a missing one fails. */
const has = (...programs: string[]) =>
  process.env['CI'] !== undefined || programs.every((each) => spawnSync(each, ['--version']).status === 0);

async function run(program: string, args: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(program, args, { cwd: folder, env: environment() });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

/** Ways to start a shell that has read the script and shows a prompt that can be known. */
const interactive = { bash: 'bash --noprofile --rcfile ./.bashrc -i', zsh: 'zsh -d -i' } as const;

/** Types into a shell in a terminal of its own, with Tab and Enter; the words of the command that it then runs. */
async function typeInto(shell: keyof typeof interactive, line: string): Promise<string> {
  rmSync(calls, { force: true });
  const prepare = shell === 'zsh' ? 'autoload -Uz compinit; compinit -u -D' : ':';
  writeFileSync(join(folder, `.${shell}rc`), `${prepare}; source ./_equipoise.${shell}; PS1='ready> '\n`);
  const env = { ...environment(), ZDOTDIR: folder };
  const terminal = spawn('script', ['-qec', interactive[shell], '/dev/null'], { cwd: folder, env });
  let seen = '';
  terminal.stdout.on('data', (bytes: Buffer) => (seen += bytes.toString('utf8')));
  const until = async (condition: () => boolean) => {
    const deadline = performance.now() + PATIENCE_MS;
    while (!condition()) {
      if (performance.now() > deadline || terminal.exitCode !== null) throw new Error(`in vain: ${seen}`);
      await sleep(10);
    }
  };
  try {
    await until(() => seen.includes('ready> '));
    terminal.stdin.write(`${line}\t\n`);
    await until(() => existsSync(calls) && readFileSync(calls, 'utf8').endsWith('\n'));
    return readFileSync(calls, 'utf8').trim();
  } finally {
    terminal.kill('SIGKILL');
  }
}

const noFile = () => expect(existsSync(join(folder, 'pwned'))).toBe(false);

describe.skipIf(!has('bash', 'script'))('bash', () => {
  /** As bash takes them apart, and puts together what was chosen. */
  async function complete(words: readonly string[]): Promise<string[]> {
    const line = ['equipoise', ...words].join(' ');
    const pieces = ['equipoise', ...words].flatMap((word) =>
      word === '' ? [''] : word.split(/([=@:])/).filter(Boolean),
    );
    const script = [
      `source ./_equipoise.bash; COMP_LINE='${line}'; COMP_POINT=${line.length}`,
      `COMP_WORDS=(${pieces.map((each) => `'${each}'`).join(' ')}); COMP_CWORD=${pieces.length - 1}`,
      `_equipoise; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ];
    const kept = words.at(-1)!.replace(/[^=@:]*$/, '');
    return (await run('bash', ['--norc', '-uc', script.join('\n')])).map((each) => kept + each);
  }
  const quoted = (word: string): string => word.replaceAll(/[^\w/:.]/g, '\\$&');

  test.each(cases)(
    '$why: $words',
    async (each) => {
      expect(await complete(typed(each))).toEqual(each.want.map(quoted));
      noFile();
    },
    TIMEOUT_MS,
  );

  test.each([
    { line: 'equipoise drain oth', want: `|drain|${OTHER[0]}|` },
    { line: 'equipoise ready main/127.0.0.1:3002', want: `|ready|${MAIN[1]}|` },
    { line: 'equipoise explain --admin=URL --listener=w', want: '|explain|--admin=URL|--listener=web|' },
  ])(
    'typed: $line',
    async ({ line, want }) => {
      const found = await typeInto('bash', line.replace('URL', url));
      expect(found.replace(url, 'URL')).toBe(want);
      noFile();
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(!has('zsh', 'script'))('zsh', () => {
  test.each([
    { line: 'equipoise drain oth', want: `|drain|${OTHER[0]}|` },
    { line: 'equipoise ready main/127.0.0.1:3002', want: `|ready|${MAIN[1]}|` },
    { line: 'equipoise drain --token wrong main/127.0.0.1:300', want: '|drain|--token|wrong|main/127.0.0.1:300|' },
    { line: 'equipoise drain --token all --admin URL oth', want: `|drain|--token|all|--admin|URL|${OTHER[0]}|` },
    { line: 'equipoise explain --admin URL --listener w', want: '|explain|--admin|URL|--listener|web|' },
  ])(
    'typed: $line',
    async ({ line, want }) => {
      const found = await typeInto('zsh', line.replace('URL', url));
      expect(found.replace(url, 'URL')).toBe(want);
      noFile();
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(!has('fish'))('fish', () => {
  test.each(cases)(
    '$why: $words',
    async (each) => {
      const line = ['equipoise', ...typed(each)].join(' ');
      const found = await run('fish', ['--no-config', '-c', `source ./_equipoise.fish; complete -C '${line}'`]);
      expect(found.map((one) => one.split('\t')[0]).sort()).toEqual(each.want.toSorted());
      noFile();
    },
    TIMEOUT_MS,
  );
});

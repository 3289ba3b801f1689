/**
 * `ops/equipoise.service`: systemd's own checks, and its command lines, run by a user without rights but the unit's
 * capability. systemd itself runs nothing here: what its sandbox allows is judged by `systemd-analyze security` alone.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adminAt } from './harness/admin.ts';
import { recordingBackend } from './harness/backend.ts';
import { get, request } from './harness/client.ts';
import { buildExecutable, runProgram, startProgram } from './harness/program.ts';
import { freePort, until, within } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { untilReady } from './scenarios/workers-world.ts';

const UNIT = resolve(import.meta.dirname, '../ops/equipoise.service');
/** Who "nobody" is on Debian, without rights and files. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

const settings = [...readFileSync(UNIT, 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(
  ([, key, value]) => [key, value] as const,
);
const allOf = (key: string): string[] => settings.filter(([name]) => name === key).map(([, value]) => value!);
const only = (key: string): string => {
  const [value, another] = allOf(key);
  if (value === undefined || another !== undefined) throw new Error(`${key}= is to be there once`);
  return value;
};

const isMissing = spawnSync('systemd-analyze', ['--version']).status !== 0 && process.env['CI'] !== 'true';
const title = isMissing ? 'skipped: systemd-analyze is not installed; systemd' : 'systemd';

describe.skipIf(isMissing || !transports.includes('bun'))(title, () => {
  const keep = cleanUp();
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'equipoise-unit-'));
    // The unit's user is none that owns anything here.
    chmodSync(folder, 0o755);
    for (const each of ['bin', 'etc', 'state']) mkdirSync(join(folder, each));
    buildExecutable(join(folder, 'bin'));
    if (isRoot) chownSync(join(folder, 'state'), NOBODY, NOBODY);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The unit's places in the folder of this test. */
  const placed = (text: string): string =>
    text
      .replaceAll('/usr/local/bin', join(folder, 'bin'))
      .replaceAll('/etc/equipoise', join(folder, 'etc'))
      .replaceAll('/var/lib/equipoise', join(folder, 'state'));

  function analyze(...words: string[]): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...words, '--no-pager'], { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  }

  test('verify finds nothing', () => {
    const unit = join(folder, 'equipoise.service');
    writeFileSync(unit, placed(readFileSync(UNIT, 'utf8')));
    expect(analyze('verify', '--man=no', unit)).toEqual({ status: 0, output: '' });
    writeFileSync(unit, readFileSync(unit, 'utf8').replace('Restart=on-failure', 'Restart=on-failures'));
    expect(analyze('verify', '--man=no', unit).output, 'and something where there is something').toContain(
      'on-failures',
    );
  });

  test('its exposure is at most 2.0 of 10', () => {
    const unit = join(folder, 'equipoise.service');
    copyFileSync(UNIT, unit);
    const { output } = analyze('security', '--offline=true', unit);
    const [, exposure] = /Overall exposure level for equipoise\.service: ([\d.]+)/.exec(output) ?? [];
    console.log(`systemd-analyze security: ${exposure}`);
    expect(Number(exposure)).toBeLessThanOrEqual(2);
  });

  test('waits longer for the end than a drain takes by default', async () => {
    writeFileSync(
      join(folder, 'etc/equipoise.yaml'),
      'listeners: { web: { bind: "127.0.0.1:1", routes: [{ respond: { status: 200 } }] } }\npools: {}\n',
    );
    const words = ['check', '--effective', '--json', join(folder, 'etc/equipoise.yaml')];
    const { output } = await runProgram(join(folder, 'bin/equipoise'), words, { cwd: folder });
    expect(Number(only('TimeoutStopSec')) * 1000).toBeGreaterThan(drainTimeoutOf(output) + 5000);
  });

  test('what it starts serves, reloads and drains', async () => {
    const backend = await recordingBackend();
    keep(backend);
    const [port, adminPort] = [await privilegedPort(), await freePort()];
    const config = (body: string) => ({
      ...{ workers: 2, drainTimeout: '2s', stateFile: placed('/var/lib/equipoise/state.json') },
      admin: { bind: `127.0.0.1:${adminPort}`, token: `$\{ADMIN_TOKEN}` },
      listeners: {
        web: { bind: `127.0.0.1:${port}`, routes: [{ match: { path: '/said' }, respond: { body } }, { pool: 'app' }] },
      },
      pools: { app: { endpoints: [{ id: 'a', address: backend.address }] } },
    });
    const file = join(folder, 'etc/equipoise.yaml');
    writeFileSync(file, JSON.stringify(config('first')));
    const env = Object.fromEntries([...allOf('Environment'), 'ADMIN_TOKEN=secret'].map((each) => each.split('=', 2)));
    const options = { cwd: placed(only('WorkingDirectory')), env };
    const asUnit = (line: string) => unprivileged(placed(line).split(' '));

    const [check, ...checked] = asUnit(only('ExecStartPre'));
    expect(await runProgram(check!, checked, options)).toMatchObject({ code: 0 });
    const [command, ...words] = asUnit(only('ExecStart'));
    const program = startProgram(command!, words, options);
    keep(program);
    await program.says(/^listening admin /m);
    await untilReady(adminAt(adminPort), 200);
    if (isRoot)
      expect(readFileSync(`/proc/${program.pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
    expect((await request(port, get('/'))).start[1]).toBe('200');

    writeFileSync(file, JSON.stringify(config('second')));
    for (const line of allOf('ExecReload')) {
      const [reload, ...rest] = asUnit(line.replace('$MAINPID', `${program.pid}`));
      expect(await runProgram(reload!, rest, options)).toMatchObject({ code: 0 });
    }
    await program.says(/info reloaded: /);
    expect((await request(port, get('/said'))).body.toString()).toBe('second');

    const asAdmin = { ...options, env: { EQUIPOISE_ADMIN: `127.0.0.1:${adminPort}`, EQUIPOISE_TOKEN: 'secret' } };
    expect(await runProgram(join(folder, 'bin/equipoise'), ['drain', 'app/a'], asAdmin)).toMatchObject({ code: 0 });
    const state = () => spawnSync('cat', [join(folder, 'state/state.json')], { encoding: 'utf8' }).stdout;
    await until('the state is kept', () => state().includes('draining'));

    program.signal('SIGTERM');
    expect(await within('the end', program.ended)).toEqual({ code: 0, signal: null });
  }, 120_000);

  test('a wrong command line is not tried again, a mistake that may pass is', async () => {
    const executable = join(folder, 'bin/equipoise');
    const code = async (...words: string[]) => (await runProgram(executable, words, { cwd: folder })).code;
    expect(`${await code('rnu')}`).toBe(only('RestartPreventExitStatus'));
    expect(await code('run', 'gone.yaml')).toBe(1);
  });
});

/** `command` by a user who owns nothing and may only what the unit allows; where we are not root, as ourselves. */
function unprivileged(command: readonly string[]): string[] {
  if (!isRoot) return [...command];
  const names = only('AmbientCapabilities').split(' ');
  const capabilities = ['-all', ...names.map((each) => `+${each.replace('CAP_', '').toLowerCase()}`)].join();
  return [
    ...['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs'],
    ...[`--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`, `--bounding-set=${capabilities}`],
    ...command,
  ];
}

/** As for the unit: a port below 1024, where we may give the right to it; else any. */
async function privilegedPort(): Promise<number> {
  if (!isRoot) return freePort();
  for (let port = 700; port < 1024; port++) if (await isFree(port)) return port;
  throw new Error('no free port below 1024');
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((done) => {
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

function drainTimeoutOf(effective: string): number {
  const { config } = JSON.parse(effective) as { config: { drainTimeout: string | number } };
  const [, number, unit] = /^(\d+)(ms|s|m)?$/.exec(`${config.drainTimeout}`)!;
  return Number(number) * { ms: 1, s: 1000, m: 60_000 }[(unit ?? 'ms') as 'ms' | 's' | 'm'];
}

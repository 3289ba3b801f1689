/** The one executable, in a folder of its own and with nothing in its environment: no Node, no packages, no PATH. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBun } from '../bin/find-bun.mjs';
import { writeMmdb } from '../src/control/testing/mmdb.ts';
import { adminAt } from './harness/admin.ts';
import { type Exchange, type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { get, ok, rawClient, request } from './harness/client.ts';
import { buildExecutable, type Program, type ProgramOptions, runProgram, startProgram } from './harness/program.ts';
import { freePort, until, within } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { untilReady } from './scenarios/workers-world.ts';

const ROOT = resolve(import.meta.dirname, '..');
const isMissing = findBun() === undefined && process.env['CI'] !== 'true';
const title = isMissing ? 'skipped: Bun is not installed; one executable' : 'one executable';

describe.skipIf(isMissing || !transports.includes('bun'))(title, () => {
  const keep = cleanUp();
  let folder = '';
  let executable = '';
  let backends: RecordingBackend[] = [];
  let endpoints: { id: string; address: string }[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'equipoise-executable-'));
    executable = buildExecutable(folder);
    backends = await Promise.all([recordingBackend(), recordingBackend()]);
    backends.map(keep);
    endpoints = backends.map(({ address }, at) => ({ id: `e${at}`, address }));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A file beside the executable. */
  function write(name: string, content: string | object): string {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }
  const run = (words: readonly string[], env: ProgramOptions['env'] = {}) =>
    runProgram(executable, words, { cwd: folder, env });

  /** Serves what `name` says, until the test ends it or all of them have ended. */
  async function serve(name: string, adminPort: number): Promise<Program> {
    const program = startProgram(executable, ['run', name], { cwd: folder });
    keep(program);
    await program.says(/^listening admin /m);
    await untilReady(adminAt(adminPort), 200);
    return program;
  }

  test('knows its version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await run(['--version'])).toEqual({
      code: 0,
      output: `equipoise ${version} (bun ${process.versions['bun'] ?? '1.4.5'})\n`,
    });
  });

  test('plays the demo', async () => {
    const { code, output } = await run(['demo', '--duration', '3s']);
    expect(output).toMatch(/^dashboard: http:/);
    expect(output).toMatch(/\b[3-9]\d\d requests in 3\.\d s, 0 errors seen by clients/);
    expect(code).toBe(0);
  });

  test('ends with the exit codes of the launcher', async () => {
    write('good.yaml', {
      listeners: { web: { bind: '127.0.0.1:1', pool: 'app' } },
      pools: { app: { endpoints: [1] } },
    });
    write('bad.yaml', { listeners: { web: { bind: '127.0.0.1:1', pool: 'ap' } }, pools: { app: { endpoints: [1] } } });
    const lines = [['check', 'good.yaml'], ['check', 'bad.yaml'], ['run', 'gone.yaml'], ['rnu'], []];
    expect(await Promise.all(lines.map(async (words) => (await run(words)).code))).toEqual([0, 1, 1, 2, 2]);
  });

  test('serves YAML with two workers and the dashboard, and hears signals', async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const said = { match: { path: '/said' }, respond: { body: 'first' } };
    const config = {
      ...{ workers: 2, drainTimeout: '5s', admin: { bind: `127.0.0.1:${adminPort}` } },
      accessLog: { format: 'common', path: 'access.log' },
      listeners: { web: { bind: `127.0.0.1:${port}`, routes: [said, { pool: 'app' }] } },
      pools: { app: { endpoints, policy: 'round-robin', servedBy: true } },
    };
    write('web.yaml', config);
    const program = await serve('web.yaml', adminPort);

    expect(await workersOf(adminPort)).toEqual(['0', '1']);
    expect(await servedBy(port, 40)).toEqual(['e0', 'e1']);

    const page = await textOf(`http://127.0.0.1:${adminPort}/`);
    expect(page).toContain('<title>Equipoise');
    const assets = [...page.matchAll(/(?:src|href)="\.(\/assets\/[^"]+\.(?:js|css))"/g)].map(([, path]) => path!);
    expect(assets.length).toBeGreaterThanOrEqual(2);
    for (const path of assets)
      expect((await textOf(`http://127.0.0.1:${adminPort}${path}`)).length).toBeGreaterThan(500);

    const rotated = join(folder, 'access.log.1');
    await until('a line of the log', () => sizeOf(join(folder, 'access.log')) > 0);
    renameSync(join(folder, 'access.log'), rotated);
    program.signal('SIGUSR2');
    await until('another log', () => sizeOf(join(folder, 'access.log')) >= 0);

    expect((await request(port, get('/said'))).body.toString()).toBe('first');
    config.listeners.web.routes[0] = { ...said, respond: { body: 'second' } };
    write('web.yaml', config);
    program.signal('SIGHUP');
    await program.says(/info reloaded: /);
    expect((await request(port, get('/said'))).body.toString()).toBe('second');

    const held: Exchange[] = [];
    backends[0]!.onRequest = (exchange) => void held.push(exchange);
    backends[1]!.onRequest = (exchange) => void held.push(exchange);
    const client = await rawClient(port);
    await client.send(get('/held'));
    await until('it is held', () => held.length === 1);
    program.signal('SIGTERM');
    await program.says(/info draining: /);
    await held[0]!.write(ok('finished'));
    expect((await client.response()).body.toString()).toBe('finished');
    expect(await within('the end', program.ended)).toEqual({ code: 0, signal: null });
    for (const backend of backends) backend.reset();
  }, 120_000);

  test('serves TypeScript, with a policy of the user in each worker', async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    write(
      'last.ts',
      `import { EquipoiseError, type PickFunction } from 'equipoise';
if (typeof EquipoiseError !== 'function') throw new Error('the library is not the library');
export const last: PickFunction = (_request, candidates) => candidates.length - 1;
`,
    );
    write(
      'web.ts',
      `import { defineConfig } from 'equipoise';
export default defineConfig({
  workers: 2,
  admin: { bind: '127.0.0.1:${adminPort}' },
  listeners: { web: { bind: '127.0.0.1:${port}', pool: 'app' } },
  pools: { app: { endpoints: ${JSON.stringify(endpoints)}, policy: { module: './last.ts#last' }, servedBy: true } },
});
`,
    );
    const program = await serve('web.ts', adminPort);
    expect(await servedBy(port, 40)).toEqual(['e1']);
    // The same module with another content is another policy.
    write('last.ts', 'export const last = () => 0;\n');
    program.signal('SIGHUP');
    await program.says(/info reloaded: /);
    expect(await servedBy(port, 40)).toEqual(['e0']);
    program.signal('SIGINT');
    expect(await within('the end', program.ended)).toEqual({ code: 0, signal: null });
  }, 120_000);

  test('takes over from another one, and without a supervisor a crash is the end', async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    write('taken.yaml', {
      ...{ workers: 2, admin: { bind: `127.0.0.1:${adminPort}` } },
      listeners: { web: { bind: `127.0.0.1:${port}`, pool: 'app' } },
      pools: { app: { endpoints, servedBy: true } },
    });
    const former = await serve('taken.yaml', adminPort);
    const latter = startProgram(executable, ['run', 'taken.yaml', '--takeover'], { cwd: folder });
    keep(latter);
    expect(await within('the end of the former', former.ended)).toEqual({ code: 0, signal: null });
    expect(await servedBy(port, 40)).toEqual(['e0', 'e1']);
    latter.signal('SIGSEGV');
    expect(await within('the crash', latter.ended)).toEqual({ code: null, signal: 'SIGSEGV' });
  }, 120_000);

  test('finds packages beside the configuration, and fetches none', async () => {
    const text = `import { port } from 'found-nowhere';
export default { listeners: { web: { bind: '127.0.0.1:' + port, pool: 'app' } }, pools: { app: { endpoints: [1] } } };
`;
    write('imports.ts', text);
    const { code, output } = await run(['check', 'imports.ts']);
    expect(output).toContain("Cannot find package 'found-nowhere'");
    expect(code).toBe(1);
    const home = join(folder, 'node_modules/found-nowhere');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'index.js'), 'exports.port = 1;\n');
    expect((await run(['check', 'imports.ts'])).output).toContain('ok, 1 listener');
  });

  test('has the reader of databases in it', async () => {
    writeFileSync(join(folder, 'city.mmdb'), writeMmdb({ '10.0.0.0/8': { location: { latitude: 50, longitude: 9 } } }));
    write('places.yaml', {
      listeners: { web: { bind: '127.0.0.1:1', pool: 'app' } },
      pools: {
        app: {
          policy: { type: 'geographic', database: 'city.mmdb', policy: 'p2c' },
          endpoints: [{ address: 1, location: { latitude: 50, longitude: 9 } }],
        },
      },
    });
    expect(await run(['check', 'places.yaml'])).toEqual({
      code: 0,
      output: 'places.yaml: ok, 1 listener, 1 pool, 1 endpoint\n',
    });
  });

  test('takes nothing from files of the working directory', async () => {
    write('.env', 'STRAY=1\n');
    write('stray.ts', 'process.exit(9);\n');
    write('bunfig.toml', 'preload = ["./stray.ts"]\n');
    write('stray.yaml', {
      listeners: { web: { bind: `127.0.0.1:$\{STRAY}`, pool: 'app' } },
      pools: { app: { endpoints: [1] } },
    });
    const { code, output } = await run(['check', 'stray.yaml']);
    expect(output).toContain('STRAY');
    expect(code).toBe(1);
    expect((await run(['check', 'stray.yaml'], { STRAY: '2' })).code).toBe(0);
  });
});

/** Who served so many requests, each on a connection of its own, so that every worker has some. */
async function servedBy(port: number, count: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => request(port, get('/'))));
  const names = answers.flatMap(({ fields }) => fields.filter(([name]) => name.toLowerCase() === 'x-served-by'));
  return [...new Set(names.map(([, id]) => id))].sort();
}

/** The workers that tell how late their event loop is. */
async function workersOf(adminPort: number): Promise<string[]> {
  const text = await textOf(`http://127.0.0.1:${adminPort}/metrics`);
  const told = text.matchAll(/^equipoise_event_loop_lag_seconds\{worker="(\d+)"/gm);
  return [...new Set([...told].map(([, worker]) => worker!))].sort();
}

async function textOf(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' } });
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

/** −1: there is no such file. */
function sizeOf(path: string): number {
  try {
    return readFileSync(path).length;
  } catch {
    return -1;
  }
}

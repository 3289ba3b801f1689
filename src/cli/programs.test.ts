import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Program, startProgram } from './testing/program.ts';

const programs = new Set<Program>();
/** Answers to `/held` wait here until the test ends them. */
const held: ServerResponse[] = [];
let onHeld = () => {};
const backend = createServer((request, response) => {
  if (request.url !== '/held') return void response.end('ok');
  held.push(response);
  onHeld();
});
let folder: string;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'equipoise-cli-'));
  await once(backend.listen(0, '127.0.0.1'), 'listening');
  port = (backend.address() as { port: number }).port;
});
afterEach(() => {
  for (const { child } of programs) child.kill('SIGKILL');
  programs.clear();
  for (const response of held.splice(0)) response.end();
});
afterAll(() => {
  backend.close();
  backend.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: string[]): Program {
  const program = startProgram(args, folder);
  programs.add(program);
  return program;
}

function writeConfig(text: string): void {
  writeFileSync(join(folder, 'equipoise.yaml'), text);
}

function runConfig(text: string): Program {
  writeConfig(text);
  return start('run', 'equipoise.yaml');
}

const config = (web = '127.0.0.1:0') => `
admin: { bind: 127.0.0.1:0 }
listeners:
  web: { bind: ${web}, protocol: http, routes: [{ pool: main }] }
pools:
  main: { endpoints: ['127.0.0.1:${port}'] }
`;

/** Resolves with the answer to come, once the backend has the request. */
async function holdRequest(url: string): Promise<{ answer: Promise<string> }> {
  const arrived = new Promise<void>((resolve) => (onHeld = resolve));
  const answer = fetch(`${url}/held`).then(
    (response) => response.text(),
    () => 'cut',
  );
  await arrived;
  return { answer };
}

/** How a new connection ends. A fetch might use one that is kept for a moment. */
async function refusal(url: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const [error] = await Promise.race([once(socket, 'error'), once(socket, 'connect')]);
  socket.destroy();
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

const statusOf = async (url: string) => (await fetch(url)).status;

describe('run', () => {
  test('SIGTERM: not ready, no new connections, what is in flight finishes, exit code 0', async () => {
    const program = runConfig(config());
    const url = await program.url('web');
    const admin = await program.url('admin');
    expect(await (await fetch(url)).text()).toBe('ok');
    expect(await statusOf(`${admin}/readyz`)).toBe(200);
    const { answer } = await holdRequest(url);
    program.child.kill('SIGTERM');
    await program.sees(/draining: 1 connection open|draining: 2 connections open/);
    expect(await statusOf(`${admin}/readyz`)).toBe(503);
    expect(await statusOf(`${admin}/livez`)).toBe(200);
    // Each worker stops to listen when it hears of it; the test's own limit ends this.
    while ((await refusal(url)) !== 'ECONNREFUSED');
    held[0]!.end('late');
    expect(await answer).toBe('late');
    expect((await program.ended).code).toBe(0);
  });

  test('a second signal ends it at once with 1', async () => {
    const program = runConfig(config());
    const { answer } = await holdRequest(await program.url('web'));
    // Repeated until it counts as a second one, 200 ms after the first.
    const repeat = setInterval(() => program.child.kill('SIGINT'), 50);
    const { code } = await program.ended;
    clearInterval(repeat);
    expect([code, await answer]).toEqual([1, 'cut']);
  });

  test('what does not finish within drainTimeout is cut and counted', async () => {
    const program = runConfig(`drainTimeout: 100ms\n${config()}`);
    const { answer } = await holdRequest(await program.url('web'));
    program.child.kill('SIGTERM');
    const { code, output } = await program.ended;
    expect([code, await answer]).toEqual([0, 'cut']);
    expect(output).toContain('1 connection cut');
  });

  test('SIGHUP reads the file again; one with mistakes changes nothing', async () => {
    const program = runConfig(config());
    const url = await program.url('web');
    writeConfig(config().replace('{ pool: main }', '{ respond: { status: 204 } }'));
    program.child.kill('SIGHUP');
    await program.sees(/reloaded: listener web: changed/);
    expect(await statusOf(url)).toBe(204);
    writeConfig(config().replace('pool: main', 'pool: mian'));
    program.child.kill('SIGHUP');
    await program.sees(/equipoise\.yaml:4:.*mian/);
    await program.sees(/the configuration was not changed: it has mistakes/);
    expect(await statusOf(url)).toBe(204);
  });

  test('--watch reads the file when it changes, also when it is replaced', async () => {
    writeConfig(config());
    const program = start('run', 'equipoise.yaml', '--watch');
    const url = await program.url('web');
    writeConfig(config().replace('{ pool: main }', '{ respond: { status: 204 } }'));
    await program.sees(/reloaded: listener web: changed/);
    expect(await statusOf(url)).toBe(204);
    writeFileSync(join(folder, 'next.yaml'), config().replace('{ pool: main }', '{ respond: { status: 410 } }'));
    renameSync(join(folder, 'next.yaml'), join(folder, 'equipoise.yaml'));
    while ((await statusOf(url)) !== 410) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  test.skipIf(!('Bun' in globalThis) || process.platform !== 'linux')(
    '--takeover: serves beside the former, which drains and ends with 0',
    async () => {
      const former = runConfig(config());
      const url = await former.url('web');
      const { answer } = await holdRequest(url);
      writeConfig(config(new URL(url).host));
      expect((await start('run', 'equipoise.yaml').ended).code).toBe(1);
      const heir = start('run', 'equipoise.yaml', '--takeover');
      await heir.url('web');
      await former.sees(/draining/);
      held[0]!.end('late');
      expect(await answer).toBe('late');
      expect((await former.ended).code).toBe(0);
      expect(await statusOf(url)).toBe(200);
    },
  );

  test('an address that is taken: the listener is named, exit code 1', async () => {
    const { code, output } = await runConfig(config(`127.0.0.1:${port}`)).ended;
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^equipoise: listener web: .*127\\.0\\.0\\.1:${port}.*in use`, 'm'));
  });

  test('mistakes are reported as check does, exit code 1', async () => {
    const { code, output } = await runConfig(config().replace('endpoints', 'endpoint')).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/^equipoise\.yaml:6:\d+ .*did you mean "endpoints"/m);
  });
});

test('serve balances between targets and counts', async () => {
  const program = start('serve', `${port}`, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--policy', 'p2c');
  const url = await program.url('main');
  for (let i = 0; i < 3; i++) expect(await statusOf(url)).toBe(200);
  const metrics = await (await fetch(`${await program.url('admin')}/metrics`)).text();
  const series = metrics.match(/^equipoise_requests_total\{.*$/gm);
  expect(series).toEqual([
    `equipoise_requests_total{listener="main",route="*",pool="main",endpoint="${port}",code="200"} 3`,
  ]);
  program.child.kill('SIGTERM');
  expect((await program.ended).code).toBe(0);
});

describe('demo', () => {
  test('plays for its duration without an error', async () => {
    const { code, output } = await start('demo', '--duration', '1500ms', '--rate', '100').ended;
    expect(code).toBe(0);
    expect(output).toMatch(/try: curl -i http:\/\/127\.0\.0\.1:\d+\/hello/);
    const [, requests, errors] = /^(\d+) requests in \d.*? s, (\d+) errors/m.exec(output) ?? [];
    expect(Number(requests)).toBeGreaterThan(100);
    expect(Number(errors)).toBe(0);
    for (const id of ['fast', 'steady', 'slow', 'flaky']) expect(output).toMatch(new RegExp(`^  ${id} .*[1-9]`, 'm'));
  });

  test('Ctrl-C ends it with a summary and 0', async () => {
    const program = start('demo', '--listen', '127.0.0.1:0');
    await program.sees(/0:0[1-9]/);
    program.child.kill('SIGINT');
    const { code, output } = await program.ended;
    expect(code).toBe(0);
    expect(output).toMatch(/^\d+ requests in /m);
  });

  test('an address that was asked for and is taken is an error', async () => {
    const { code, output } = await start('demo', '--listen', `127.0.0.1:${port}`).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/listener web: .* in use/);
  });
});

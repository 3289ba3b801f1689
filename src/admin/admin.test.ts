import { afterEach, describe, expect, test } from 'vitest';
import type { RunningServer } from '../server/server.ts';
import { openClient } from '../server/testing/client.ts';
import { startLines } from '../server/testing/start.ts';
import { type Admin, startAdmin } from './admin.ts';
import { adminDeps, ask } from './testing/ask.ts';

const bind = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
const open = new Set<{ close(): void }>();

afterEach(() => {
  for (const each of open) each.close();
  open.clear();
});

async function startServer(): Promise<RunningServer> {
  const listener = { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' } as const;
  const server = await startLines({ listeners: { web: listener }, pools: { main: { endpoints: ['127.0.0.1:1'] } } });
  open.add(server);
  return server;
}

async function start(server: () => RunningServer | undefined, token?: string): Promise<Admin> {
  const admin = await startAdmin({ bind, ...(token !== undefined && { token }) }, adminDeps(server));
  open.add(admin);
  return admin;
}

describe('probes', () => {
  test('starting: alive, not ready', async () => {
    const admin = await start(() => undefined);
    expect((await ask(admin, '/livez')).status).toBe(200);
    const ready = await ask(admin, '/readyz');
    expect([ready.status, JSON.parse(ready.text).status]).toEqual([503, 'starting']);
    expect((await ask(admin, '/metrics')).text).toContain('equipoise_build_info{version="1.2.3"');
  });

  test('what needs a running server waits for the start, the rest does not', async () => {
    let resolve = () => {};
    const started = new Promise<void>((settle) => (resolve = settle));
    let running: RunningServer | undefined;
    const admin = await startAdmin(
      { bind },
      adminDeps(() => running, { started }),
    );
    open.add(admin);
    const pools = ask(admin, '/api/v1/pools');
    const metrics = ask(admin, '/metrics');
    expect((await ask(admin, '/readyz')).status).toBe(503);
    expect((await ask(admin, '/openapi.json')).status).toBe(200);
    running = await startServer();
    resolve();
    expect((await pools).status).toBe(200);
    expect((await metrics).text).toContain('equipoise_endpoint');
  });

  test('serving: ready; draining: not ready, and still alive', async () => {
    const server = await startServer();
    const admin = await start(() => server);
    expect((await ask(admin, '/readyz')).status).toBe(200);
    const client = await openClient(server.listeners[0]!.address);
    client.socket.write('half');
    while ((await server.collect()).listener('web').received < 4) await new Promise(setImmediate);
    const drained = server.drain();
    const ready = await ask(admin, '/readyz');
    expect([ready.status, JSON.parse(ready.text).status]).toEqual([503, 'draining']);
    expect((await ask(admin, '/livez')).status).toBe(200);
    client.socket.write(' line\n');
    await drained;
  });

  test('need neither token nor name', async () => {
    const admin = await start(() => undefined, 'secret');
    expect((await ask(admin, '/livez', { headers: { host: 'any.name' } })).status).toBe(200);
    expect((await ask(admin, '/readyz', { headers: { host: 'any.name' } })).status).toBe(503);
  });
});

test.each([
  { path: '/nothing', method: 'GET', headers: {}, status: 404 },
  { path: '/constructor', method: 'GET', headers: {}, status: 404 },
  { path: '/metrics', method: 'POST', headers: {}, status: 405 },
  { path: '/metrics', method: 'GET', headers: { host: 'evil.example' }, status: 403 },
  { path: '/metrics', method: 'GET', headers: { origin: 'http://evil.example' }, status: 403 },
])('$method $path is refused as a problem: $status', async ({ path, method, headers, status }) => {
  const admin = await start(() => undefined);
  const reply = await ask(admin, path, { headers: headers as Record<string, string>, method });
  expect([reply.status, reply.type, JSON.parse(reply.text).status]).toEqual([
    status,
    'application/problem+json',
    status,
  ]);
});

test('metrics need the token where there is one', async () => {
  const admin = await start(() => undefined, 'secret');
  expect((await ask(admin, '/metrics')).status).toBe(401);
  expect((await ask(admin, '/metrics', { headers: { authorization: 'Bearer secret' } })).status).toBe(200);
});

test('three good requests to a pool of one endpoint are exactly one series of 3', async () => {
  const server = await startServer();
  const traffic = (await server.collect()).pool('web', 'main');
  for (let i = 0; i < 3; i++) traffic.request(0, 200, 4);
  (await server.collect()).listener('web').answered(404);
  const { text, type } = await ask(await start(() => server), '/metrics');
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(text.match(/^equipoise_requests_total\{.*$/gm)).toEqual([
    'equipoise_requests_total{listener="web",pool="main",endpoint="127.0.0.1:1",code="2xx"} 3',
  ]);
  for (const line of [
    'equipoise_answers_total{listener="web",status="404"} 1',
    'equipoise_response_seconds_count{pool="main"} 3',
    'equipoise_response_seconds_bucket{pool="main",le="0.004"} 0',
    'equipoise_response_seconds_bucket{pool="main",le="0.008"} 3',
    'equipoise_connections_open{listener="web"} 0',
    'equipoise_connections_refused_total{listener="web",reason="per-source"} 0',
    'equipoise_in_flight{pool="main",endpoint="127.0.0.1:1"} 0',
    'equipoise_endpoint_health{pool="main",endpoint="127.0.0.1:1"} -1',
    'equipoise_endpoint_eligible{pool="main",endpoint="127.0.0.1:1"} 1',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m);
});

test('an address that is taken is named', async () => {
  const first = await start(() => undefined);
  const { port } = first.address as { port: number };
  await expect(
    startAdmin(
      { bind: { ...bind, port } },
      adminDeps(() => undefined),
    ),
  ).rejects.toMatchObject({
    code: 'listen-failed',
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
});

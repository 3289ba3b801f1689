import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Config, ConfigFile, type ConfigInput, toConfig } from '../config/config.ts';
import { protocols } from '../proxy/protocols/registry.ts';
import { type RunningServer, startServer } from './server.ts';
import { openClient } from './testing/client.ts';
import { testDeps } from './testing/start.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';

/** Answers an upgrade, and echoes everything else. */
async function echo(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('data', (data) => socket.write(data.toString().startsWith('GET') ? SWITCHED : data));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return (server.address() as { port: number }).port;
}

const configOf = (given: Partial<ConfigInput>): Config => {
  const listeners = {
    web: { bind: '127.0.0.1:0', protocol: 'http', routes: [{ pool: 'main' }] },
    raw: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' },
  };
  return toConfig(ConfigFile.parse({ workers: 1, listeners, ...given }));
};

async function start(config: Config): Promise<RunningServer> {
  const server = await startServer(config, { ...testDeps(), protocols });
  open.push(server);
  return server;
}

const addressOf = (server: RunningServer, name: string) =>
  server.listeners.find((listener) => listener.name === name)!.address;

/** A tunnel and a tcp connection, each seen to carry bytes. */
async function connections(server: RunningServer) {
  const tunnel = await openClient(addressOf(server, 'web'));
  tunnel.socket.write(UPGRADE);
  await tunnel.sees('101');
  const raw = await openClient(addressOf(server, 'raw'));
  for (const { socket } of [tunnel, raw]) socket.write('ping');
  for (const { sees } of [tunnel, raw]) await sees('ping');
  return [tunnel, raw];
}

const main = (port: number, given: object = {}) => ({ main: { endpoints: [{ id: 'a', address: port, ...given }] } });

describe('a running server', () => {
  test('draining: what is under way goes on; maintenance: it ends politely', async () => {
    const server = await start(configOf({ pools: main(await echo()) }));
    const clients = await connections(server);
    expect(await server.setMode('main', 'a', 'draining')).toBe(true);
    for (const { socket } of clients) socket.write(' pong');
    for (const { sees } of clients) await sees('pong');
    expect(await server.setMode('main', 'a', 'maintenance')).toBe(true);
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual(['closed', 'closed']);
    expect(server.pools()[0]!.endpoints[0]).toMatchObject({ mode: 'maintenance', eligible: false, inFlight: 0 });
  });

  test('an endpoint that is removed keeps its connections until the drain time is over', async () => {
    const port = await echo();
    const server = await start(configOf({ drainTimeout: '1s', pools: main(port) }));
    const clients = await connections(server);
    expect(await server.removeEndpoint('main', 'a')).toBe(true);
    expect(await server.removeEndpoint('main', 'a')).toBe(false);
    for (const { socket } of clients) socket.write(' pong');
    for (const { sees } of clients) await sees('pong');
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual(['closed', 'closed']);
    await server.addEndpoint('main', { ...server.config.pools['main']!.endpoints[0]! });
    await connections(server);
  });

  test('another configuration: tunnels live on, listeners come and go, weights and modes set by people stay', async () => {
    const port = await echo();
    const before = configOf({ pools: main(port) });
    const server = await start(before);
    const [tunnel] = await connections(server);
    await server.setWeight('main', 'a', 7);
    const { raw: _, ...listeners } = before.listeners;
    const reloaded = await server.reload({
      ...before,
      workers: 4,
      listeners: { ...listeners, more: before.listeners['raw']! },
    });
    expect(reloaded).toEqual({ changes: ['listener more: added', 'listener raw: removed'], needsRestart: ['workers'] });
    tunnel!.socket.write(' pong');
    await tunnel!.sees('pong');
    expect(server.listeners.map(({ name }) => name)).toEqual(['web', 'more']);
    const more = await openClient(addressOf(server, 'more'));
    more.socket.write('hello');
    await more.sees('hello');
    expect(server.pools()[0]!.endpoints[0]).toMatchObject({ weight: 7 });
  });

  test('another configuration in which an endpoint is in maintenance ends its tunnels', async () => {
    const port = await echo();
    const before = configOf({ pools: main(port) });
    const server = await start(before);
    const clients = await connections(server);
    await server.reload(configOf({ pools: main(port, { mode: 'maintenance' }) }));
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual(['closed', 'closed']);
  });

  test('a listener may have another name on its address', async () => {
    const before = configOf({ pools: main(await echo()) });
    const server = await start(before);
    const [tunnel] = await connections(server);
    const { web, raw } = before.listeners;
    const bind = server.listeners.filter(({ name }) => name === 'web').map(({ address }) => address);
    await server.reload({ ...before, listeners: { site: { ...web!, bind }, raw: raw! } });
    expect(server.listeners.map(({ name, address }) => [name, address])).toContainEqual(['site', bind[0]]);
    const client = await openClient(addressOf(server, 'site'));
    client.socket.write(UPGRADE);
    await client.sees('101');
    tunnel!.socket.write(' pong');
    await tunnel!.sees('pong');
  });

  test('a configuration that cannot be served changes nothing', async () => {
    const port = await echo();
    const before = configOf({ pools: main(port) });
    const server = await start(before);
    const taken = { ...before.listeners['raw']!, bind: [{ kind: 'tcp', host: '127.0.0.1', port }] as const };
    const next = { ...before, pools: { ...before.pools, other: before.pools['main']! } };
    const refused = server.reload({ ...next, listeners: { ...before.listeners, taken } });
    await expect(refused).rejects.toMatchObject({ code: 'listen-failed', message: expect.stringMatching(/taken/) });
    expect([server.config, server.pools().map(({ name }) => name)]).toEqual([before, ['main']]);
    await connections(server);
  });
});

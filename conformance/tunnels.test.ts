import { beforeEach, expect } from 'vitest';
import { adminAt } from './harness/admin.ts';
import { type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { type Balancer, startBalancer } from './harness/balancer.ts';
import { get, type RawClient, rawClient } from './harness/client.ts';
import { freePort, until } from './harness/sockets.ts';
import { cleanUp, eachTransport } from './harness/suite.ts';
import { untilReady } from './scenarios/workers-world.ts';

const MANY = 6;
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n';

/** Upgraded connections end as those of a tcp listener do when their endpoint is to serve them no more. */
eachTransport('tunnels', (transport, scenario) => {
  const keep = cleanUp();
  let backends: RecordingBackend[];
  let balancer: Balancer;
  let port: number;
  let admin: number;

  beforeEach(async () => {
    backends = await Promise.all([recordingBackend(), recordingBackend()]);
    for (const backend of backends) {
      keep(backend);
      backend.onRequest = (exchange) => {
        exchange.onTunnel(
          (bytes) => void exchange.write(bytes),
          () => exchange.end(),
        );
        void exchange.write(SWITCHING);
      };
    }
    [port, admin] = [await freePort(), await freePort()];
    balancer = await startBalancer(config('primary', 'replica'), transport, [port, admin]);
    keep(balancer);
    await untilReady(adminAt(admin), 200);
  });

  function config(a: string, b: string) {
    const endpoints = [
      { id: 'a', address: backends[0]!.address, role: a },
      { id: 'b', address: backends[1]!.address, role: b },
    ];
    const routes = [{ match: { path: '/write' }, pool: 'main', role: 'primary' }, { pool: 'main' }];
    return {
      ...{ version: 1, workers: 2, admin: { bind: `127.0.0.1:${admin}` } },
      listeners: { web: { bind: `127.0.0.1:${port}`, protocol: 'http', routes } },
      pools: { main: { policy: 'first', endpoints } },
    };
  }

  const call = async (method: string, path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${admin}/api/v1/${path}`, {
      ...{ method, headers, body: JSON.stringify(body) },
    });
    expect(answer.status).toBe(200);
  };

  /** Tunnels to `path`, each of which has echoed something. */
  const tunnels = (path: string): Promise<RawClient[]> =>
    Promise.all(
      Array.from({ length: MANY }, async () => {
        const client = await rawClient(port);
        await client.send(get(path, 'Upgrade: echo', 'Connection: Upgrade'));
        await echoes(client, 'hello');
        return client;
      }),
    );

  async function echoes(client: RawClient, text: string): Promise<void> {
    await client.send(text);
    await until(`the echo of ${text}`, () => client.bytes().toString().endsWith(text));
  }

  const closedPolitely = async (clients: readonly RawClient[]) => {
    await Promise.all(clients.map((each) => each.waitClosed()));
    expect(clients.map((each) => each.ended())).toEqual(Array(MANY).fill('fin'));
  };
  const inFlight = () => adminAt(admin).sum('equipoise_in_flight');

  scenario('end when their endpoint loses the role that their route asks for, and only then', async () => {
    const [writing, any] = [await tunnels('/write'), await tunnels('/any')];
    expect(backends.map((each) => each.connections.open)).toEqual([2 * MANY, 0]);
    await call('PUT', 'config', config('replica', 'primary'));
    await closedPolitely(writing);
    for (const each of any) await echoes(each, 'still here');
    await until('their connections to it are gone', () => backends[0]!.connections.open === MANY);
    expect(await inFlight()).toBe(MANY);

    const anew = await tunnels('/write');
    expect(backends.map((each) => each.connections.open)).toEqual([MANY, MANY]);
    // What was watched for those that have ended is forgotten.
    await call('PUT', 'config', config('primary', 'replica'));
    await closedPolitely(anew);
    for (const each of any) await echoes(each, 'for ever');
    expect(await inFlight()).toBe(MANY);
    for (const each of any) each.close();
  });

  scenario('live on while their endpoint drains, and end with its maintenance', async () => {
    const clients = await tunnels('/any');
    await call('PATCH', 'pools/main/endpoints/a', { mode: 'draining' });
    for (const each of clients) await echoes(each, 'still here');
    expect(await inFlight()).toBe(MANY);
    await call('PATCH', 'pools/main/endpoints/a', { mode: 'maintenance' });
    await closedPolitely(clients);
    await until('its connections are gone', () => backends[0]!.connections.open === 0);
    expect(await inFlight()).toBe(0);
  });
});

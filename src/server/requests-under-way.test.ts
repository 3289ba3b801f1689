import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { type Config, ConfigFile, type ConfigInput, toConfig } from '../config/config.ts';
import { Picker } from '../control/picker/picker.ts';
import { protocols } from '../proxy/protocols/registry.ts';
import { type RunningServer, startServer } from './server.ts';
import { testDeps } from './testing/start.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** An endpoint that answers its name, or keeps what asks for /held. */
async function endpoint(name: string) {
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/held') held.push(response);
    else response.end(name);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: () => server.close().closeAllConnections() });
  return { id: name, address: (server.address() as AddressInfo).port, held };
}

const configOf = (pool: object, given: object = {}, limits: object = {}): Config => {
  const listeners = { web: { bind: '127.0.0.1:0', protocol: 'http', limits, routes: [{ pool: 'main' }] } };
  return toConfig(ConfigFile.parse({ workers: 1, listeners, pools: { main: pool }, ...given } as ConfigInput));
};

async function start(config: Config): Promise<RunningServer> {
  const server = await startServer(config, { ...testDeps(), protocols });
  open.push(server);
  return server;
}

function urlOf(server: RunningServer, path: string): string {
  const { address } = server.listeners[0]!;
  return `http://127.0.0.1:${address.kind === 'tcp' ? address.port : 0}${path}`;
}

const until = async (isSo: () => boolean) => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
};

test('a request that came under larger limits is sent on under them', async () => {
  const { id, address, held } = await endpoint('a');
  const pool = { endpoints: [{ id, address, maxConnections: 1 }], queue: { size: 10 } };
  const server = await start(configOf(pool));
  const first = fetch(urlOf(server, '/held'));
  await until(() => held.length === 1);
  const waiting = fetch(urlOf(server, '/'), { headers: { long: 'x'.repeat(8000) } });
  await until(() => server.openConnections === 2);
  await server.reload(configOf(pool, {}, { headBytes: '1KiB' }));
  held[0]!.end('first');
  expect([await (await first).text(), await (await waiting).text()]).toEqual(['first', 'a']);
  const late = await fetch(urlOf(server, '/'), { headers: { long: 'x'.repeat(8000) } });
  expect(late.status).toBe(431);
});

test('a request in an endpoint whose time is over goes to another one, on whatever connection it was', async () => {
  const [a, b] = [await endpoint('a'), await endpoint('b')];
  const endpoints = [a, b].map(({ id, address }) => ({ id, address }));
  const server = await start(configOf({ policy: 'first', endpoints }, { drainTimeout: '100ms' }));
  expect(await (await fetch(urlOf(server, '/'))).text()).toBe('a');
  const moved = fetch(urlOf(server, '/held'));
  await until(() => a.held.length === 1);
  await server.removeEndpoint('main', 'a');
  await until(() => b.held.length === 1);
  b.held[0]!.end('from b');
  expect(await (await moved).text()).toBe('from b');
  expect(a.held).toHaveLength(1);
});

test('a listener that goes leaves nothing behind in the picker of a pool that stays', async () => {
  const { id, address } = await endpoint('a');
  const pool = { endpoints: [{ id, address }] };
  const server = await start(configOf(pool, { drainTimeout: 1 }));
  const listening = countListening();
  const one = configOf(pool, { drainTimeout: 1 });
  await server.reload({ ...one, listeners: { ...one.listeners, two: one.listeners['web']! } });
  expect(listening()).toBe(1);
  await server.reload(one);
  await until(() => listening() === 0);
});

test('nor does one that a refused reload would have added', async () => {
  const [{ id, address }, taken] = [await endpoint('a'), await endpoint('b')];
  const config = configOf({ endpoints: [{ id, address }] });
  const server = await start(config);
  const listening = countListening();
  const bind = [{ kind: 'tcp', host: '127.0.0.1', port: taken.address } as const];
  const two = { ...config.listeners['web']!, bind };
  await expect(server.reload({ ...config, listeners: { ...config.listeners, two } })).rejects.toThrow('in use');
  expect(listening()).toBe(0);
});

/** How many from now on listen to endpoints that leave. */
function countListening(): () => number {
  let listening = 0;
  const { onLeft } = Picker.prototype;
  const watched = vi.spyOn(Picker.prototype, 'onLeft').mockImplementation(function (this: Picker, listener) {
    const stop = onLeft.call(this, listener);
    listening++;
    return () => {
      listening--;
      stop();
    };
  });
  open.push({ close: () => watched.mockRestore() });
  return () => listening;
}

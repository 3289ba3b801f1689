import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ConfigFile, toConfig } from '../config/config.ts';
import { protocols } from '../proxy/protocols/registry.ts';
import { startServer } from './server.ts';
import { openClient } from './testing/client.ts';
import { testDeps } from './testing/start.ts';

const folder = mkdtempSync(join(tmpdir(), 'access-log-'));
const open: { close(): unknown }[] = [{ close: () => rmSync(folder, { recursive: true }) }];
afterEach(() => {
  for (const each of open.splice(1)) each.close();
});

/** Answers each head by its path: in full, too little, an upgrade, or not at all. */
async function backend(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const path = / (\S*) /.exec(data.toString('latin1'))?.[1] ?? '';
      if (path.includes('cut')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
      else if (path.includes('up')) socket.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
      else if (!path.includes('never')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return (server.address() as { port: number }).port;
}

test('each request is one line, with how it ended', async () => {
  const path = join(folder, 'access.log');
  const config = ConfigFile.parse({
    workers: 1,
    accessLog: { path, headers: ['user-agent'], hideQuery: ['token'] },
    listeners: {
      web: {
        bind: '127.0.0.1:0',
        limits: { bodyBytes: 10 },
        timeouts: { body: 300 },
        routes: [
          { match: { path: '/r' }, redirect: { to: '/' } },
          { match: { path: '/fixed' }, respond: { body: 'x' } },
          { match: { path: '/dead' }, pool: 'dead' },
          { match: { path: '/nobody' }, pool: 'nobody' },
          { match: { path: '/p/*' }, pool: 'main' },
        ],
      },
    },
    pools: {
      main: { endpoints: [{ id: 'e1', address: await backend() }], requestId: true },
      dead: { endpoints: [{ id: 'gone', address: '127.0.0.1:1' }], retries: { attempts: 0 } },
      nobody: { endpoints: [{ id: 'off', address: 1, mode: 'maintenance' }] },
    },
  });
  const server = await startServer(toConfig(config), { ...testDeps(), protocols, wallClock: () => 1e12 });
  const { address } = server.listeners[0]!;
  const ask = async (head: string, until: string, after = '') => {
    const client = await openClient(address);
    client.socket.write(head);
    await client.sees(until);
    if (after !== '') client.socket.write(after);
    client.socket.destroy();
  };
  const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: A.b:1\r\n${more}\r\n`;
  await ask(get('/p/x?token=1&a=2', 'User-Agent: me\r\nAuthorization: secret\r\n'), 'hello');
  await ask(get('/r'), '302');
  await ask(get('/fixed'), '200');
  await ask(get('/none'), '404');
  await ask(get('/dead'), '502');
  await ask(get('/nobody'), '503');
  await ask('GET / HTTP/1.1\r\nbad header\r\n\r\n', '400');
  await ask(`POST /p/ HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n`, '413');
  await ask(get('/p/cut'), 'abc');
  await ask(get('/p/up', 'Connection: Upgrade\r\nUpgrade: x\r\n'), '101');
  await ask(`POST /p/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`, 'hello');
  const gone = await openClient(address);
  gone.socket.write(get('/p/never'));
  while (server.pools()[0]!.endpoints[0]!.inFlight === 0) await new Promise(setImmediate);
  gone.socket.resetAndDestroy();
  while (server.pools()[0]!.endpoints[0]!.inFlight > 0) await new Promise(setImmediate);
  await server.close();
  const text = readFileSync(path, 'utf8');
  expect(text).not.toContain('secret');
  const lines = text.trim().split('\n');
  const read = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const seen = read.map(({ path: asked = '-', status, end }) => `${asked} ${status} ${end}`).sort();
  expect(seen).toEqual(
    [
      '/p/x 200 complete',
      '/r 302 route',
      '/fixed 200 route',
      '/none 404 no-route',
      '/dead 502 endpoint-failed',
      '/nobody 503 no-endpoint',
      '- 400 bad-request',
      '/p/ 413 bad-request',
      '/p/cut 200 answer-cut',
      '/p/up 101 tunnel',
      '/p/ 200 complete',
      '/p/never 499 client-gone',
    ].sort(),
  );
  expect(read.find((each) => each['path'] === '/p/x')).toEqual({
    ...{ time: expect.stringMatching(/^2001-09-09T01:46:39/), listener: 'web', route: '/p/*', client: '127.0.0.1' },
    ...{ method: 'GET', host: 'a.b', path: '/p/x', query: 'token=***&a=2', status: 200, bytesIn: 0, bytesOut: 5 },
    ...{ durationMs: expect.any(Number), firstByteMs: expect.any(Number), pool: 'main', endpoint: 'e1', retries: 0 },
    ...{ requestId: expect.stringMatching(/^[0-9a-f]{32}$/), end: 'complete', 'user-agent': 'me' },
  });
  expect(read.find((each) => each['method'] === 'POST' && each['status'] === 200)).toMatchObject({ bytesIn: 3 });
  // The bodies of our own answers count as others do.
  expect(read.find((each) => each['path'] === '/fixed')).toMatchObject({ bytesOut: 1 });
  for (const each of read.filter(({ status }) => [400, 404, 413, 502, 503].includes(status as number))) {
    expect(each['bytesOut']).toBeGreaterThan(80);
  }
  expect(read.find((each) => each['path'] === '/p/cut')).toMatchObject({ bytesOut: 3, endpoint: 'e1' });
});

test('a file that cannot be opened keeps the server from starting, by name', async () => {
  const config = toConfig(
    ConfigFile.parse({
      ...{ workers: 1, accessLog: { path: '/nowhere/at/all.log' } },
      listeners: { web: { bind: '127.0.0.1:0', pool: 'a' } },
      pools: { a: { endpoints: [1] } },
    }),
  );
  await expect(startServer(config, { ...testDeps(), protocols })).rejects.toThrow(
    /^accessLog: .*\/nowhere\/at\/all\.log/,
  );
});

test('a request that the end of the program cuts is not its client’s doing', async () => {
  const path = join(folder, 'cut.log');
  const config = ConfigFile.parse({
    workers: 1,
    drainTimeout: 1,
    accessLog: { path },
    listeners: { web: { bind: '127.0.0.1:0', routes: [{ pool: 'main' }] } },
    pools: { main: { endpoints: [{ id: 'e1', address: await backend() }] } },
  });
  const server = await startServer(toConfig(config), { ...testDeps(), protocols });
  open.push(server);
  const client = await openClient(server.listeners[0]!.address);
  client.socket.write('GET /never HTTP/1.1\r\nHost: a\r\n\r\n');
  while (server.pools()[0]!.endpoints[0]!.inFlight === 0) await new Promise(setImmediate);
  await server.drain();
  await server.close();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ path: '/never', status: 499, end: 'evicted' });
});

import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogWorld } from './testing/access-log-world.ts';
import { openClient } from './testing/client.ts';

let world = createLogWorld();
beforeEach(() => {
  world = createLogWorld();
});
afterEach(() => world.close());

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

test('of a request that got no answer, what its connection brought before is not counted', async () => {
  const address = await world.backend((socket, said) => {
    if (!said.includes('/never')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
  });
  const { server, addressOf } = await world.start({
    accessLog: { path: world.pathOf('reuse.log') },
    listeners: { web: { bind: '127.0.0.1:0', pool: 'main' } },
    pools: { main: { endpoints: [{ id: 'e1', address }] } },
  });
  const inFlight = () => server.pools()[0]!.endpoints[0]!.inFlight;
  const client = await openClient(addressOf('web'));
  client.socket.write(get('/first'));
  await client.sees('hello');
  client.socket.write(get('/never'));
  while (inFlight() === 0) await new Promise(setImmediate);
  client.socket.resetAndDestroy();
  while (inFlight() > 0) await new Promise(setImmediate);
  await server.close();
  expect(world.linesOf('reuse.log').map(({ path, bytesOut, end }) => [path, bytesOut, end])).toEqual([
    ['/first', 5, 'complete'],
    ['/never', 0, 'client-gone'],
  ]);
});

test('an answer that ends with its connection has taken until then', async () => {
  let answering: Socket | undefined;
  const address = await world.backend((socket) => {
    answering = socket;
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc');
  });
  const { server, addressOf } = await world.start({
    accessLog: { path: world.pathOf('fin.log') },
    listeners: { web: { bind: '127.0.0.1:0', pool: 'main' } },
    pools: { main: { endpoints: [{ id: 'e1', address }] } },
  });
  const client = await openClient(addressOf('web'));
  client.socket.write(get('/'));
  await client.sees('abc');
  await new Promise((resolve) => setTimeout(resolve, 50));
  answering!.end();
  await client.sees('0\r\n\r\n');
  client.socket.destroy();
  await server.close();
  const [line] = world.linesOf('fin.log');
  expect(line).toMatchObject({ bytesOut: 3, end: 'complete' });
  expect(Number(line!['durationMs'])).toBeGreaterThan(Number(line!['firstByteMs']) + 30);
});

test('every try of a request has the same request id, which is the one that is logged', async () => {
  const ids: string[] = [];
  const backend = () =>
    world.backend((socket, said) => {
      ids.push(/x-request-id: (\S+)/i.exec(said)?.[1] ?? '');
      if (ids.length === 1) socket.resetAndDestroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
    });
  const endpoints = [
    { id: 'e1', address: await backend() },
    { id: 'e2', address: await backend() },
  ];
  const { server, addressOf } = await world.start({
    accessLog: { path: world.pathOf('id.log') },
    listeners: { web: { bind: '127.0.0.1:0', pool: 'main' } },
    pools: { main: { endpoints, requestId: true, retries: { attempts: 1 } } },
  });
  const client = await openClient(addressOf('web'));
  client.socket.write(get('/again'));
  await client.sees('hello');
  client.socket.write(get('/other'));
  while (ids.length < 3) await new Promise(setImmediate);
  client.socket.destroy();
  await server.close();
  expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
  expect(world.linesOf('id.log').map(({ requestId }) => requestId)).toEqual([ids[0], ids[2]]);
});

test('where no try is left, the endpoint is named that failed last', async () => {
  const address = await world.backend((socket) => socket.resetAndDestroy());
  const { server, addressOf } = await world.start({
    accessLog: { path: world.pathOf('last.log') },
    listeners: { web: { bind: '127.0.0.1:0', pool: 'main' } },
    pools: { main: { endpoints: [{ id: 'e1', address }], retries: { attempts: 1 } } },
  });
  const client = await openClient(addressOf('web'));
  client.socket.write(get('/'));
  await client.sees('HTTP/1.1 502');
  client.socket.destroy();
  await server.close();
  expect(world.linesOf('last.log')).toEqual([
    expect.objectContaining({ status: 502, endpoint: 'e1', end: 'endpoint-failed' }),
  ]);
});

test('tries that were made are counted, not those that were granted and found no endpoint', async () => {
  const deaf = await world.backend((socket) => socket.resetAndDestroy());
  const good = await world.backend((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'));
  const { server, addressOf } = await world.start({
    accessLog: { path: world.pathOf('retries.log') },
    listeners: {
      web: { bind: '127.0.0.1:0', routes: [{ match: { path: '/two' }, pool: 'two' }, { pool: 'one' }] },
    },
    pools: {
      one: { endpoints: [{ id: 'deaf', address: deaf }], retries: { attempts: 2 } },
      two: {
        ...{ policy: 'first', retries: { attempts: 2 } },
        endpoints: [
          { id: 'deaf', address: deaf },
          { id: 'good', address: good },
        ],
      },
    },
  });
  const client = await openClient(addressOf('web'));
  client.socket.write(get('/one'));
  await client.sees('502');
  client.socket.write(get('/two'));
  await client.sees('hello');
  client.socket.destroy();
  await server.close();
  expect(
    world.linesOf('retries.log').map(({ path, status, endpoint, retries }) => [path, status, endpoint, retries]),
  ).toEqual([
    ['/one', 502, 'deaf', 0],
    ['/two', 200, 'good', 1],
  ]);
});

test('a request that waited for a place says for how long, also when its client gave up', async () => {
  const waiting: (() => void)[] = [];
  const address = await world.backend((socket) => {
    waiting.push(() => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'));
  });
  const { server, deps, addressOf } = await world.start({
    accessLog: { path: world.pathOf('queue.log') },
    listeners: { web: { bind: '127.0.0.1:0', pool: 'main' } },
    pools: { main: { endpoints: [{ id: 'e1', address, maxConnections: 1 }], queue: { size: 9, timeout: '60s' } } },
  });
  const { gate } = deps.counters.pool('web', 'main');
  const first = await openClient(addressOf('web'));
  first.socket.write(get('/first'));
  while (waiting.length === 0) await new Promise(setImmediate);
  const impatient = await openClient(addressOf('web'));
  impatient.socket.end(get('/impatient'));
  await impatient.ended;
  const second = await openClient(addressOf('web'));
  second.socket.write(get('/second'));
  while (gate.waiting === 0) await new Promise(setImmediate);
  waiting.shift()!();
  await first.sees('hello');
  while (waiting.length === 0) await new Promise(setImmediate);
  waiting.shift()!();
  await second.sees('hello');
  await server.close();
  const lines = new Map(world.linesOf('queue.log').map((line) => [line['path'], line]));
  expect(lines.get('/first')).not.toHaveProperty('queueMs');
  expect([lines.get('/impatient')?.['end'], lines.get('/second')?.['end']]).toEqual(['client-gone', 'complete']);
  for (const path of ['/impatient', '/second']) expect(lines.get(path)?.['queueMs']).toBeGreaterThanOrEqual(0);
});

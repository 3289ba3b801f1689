import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogWorld } from './testing/access-log-world.ts';
import { type Client, openClient } from './testing/client.ts';

let world = createLogWorld();
beforeEach(() => {
  world = createLogWorld();
});
afterEach(() => world.close());

/** Says what it heard, and ends as it is told. */
const parrot = () =>
  world.backend((socket, said) => {
    if (said === 'reset') socket.resetAndDestroy();
    else if (said === 'bye') socket.end('bye');
    else socket.write(`${said}${said}`);
  });

test('each tcp connection is one line, with bytes both ways and how it ended', async () => {
  const address = await parrot();
  const { server, deps, addressOf } = await world.start({
    accessLog: { path: world.pathOf('tcp.log') },
    listeners: {
      main: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' },
      dead: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'dead' },
      deadAgain: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'deadAgain' },
      nobody: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'nobody' },
      full: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'full' },
      idle: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'idle' },
    },
    pools: {
      main: { endpoints: [{ id: 'e1', address }] },
      dead: { endpoints: [{ id: 'gone', address: '127.0.0.1:1' }], retries: { attempts: 0 } },
      deadAgain: { endpoints: [{ id: 'gone', address: '127.0.0.1:1' }], retries: { attempts: 1 } },
      nobody: { endpoints: [{ id: 'off', address: 1, mode: 'maintenance' }] },
      full: { endpoints: [{ id: 'one', address, maxConnections: 1 }] },
      idle: { endpoints: [{ id: 'slow', address }], timeouts: { idle: '1s' } },
    },
  });
  const ask = async (listener: string, say = '', until = ''): Promise<Client> => {
    const client = await openClient(addressOf(listener));
    if (say !== '') client.socket.write(say);
    if (until !== '') await client.sees(until);
    return client;
  };
  const ended: Client[] = [await ask('main', 'hello', 'hellohello')];
  ended[0]!.socket.end();
  ended.push(await ask('main', 'bye', 'bye'), await ask('main', 'reset'), await ask('dead'), await ask('nobody'));
  ended.push(await ask('deadAgain'));
  await ask('full', 'x', 'xx');
  ended.push(await ask('full'));
  const gone = await ask('main', 'ab', 'abab');
  gone.socket.resetAndDestroy();
  const idle = await ask('idle', 'y', 'yy');
  await Promise.all(ended.map((client) => client.ended));
  // The wheel stands still but for this.
  for (let i = 0; i < 20; i++) deps.timers.advance();
  await idle.ended;
  await server.close();
  const lines = world.linesOf('tcp.log');
  const seen = lines.map(({ listener, endpoint = '-', bytesIn, bytesOut, connectMs, end }) => {
    const reached = connectMs === undefined ? 'not reached' : 'reached';
    return `${listener} ${endpoint} ${bytesIn} ${bytesOut} ${reached} ${end}`;
  });
  expect(seen.sort()).toEqual(
    [
      'main e1 5 10 reached complete',
      'main e1 3 3 reached complete',
      'main e1 5 0 reached endpoint-failed',
      'main e1 2 4 reached client-gone',
      'dead gone 0 0 not reached endpoint-failed',
      'deadAgain gone 0 0 not reached endpoint-failed',
      'nobody - 0 0 not reached no-endpoint',
      'full one 1 2 reached evicted',
      'full - 0 0 not reached turned-away',
      'idle slow 1 2 reached idle',
    ].sort(),
  );
  expect(lines.find((line) => line['bytesIn'] === 5 && line['end'] === 'complete')).toEqual({
    ...{ time: expect.stringMatching(/^2001-09-09T01:46:/), listener: 'main', protocol: 'tcp', client: '127.0.0.1' },
    ...{ bytesIn: 5, bytesOut: 10, durationMs: expect.any(Number), connectMs: expect.any(Number) },
    ...{ pool: 'main', endpoint: 'e1', retries: 0, end: 'complete' },
  });
});

test('an endpoint that resets what it has ended has ended it', async () => {
  const address = await parrot();
  const { server, addressOf } = await world.start({
    accessLog: { path: world.pathOf('half.log') },
    listeners: { main: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' } },
    pools: { main: { endpoints: [{ id: 'e1', address }] } },
  });
  const { port } = addressOf('main') as { port: number };
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => {}).resume();
  client.write('bye');
  await once(client, 'end');
  client.write('reset');
  // The client has had its FIN, and hears of no other end.
  while (server.pools()[0]!.endpoints[0]!.inFlight > 0) await new Promise(setImmediate);
  client.destroy();
  await server.close();
  expect(world.linesOf('half.log')).toEqual([expect.objectContaining({ bytesIn: 8, bytesOut: 3, end: 'complete' })]);
});

test('one that waited for a place says for how long', async () => {
  const address = await parrot();
  const { server, addressOf } = await world.start({
    accessLog: { path: world.pathOf('queue.log') },
    listeners: { main: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' } },
    pools: { main: { endpoints: [{ id: 'e1', address, maxConnections: 1 }], queue: { size: 1, timeout: '10s' } } },
  });
  const first = await openClient(addressOf('main'));
  first.socket.write('a');
  await first.sees('aa');
  const second = await openClient(addressOf('main'));
  second.socket.write('b');
  first.socket.end();
  await second.sees('bb');
  await server.close();
  const [before, after] = world.linesOf('queue.log');
  expect([before?.['queueMs'], after?.['end']]).toEqual([undefined, 'evicted']);
  expect(after?.['queueMs']).toBeGreaterThan(0);
});

test('an upgraded request has its line at the end, with the bytes of both sides', async () => {
  const address = await world.backend((socket, said) => {
    const isHead = said.startsWith('GET');
    socket.write(isHead ? 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhi' : `${said}${said}`);
  });
  const { server, addressOf } = await world.start({
    accessLog: { path: world.pathOf('up.log') },
    listeners: { web: { bind: '127.0.0.1:0', pool: 'main' } },
    pools: { main: { endpoints: [{ id: 'e1', address }] } },
  });
  const client = await openClient(addressOf('web'));
  client.socket.write('GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  await client.sees('hi');
  client.socket.write('12345');
  await client.sees('1234512345');
  client.socket.end();
  await client.ended;
  await server.close();
  expect(world.linesOf('up.log')).toEqual([
    expect.objectContaining({ path: '/up', status: 101, bytesIn: 5, bytesOut: 12, endpoint: 'e1', end: 'tunnel' }),
  ]);
});

test('part of the connections, as of the requests', async () => {
  const address = await parrot();
  const { server, addressOf } = await world.start({
    accessLog: { path: world.pathOf('sample.log'), sample: 0.5 },
    listeners: { main: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' } },
    pools: { main: { endpoints: [{ id: 'e1', address }] } },
  });
  for (let i = 0; i < 40; i++) {
    const client = await openClient(addressOf('main'));
    client.socket.write('bye');
    await client.ended;
  }
  await server.close();
  const count = world.linesOf('sample.log').length;
  // The draws are seeded: this is one number between, not a chance.
  expect(count > 8 && count < 32).toBe(true);
});

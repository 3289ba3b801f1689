import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { formatSocketAddress } from '../transport/address.ts';
import type { SocketAddress } from '../transport/transport.ts';
import type { RunningServer } from './server.ts';
import { openClient } from './testing/client.ts';
import { linesConfig, startLines, testDeps } from './testing/start.ts';

const pools = { main: { endpoints: ['127.0.0.1:1', '127.0.0.1:2'] } };
const listener = { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' } as const;
const running = new Set<RunningServer>();

afterEach(() => {
  for (const server of running) server.close();
  running.clear();
});

async function start(...args: Parameters<typeof startLines>): Promise<RunningServer> {
  const server = await startLines(...args);
  running.add(server);
  return server;
}

describe('startServer', () => {
  test('binds every address of every listener and says where', async () => {
    const both = { ...listener, bind: ['127.0.0.1:0', '127.0.0.2:0'] };
    const server = await start({ listeners: { a: listener, b: both }, pools });
    expect(server.listeners.map(({ name, pools }) => [name, pools])).toEqual([
      ['a', ['main']],
      ['b', ['main']],
      ['b', ['main']],
    ]);
    for (const { name, address } of server.listeners) {
      const client = await openClient(address);
      client.socket.write('hi\n');
      expect(await client.sees('\n')).toBe(`${name}: hi\n`);
      client.socket.destroy();
    }
    expect([server.ready, server.state()]).toEqual([true, 'serving']);
  });

  test('a listener that cannot be bound is named, and nothing stays open', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const deps = testDeps();
    const opened: string[] = [];
    const transport = {
      ...deps.transport,
      listen: async (...args: Parameters<typeof deps.transport.listen>) => {
        const bound = await deps.transport.listen(...args);
        opened.push(formatSocketAddress(bound.address));
        return bound;
      },
    } as typeof deps.transport;
    const listeners = { good: listener, bad: { ...listener, bind: `127.0.0.1:${port}` } };
    // Without a look beforehand, which would find it before anything is bound.
    await expect(start({ listeners, pools }, { ...deps, transport, takeover: true })).rejects.toMatchObject({
      code: 'listen-failed',
      message: expect.stringMatching(new RegExp(`^listener bad: .*127\\.0\\.0\\.1:${port}.*in use`)),
    });
    expect(opened).toHaveLength(1);
    const [host, goodPort] = opened[0]!.split(':');
    await expect(openClient({ kind: 'tcp', host: host!, port: Number(goodPort) })).rejects.toThrow();
    taken.close();
  });

  test('an address that another program shares is taken all the same', async () => {
    const deps = testDeps();
    if (!deps.transport.canShare) return;
    const other = await start({ listeners: { a: listener }, pools });
    const { address } = other.listeners[0]!;
    const bind = formatSocketAddress(address);
    await expect(start({ listeners: { b: { ...listener, bind } }, pools })).rejects.toMatchObject({
      code: 'listen-failed',
    });
    const heir = await start({ listeners: { b: { ...listener, bind } }, pools }, { ...deps, takeover: true });
    expect(heir.listeners[0]!.address).toEqual(address);
    const third = await start({ listeners: { c: listener }, pools });
    const taken = { ...listener, bind: formatSocketAddress(third.listeners[0]!.address) };
    const next = linesConfig({ listeners: { b: { ...listener, bind }, taken }, pools });
    await expect(heir.reload(next), 'who takes over does so once').rejects.toMatchObject({ code: 'listen-failed' });
  });

  test('tells what it does as events', async () => {
    const server = await start({ listeners: { a: listener }, pools });
    const { address } = server.listeners[0]!;
    await server.drain();
    const told = server.events.recent().filter((event) => event.kind !== 'membership');
    expect(told).toEqual([
      { at: 0, kind: 'listening', listener: 'a', address },
      { at: 0, kind: 'draining', connections: 0, timeoutMs: 30_000 },
      { at: 0, kind: 'drained', remaining: 0 },
    ]);
  });

  test('shows pools, endpoints and what is in flight', async () => {
    const server = await start({ listeners: { a: listener }, pools: { main: { ...pools.main, policy: 'p2c' } } });
    expect(server.pools()).toMatchObject([
      {
        name: 'main',
        policy: 'p2c',
        endpoints: [
          { id: '127.0.0.1:1', health: 'unknown', eligible: true, inFlight: 0 },
          { id: '127.0.0.1:2', health: 'unknown', eligible: true, inFlight: 0 },
        ],
      },
    ]);
  });

  test('the counters know which endpoint has a slot', async () => {
    const server = await start({ listeners: { a: listener }, pools });
    (await server.collect()).pool('a', 'main').request(1, 200, 1);
    expect([...(await server.collect()).pool('a', 'main').endpoints().keys()]).toEqual(['127.0.0.1:2']);
  });
});

test('the limit of connections holds for all listeners together', async () => {
  const server = await start({ limits: { connections: 1 }, listeners: { a: listener, b: listener }, pools });
  const [a, b] = server.listeners.map((each) => each.address);
  const first = await openClient(a!);
  first.socket.write('x\n');
  await first.sees('x\n');
  for (const address of [a!, b!]) expect(await endOf(address)).not.toBe('served');
  first.socket.end();
  await first.ended;
  while ((await server.collect()).listener('a').open > 0) await new Promise(setImmediate);
  expect(await endOf(b!)).toBe('served');
});

/** Served, or how the connection ended instead; a reset may even come before it is open. */
async function endOf(address: SocketAddress): Promise<string> {
  try {
    const client = await openClient(address);
    client.socket.write('x\n');
    return await Promise.race([client.sees('x\n').then(() => 'served'), client.ended]);
  } catch {
    return 'reset';
  }
}

describe('drain', () => {
  test('closes idle connections, lets an exchange finish and accepts no more', async () => {
    const server = await start({ listeners: { a: listener }, pools });
    const { address } = server.listeners[0]!;
    const idle = await openClient(address);
    const busy = await openClient(address);
    busy.socket.write('half');
    idle.socket.write('x\n');
    await idle.sees('x\n');
    const drained = server.drain();
    expect([server.ready, server.state()]).toEqual([false, 'draining']);
    expect(await idle.ended).toBe('closed');
    await expect(openClient(address)).rejects.toThrow();
    busy.socket.write(' done\n');
    expect(await busy.sees('\n')).toBe('a: half done\n');
    expect(await drained).toEqual({ finished: true, remaining: 0 });
    expect(server.state()).toBe('closed');
  });

  test('cuts what is not finished in time and says how many', async () => {
    const server = await start({ drainTimeout: 50, listeners: { a: listener }, pools });
    const busy = await openClient(server.listeners[0]!.address);
    busy.socket.write('half');
    const idle = await openClient(server.listeners[0]!.address);
    idle.socket.write('x\n');
    await idle.sees('x\n');
    expect(await server.drain()).toEqual({ finished: false, remaining: 1 });
    await busy.ended;
  });

  test('asked twice, it drains once', async () => {
    const server = await start({ listeners: { a: listener }, pools });
    expect(server.drain()).toBe(server.drain());
  });
});

test('close ends every connection at once', async () => {
  const server = await start({ listeners: { a: listener }, pools });
  const client = await openClient(server.listeners[0]!.address);
  server.close();
  await client.ended;
  expect([server.ready, server.state()]).toEqual([false, 'closed']);
  await expect(openClient(server.listeners[0]!.address)).rejects.toThrow();
});

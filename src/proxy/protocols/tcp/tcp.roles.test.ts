import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { member, setUpPicker } from '../../../control/testing/picker.ts';
import { createRng } from '../../../core/kernel/rng.ts';
import { Counters } from '../../../telemetry/counters.ts';
import { createDescriptorBudget } from '../../../transport/descriptors.ts';
import { createTransport } from '../../../transport/detect.ts';
import { TimerWheel } from '../../../transport/timer-wheel.ts';
import type { ListenerOptions, RouteOptions } from '../../listener-options.ts';
import type { ProxyPool } from '../protocol.ts';
import { tcp } from './tcp.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0).reverse()) close();
});

const primary = { role: 'primary' } as const;
const replica = { role: 'replica' } as const;
const LIMITS = { headBytes: 1, headerFields: 1, bodyBytes: 1, connections: 10 };
const TIMEOUTS = { head: 1000, body: 1000, keepAlive: 1000 };
/** Nobody waits. */
const NO_GATE = { line: null };
const POOL = { retries: { attempts: 0 }, timeouts: { connect: 1000, response: 1000, idle: 60_000, tunnel: 1000 } };
const optionsOf = (route: RouteOptions): ListenerOptions => ({
  ...{ bind: [], protocol: 'tcp', trustedProxies: [], limits: LIMITS, timeouts: TIMEOUTS },
  routes: [route],
});

/** An endpoint that says its name to whoever connects, and echoes nothing. */
async function endpoint(name: string): Promise<Server> {
  const server = createServer((socket) => void socket.on('error', () => {}).write(name));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return server;
}

const addressesOf = (server: Server) => [
  { kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port } as const,
];

/** A listener in front of a primary, `a`, and a replica, `b`. */
async function setUp(route: RouteOptions) {
  const [a, b] = [addressesOf(await endpoint('a')), addressesOf(await endpoint('b'))];
  const world = setUpPicker([member(0, { ...primary, addresses: a }), member(1, { ...replica, addresses: b })]);
  const swap = () => {
    world.change(0, { ...replica, addresses: a });
    world.change(1, { ...primary, addresses: b });
  };
  const counters = new Counters();
  for (const slot of [0, 1]) counters.assign('main', slot, `e${slot}`);
  const onError = (error: unknown) => Promise.reject(error);
  const transport = createTransport({ onHandlerError: onError });
  const runtime = tcp.create('front', optionsOf(route), {
    ...{ transport, timers: new TimerWheel(), clock: performance, rng: createRng(1), onError },
    descriptors: createDescriptorBudget(),
    pools: new Map([
      ['main', { name: 'main', options: POOL, picker: world.picker, gate: NO_GATE } as unknown as ProxyPool],
    ]),
    listenerMetrics: counters.listener('front'),
    poolMetrics: (pool) => counters.pool('front', pool),
  });
  const listener = await transport.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, runtime.handlers);
  open.push(() => {
    listener.stop();
    runtime.terminate();
  });
  const { port } = listener.address as { port: number };
  return { ...world, runtime, swap, port };
}

/** The name of who answers, or nothing. */
async function dial(port: number): Promise<{ socket: Socket; name: string }> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  open.push(() => socket.destroy());
  const name = await new Promise<string>((resolve) => {
    socket.once('data', (bytes) => resolve(`${bytes}`)).once('close', () => resolve(''));
  });
  return { socket, name };
}

describe('a tcp listener for the primary', () => {
  test('leads to it, and nobody is left with an endpoint that has lost the role', async () => {
    const { port, swap, runtime, picker } = await setUp({ pool: 'main', role: 'primary' });
    const before = await dial(port);
    expect(before.name).toBe('a');
    const ended = once(before.socket, 'close');
    swap();
    await ended;
    expect((await dial(port)).name).toBe('b');
    expect([runtime.openConnections, picker.requestsOf(0), picker.requestsOf(1)]).toEqual([1, 0, 1]);
  });

  test('refuses as long as nobody has the role', async () => {
    const { port, change } = await setUp({ pool: 'main', role: 'primary' });
    change(0, replica);
    expect((await dial(port)).name).toBe('');
  });

  test('once it asks for no role, connections stay where they are', async () => {
    const { port, swap, runtime, picker } = await setUp({ pool: 'main', role: 'primary' });
    const pools = new Map([['main', { name: 'main', options: POOL, picker, gate: NO_GATE } as unknown as ProxyPool]]);
    await dial(port);
    runtime.configure(optionsOf({ pool: 'main' }), pools);
    swap();
    expect(runtime.openConnections).toBe(1);
  });
});

test('a tcp listener without a role does not mind', async () => {
  const { port, swap, runtime } = await setUp({ pool: 'main' });
  const { socket } = await dial(port);
  swap();
  await new Promise((turn) => setImmediate(turn));
  expect([runtime.openConnections, socket.destroyed]).toEqual([1, false]);
});

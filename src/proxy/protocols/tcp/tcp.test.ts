import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { member, setUpPicker } from '../../../control/testing/picker.ts';
import { createRng } from '../../../core/kernel/rng.ts';
import { Counters } from '../../../telemetry/counters.ts';
import { createDescriptorBudget } from '../../../transport/descriptors.ts';
import { createTransport } from '../../../transport/detect.ts';
import { TimerWheel } from '../../../transport/timer-wheel.ts';
import type { ListenerOptions } from '../../listener-options.ts';
import type { ProxyPool } from '../protocol.ts';
import { tcp } from './tcp.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

const LIMITS = { headBytes: 1, headerFields: 1, bodyBytes: 1, connections: 10 };
const OPTIONS: ListenerOptions = {
  ...{ bind: [], protocol: 'tcp', trustedProxies: [], limits: LIMITS, routes: [{ pool: 'main' }] },
  timeouts: { head: 1000, body: 1000, keepAlive: 1000 },
};
/** Nobody waits. */
const NO_GATE = { line: null };
const POOL = { retries: { attempts: 0 }, timeouts: { connect: 1000, response: 1000, idle: 1000, tunnel: 1000 } };

/** A listener in front of one endpoint, whose breaker opens with the first failure; `canDial`: a descriptor is left for it. */
async function setUp(port: number, canDial: boolean) {
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const { picker, events } = setUpPicker([member(0, { addresses: [address] })], {
    guards: { circuitBreaker: { failures: 1, openForMs: 60_000, halfOpen: 1 } },
  });
  const counters = new Counters();
  counters.assign('main', 0, 'e0');
  const budget = createDescriptorBudget();
  const runtime = tcp.create('front', OPTIONS, {
    transport: createTransport({ onHandlerError: (error) => Promise.reject(error) }),
    timers: new TimerWheel(),
    descriptors: { ...budget, capacity: 10, used: 0, tryTake: () => canDial && budget.tryTake() },
    ...{ clock: performance, rng: createRng(1) },
    pools: new Map([['main', { name: 'main', options: POOL, picker, gate: NO_GATE } as unknown as ProxyPool]]),
    listenerMetrics: counters.listener('front'),
    poolMetrics: (pool) => counters.pool('front', pool),
    onError: (error) => Promise.reject(error),
  });
  const transport = createTransport({ onHandlerError: (error) => Promise.reject(error) });
  const listener = await transport.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, runtime.handlers);
  open.push(() => {
    listener.stop();
    runtime.terminate();
  });
  const client = connect((listener.address as { port: number }).port, '127.0.0.1');
  client.on('error', () => {});
  open.push(() => client.destroy());
  return { picker, events, client };
}

async function server(): Promise<number> {
  const listening = createServer((socket) => socket.on('error', () => {}).write('hello'));
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  open.push(() => listening.close());
  return (listening.address() as { port: number }).port;
}

/** Also by a reset. */
const closed = (client: Socket) => new Promise<void>((resolve) => client.once('close', () => resolve()));

/** A port where nobody listens. */
async function deadPort(): Promise<number> {
  const port = await server();
  open.pop()!();
  return port;
}

describe('what a policy and a breaker hear of a connection', () => {
  test('an endpoint that refuses it has failed', async () => {
    const { picker, events, client } = await setUp(await deadPort(), true);
    await closed(client);
    expect([picker.inFlight.total(), events]).toEqual([0, ['e0 breaker open']]);
  });

  test('that we have no descriptor for is nobody’s failure', async () => {
    const { picker, events, client } = await setUp(await server(), false);
    await closed(client);
    expect([picker.inFlight.total(), events]).toEqual([0, []]);
  });

  test('whose client goes away is nobody’s failure', async () => {
    const { picker, events, client } = await setUp(await server(), true);
    await once(client, 'data');
    expect(picker.inFlight.total()).toBe(1);
    client.destroy();
    while (picker.inFlight.total() > 0) await new Promise(setImmediate);
    expect(events).toEqual([]);
  });
});

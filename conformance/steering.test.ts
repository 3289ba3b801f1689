import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { get, type RawClient, rawClient } from './harness/client.ts';
import { until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { ask, assassin, startWorkers, type WorkersWorld } from './scenarios/workers-world.ts';

const PROGRAM = resolve(import.meta.dirname, '../bin/equipoise.mjs');
const TIMEOUT_MS = 120_000;
const MANY = 8;

interface Call {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each scenario knows what it asked for
  readonly json: any;
}

/** Endpoints taken out, weighed and limited by people while requests are under way, with two workers. */
describe.skipIf(!transports.includes('bun'))('steering under way', () => {
  const keep = cleanUp();
  const scenario = (name: string, run: () => Promise<void>) => test(name, run, TIMEOUT_MS);

  const equipoise = ({ adminPort }: WorkersWorld, ...args: string[]) => {
    const env = { ...process.env, EQUIPOISE_ADMIN: `http://127.0.0.1:${adminPort}` };
    const child = spawn('node', [PROGRAM, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const ended = new Promise<number | null>((done) => child.once('close', done));
    return { output: () => output, ended };
  };

  async function call({ adminPort }: WorkersWorld, method: string, path: string, body: unknown): Promise<Call> {
    const reply = await fetch(`http://127.0.0.1:${adminPort}/api/v1/${path}`, {
      ...{ method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
    });
    return { status: reply.status, json: await reply.json() };
  }

  /** As many requests as that are held by the endpoint `at`, on both workers. */
  async function hold(world: WorkersWorld, at: number, count = MANY, ...lines: string[]): Promise<RawClient[]> {
    const endpoint = world.endpoints[at]!;
    endpoint.status = 0;
    const clients = await world.clients(count);
    for (const client of clients) await client.send(get('/held', ...lines));
    await until('they are held', () => endpoint.now === count);
    return clients;
  }

  /** Who serves each of as many requests, on connections of their own. */
  async function spread(world: WorkersWorld, count = 24): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const client of await world.clients(count)) {
      const { status, by } = await ask(client);
      const who = status === '200' ? by! : status;
      counts[who] = (counts[who] ?? 0) + 1;
      client.close();
    }
    return counts;
  }

  scenario('drain --watch counts requests, not their cost, down to none', async () => {
    const pool = { policy: 'first', cost: 'header:x-cost' };
    const world = await startWorkers({ workers: 2, endpoints: [{}, {}], pool }, keep);
    const [endpoint] = world.endpoints;
    const clients = await hold(world, 0, MANY, 'x-cost: 100');
    const drain = equipoise(world, 'drain', 'main/e0', '--watch');
    await until('it says how many', () => drain.output().includes(`main/e0: ${MANY} in flight\n`));
    expect(await spread(world)).toEqual({ e1: 24 });
    // Some end, some go away.
    const [gone, ...others] = clients;
    gone!.reset();
    await until('it says what is left', () => drain.output().includes(`${MANY - 1} in flight\n`));
    endpoint!.release();
    expect(await drain.ended).toBe(0);
    expect(drain.output()).toMatch(/main\/e0 is drained after \d+\.\d s\n$/);
    for (const client of others) expect((await client.response()).start[1]).toBe('200');
    expect(endpoint!.all).toBe(MANY);
  });

  scenario('drain --watch gives up at its limit, and ends with what a worker had that died', async () => {
    const killer = assassin(keep);
    const policy = { module: killer.module };
    const world = await startWorkers({ workers: 2, endpoints: [{}, {}], pool: { policy } }, keep);
    const clients = await hold(world, 0);
    const limited = equipoise(world, 'drain', 'main/e0', '--watch', '--max', '500ms');
    expect(await limited.ended).toBe(1);
    expect(limited.output()).toContain(`main/e0: ${MANY} still in flight after 500ms`);
    const drain = equipoise(world, 'drain', 'main/e0', '--watch', '--json');
    for (let deaths = 1; deaths <= 2; deaths++) {
      const before = clients.filter((each) => each.ended() === 'open').length;
      killer.killOne();
      const victim = await rawClient(world.port);
      await victim.send(get('/'));
      await victim.waitClosed();
      const replaced = () => world.balancer.output().match(/was replaced/g)?.length ?? 0;
      await until('it is replaced', () => replaced() === deaths);
      expect(clients.filter((each) => each.ended() === 'open').length).toBeLessThanOrEqual(before);
    }
    world.endpoints[0]!.release();
    expect(await drain.ended).toBe(0);
    expect(JSON.parse(drain.output())).toMatchObject({ id: 'e0', mode: 'draining', inFlight: 0 });
  });

  scenario('a weight of 0 gets nothing and keeps what it has; nonsense is refused', async () => {
    const pool = { policy: 'weighted-round-robin' };
    const world = await startWorkers({ workers: 2, endpoints: [{}, {}], pool }, keep);
    const weigh = (id: string, weight: unknown) => call(world, 'PATCH', `pools/main/endpoints/${id}`, { weight });
    expect((await weigh('e1', 0)).json).toMatchObject({ weight: { configured: 1, effective: 0 }, eligible: false });
    const clients = await hold(world, 0);
    expect((await weigh('e1', 3)).status).toBe(200);
    expect((await weigh('e0', 0)).json).toMatchObject({ inFlight: MANY, reasons: [expect.stringContaining('weight')] });
    expect(await spread(world)).toEqual({ e1: 24 });

    for (const wrong of [-1, 1.5, 65_536, '2', null]) {
      expect([wrong, (await weigh('e1', wrong)).status]).toEqual([wrong, 400]);
    }
    const typed = equipoise(world, 'weight', 'main/e1', '--', '-1');
    expect([await typed.ended, typed.output()]).toEqual([2, expect.stringContaining('"-1" is no weight')]);
    expect(await spread(world)).toEqual({ e1: 24 });

    await weigh('e1', 0);
    expect(await spread(world, 4)).toEqual({ '503': 4 });
    world.endpoints[0]!.release();
    for (const client of clients) expect((await client.response()).start[1]).toBe('200');
    await weigh('e0', 1);
    await weigh('e1', 3);
    // Smooth weighting is exact per worker: each is off by less than one round.
    const { e0 = 0, e1 = 0 } = await spread(world, 40);
    expect([e0 + e1, Math.abs(e0 - 10) <= 2]).toEqual([40, true]);
  });

  scenario('limits that change while they are reached cut nothing', async () => {
    const world = await startWorkers({ workers: 2, endpoints: [{ maxConnections: 4 }] }, keep);
    const { endpoints, adminPort } = world;
    const read = await fetch(`http://127.0.0.1:${adminPort}/api/v1/config`);
    const config = (await read.json()) as {
      listeners: { web: { limits: { connections: number } } };
      pools: { main: { endpoints: { maxConnections: number }[] } };
    };
    const limit = async (maxConnections: number, connections: number) => {
      config.pools.main.endpoints[0]!.maxConnections = maxConnections;
      config.listeners.web.limits.connections = connections;
      expect((await call(world, 'PUT', 'config', config)).status).toBe(200);
    };
    const clients = await hold(world, 0, 4);
    const late = async () => {
      const [client] = await world.clients(1);
      const { status } = await ask(client!);
      client!.close();
      return status;
    };
    expect(await late()).toBe('503');
    await limit(2, 1000);
    expect([await late(), endpoints[0]!.now, endpoints[0]!.most]).toEqual(['503', 4, 4]);
    await limit(5, 1000);
    const [fifth] = await world.clients(1);
    await fifth!.send(get('/held'));
    await until('there is room for one', () => endpoints[0]!.now === 5);
    expect(await late()).toBe('503');
    // Fewer connections than are open: those live on, nobody else comes in.
    await limit(5, 2);
    expect(await late().catch(() => 'reset')).toMatch(/^(503|reset)$/);
    endpoints[0]!.release();
    for (const client of [...clients, fifth!]) expect((await client.response()).start[1]).toBe('200');
    expect(clients.filter((each) => each.ended() !== 'open').length).toBe(0);
    await limit(5, 1000);
    expect(await late()).toBe('200');
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { get, type RawClient, rawClient } from './harness/client.ts';
import { sleep, until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { ask, askInTurn, assassin, startWorkers, untilReady, type WorkersWorld } from './scenarios/workers-world.ts';

const TIMEOUT_MS = 120_000;
const MANY = 32;
const LIMIT = 40;
const REPLACED_WITHIN_MS = 1000;

interface Death {
  readonly worker: number;
  readonly requests: number;
  readonly connections: number;
}

function deathsOf({ balancer }: WorkersWorld): Death[] {
  const pattern = /worker (\d+) died: [^;]*; (\d+) connections? and (\d+) requests? under way were lost/g;
  return [...balancer.output().matchAll(pattern)].map(([, worker, connections, requests]) => ({
    ...{ worker: Number(worker), requests: Number(requests), connections: Number(connections) },
  }));
}

const replacedIn = ({ balancer }: WorkersWorld) => balancer.output().match(/worker \d+ was replaced/g)?.length ?? 0;

/** Sends a request on a connection of its own, which does not outlive its worker. */
async function die(world: WorkersWorld): Promise<void> {
  const [client] = await world.clients(1);
  await client!.send(get('/'));
  await client!.waitClosed();
}

describe.skipIf(!transports.includes('bun'))('a worker that dies', () => {
  const keep = cleanUp();
  const scenario = (name: string, run: () => Promise<void>) => test(name, run, TIMEOUT_MS);

  scenario('is replaced; what it had is released, and the other’s connections live on', async () => {
    const killer = assassin(keep);
    const pool = { policy: { module: killer.module } };
    const world = await startWorkers({ workers: 2, endpoints: [{ maxConnections: LIMIT }], pool }, keep);
    const [endpoint] = world.endpoints;
    const clients = await world.clients(MANY);
    await askInTurn(clients, MANY);
    expect(await world.admin.sum('equipoise_requests_total')).toBe(MANY);
    endpoint!.status = 0;
    for (const client of clients) await client.send(get('/held'));
    await until('held', () => endpoint!.now === MANY);
    killer.killOne();
    const diedAt = performance.now();
    await die(world);
    await until('it is told', () => deathsOf(world).length === 1);
    await until('replaced', () => replacedIn(world) === 1);
    expect(performance.now() - diedAt).toBeLessThan(REPLACED_WITHIN_MS);

    const cut = clients.filter((each) => each.ended() !== 'open');
    expect(deathsOf(world)[0]).toMatchObject({ requests: cut.length, connections: cut.length + 1 });
    expect(cut.length, 'the kernel gave it some').toBeGreaterThan(0);
    await until('its connections to the endpoint are gone', () => endpoint!.now === MANY - cut.length);
    expect(await world.admin.sum('equipoise_in_flight')).toBe(MANY - cut.length);
    expect(await world.admin.sum('equipoise_connections_open')).toBe(MANY - cut.length);
    await expectRoomFor(world, LIMIT - (MANY - cut.length));
    endpoint!.release();
    const alive = clients.filter((each) => !cut.includes(each));
    for (const client of alive) expect((await client.response(1)).start[1]).toBe('200');
    expect(await world.admin.sum('equipoise_in_flight')).toBe(0);
    // Every answer was told before the death or belongs to the living.
    const requests = MANY + alive.length + (LIMIT - (MANY - cut.length));
    expect(await world.admin.sum('equipoise_requests_total', 'code="200"')).toBe(requests);
  });

  scenario('while all of them do: not ready, tried with growing delay, and back when they can', async () => {
    const killer = assassin(keep);
    const world = await startWorkers({ workers: 2, pool: { policy: { module: killer.module } } }, keep);
    killer.killAll();
    let notReady = 0;
    const watching = (async () => {
      while (notReady === 0) if ((await world.admin.ready().catch(() => 0)) === 503) notReady++;
    })();
    const end = performance.now() + 4000;
    while (performance.now() < end)
      await Promise.all([die(world).catch(() => {}), die(world).catch(() => {}), sleep(5)]);
    await watching;
    expect(notReady).toBe(1);
    // 50 ms and twice as long each time: 7 deaths of each in 4 s at most.
    expect(deathsOf(world).length).toBeGreaterThanOrEqual(4);
    expect(deathsOf(world).length).toBeLessThanOrEqual(14);
    killer.spare();
    await until('both were replaced', () => replacedIn(world) === deathsOf(world).length);
    await untilReady(world.admin, 200);
    expect(await askInTurn(await world.clients(8), 16)).toEqual(Array(16).fill('e0'));
    expect(world.balancer.alive()).toBe(true);
  });

  scenario('and owned a unix socket: its successor owns it', async () => {
    const killer = assassin(keep);
    const path = `/tmp/equipoise-workers-${process.pid}-die.sock`;
    const pool = { policy: { module: killer.module } };
    const world = await startWorkers({ workers: 2, pool, unixPath: path }, keep);
    killer.killOne();
    const client = await rawClient(0, { host: path });
    await client.send(get('/'));
    await client.waitClosed();
    await until('replaced', () => replacedIn(world) === 1);
    expect(deathsOf(world)).toEqual([{ worker: 0, requests: 0, connections: 1 }]);
    expect((await ask(await rawClient(0, { host: path }))).status).toBe('200');
  });
});

describe.skipIf(!transports.includes('bun'))('a process that crashes', () => {
  const keep = cleanUp();

  test(
    'is started again by its launcher, which says what was lost',
    async () => {
      const { balancer, admin, clients } = await startWorkers({ workers: 2 }, keep);
      await askInTurn(await clients(5), 5);
      // The launcher hears of it once a second.
      await sleep(1500);
      const server = readFileSync(`/proc/${balancer.pid}/task/${balancer.pid}/children`, 'utf8').trim();
      process.kill(Number(server), 'SIGSEGV');
      await until('it is told', () => balancer.output().includes('started again'));
      expect(balancer.output()).toContain('the server was ended by SIGSEGV; 5 connections were lost');
      await until('it listens', () => (balancer.output().match(/^listening web /gm)?.length ?? 0) === 2);
      await untilReady(admin, 200);
      expect(await askInTurn(await clients(4), 4)).toEqual(Array(4).fill('e0'));
      balancer.signal('SIGTERM');
      expect(await balancer.exited).toEqual({ code: 0, signal: null });
    },
    TIMEOUT_MS,
  );
});

/** So many requests are held, and one more is refused. */
async function expectRoomFor(world: WorkersWorld, count: number): Promise<void> {
  const [endpoint] = world.endpoints;
  const before = endpoint!.now;
  const clients: RawClient[] = await world.clients(count);
  for (const client of clients) await client.send(get('/more'));
  await until('they are held', () => endpoint!.now === before + count);
  const [late] = await world.clients(1);
  expect((await ask(late!)).status).toBe('503');
}

import { describe, expect, test } from 'vitest';
import { adminAt } from './harness/admin.ts';
import { answer } from './harness/backend.ts';
import { startBalancer } from './harness/balancer.ts';
import { get, type RawClient, rawClient } from './harness/client.ts';
import { freePort, sleep, until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { ask, countingEndpoint, type Endpoint, untilReady } from './scenarios/workers-world.ts';

const TIMEOUT_MS = 120_000;
const MANY = 10;
const RELOADS = 30;
const LOAD = 16;

const settings = transports.flatMap((transport) =>
  (transport === 'bun' ? [1, 2] : [1]).map((workers) => ({ transport, workers })),
);

/** Who waits in a queue, for a hedge, a retry or below a limit, while another configuration comes. */
describe.each(settings)(
  'reload while requests wait, transport=$transport workers=$workers',
  ({ transport, workers }) => {
    const keep = cleanUp();
    const scenario = (name: string, run: () => Promise<void>) => test(name, run, TIMEOUT_MS);

    async function start(pool: object, wanted: readonly object[] = [{ maxConnections: 1 }]) {
      const endpoints = await Promise.all(wanted.map(() => countingEndpoint(keep)));
      const [port, adminPort] = [await freePort(), await freePort()];
      const listed = endpoints.map(({ backend }, at) => ({ id: `e${at}`, address: backend.address, ...wanted[at] }));
      const configure = (keys: object) => ({
        ...{ version: 1, workers, admin: { bind: `127.0.0.1:${adminPort}` } },
        listeners: { web: { bind: `127.0.0.1:${port}`, protocol: 'http', routes: [{ pool: 'main' }] } },
        pools: { main: { policy: 'first', endpoints: listed, servedBy: true, ...keys } },
      });
      keep(await startBalancer(configure(pool), transport, [port, adminPort]));
      const admin = adminAt(adminPort);
      await untilReady(admin, 200);
      const reload = async (keys: object) => {
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify(configure(keys));
        const { status } = await fetch(`http://127.0.0.1:${adminPort}/api/v1/config`, { method: 'PUT', headers, body });
        expect(status).toBe(200);
      };
      const clients = (count: number) => Promise.all(Array.from({ length: count }, () => rawClient(port)));
      return { endpoints, admin, reload, clients };
    }

    type World = Awaited<ReturnType<typeof start>>;

    const untilWaiting = async ({ admin }: World, count: number | (() => number)) => {
      const wanted = typeof count === 'number' ? () => count : count;
      const deadline = performance.now() + 5000;
      while ((await admin.sum('equipoise_queue_length')) !== wanted()) {
        if (performance.now() > deadline) throw new Error(`${wanted()} do not wait`);
        await sleep(20);
      }
    };

    /** One request is held, the others wait. */
    async function line(world: World): Promise<RawClient[]> {
      world.endpoints[0]!.status = 0;
      const clients = await world.clients(MANY);
      for (const client of clients) await client.send(get('/'));
      await untilWaiting(world, MANY - 1);
      return clients;
    }

    const statusOf = async (client: RawClient) => (await client.response(client.responses.length, 10_000)).start[1];
    const allServed = async (clients: readonly RawClient[], { all }: Endpoint, before = 0) => {
      await until('all are answered', () => clients.every((each) => each.responses.length === 1));
      expect(clients.map((each) => each.responses[0]!.start[1])).toEqual(clients.map(() => '200'));
      expect(all - before).toBeLessThanOrEqual(clients.length);
    };

    scenario('a line that is made shorter drops nobody who waits; who comes finds it full', async () => {
      const world = await start({ queue: { size: 20, timeout: '30s' } });
      const clients = await line(world);
      await world.reload({ queue: { size: 1, timeout: '30s' } });
      await untilWaiting(world, MANY - 1);
      // To whichever worker it comes: each has a line, or its first place.
      const late = await world.clients(2 * workers);
      for (const client of late) await client.send(get('/'));
      await until('one is turned away', () => late.some((each) => each.responses[0]?.start[1] === '503'));
      world.endpoints[0]!.release();
      await allServed(clients, world.endpoints[0]!);
      await untilWaiting(world, 0);
      expect(await world.admin.sum('equipoise_turned_away_total', 'reason="displaced"')).toBe(0);
    });

    scenario('a line that is abolished serves who waits; one that is there again serves all', async () => {
      const world = await start({ queue: { size: 20, timeout: '30s' } });
      const clients = await line(world);
      await world.reload({});
      await untilWaiting(world, MANY - 1);
      const [turnedAway, waiting] = await world.clients(2);
      expect((await ask(turnedAway!)).status).toBe('503');
      await world.reload({ queue: { size: 20, timeout: '30s' } });
      await waiting!.send(get('/'));
      await untilWaiting(world, MANY);
      world.endpoints[0]!.release();
      await allServed([...clients, waiting!], world.endpoints[0]!);
    });

    scenario('who waits in a line that is abolished waits no longer than it would have', async () => {
      const timeoutMs = 1500;
      const world = await start({ queue: { size: 20, timeout: timeoutMs } });
      const before = performance.now();
      const [held, ...others] = await line(world);
      await world.reload({});
      const answers = [held!, ...others];
      const turnedAway = () => answers.filter((each) => each.responses[0]?.start[1] === '503').length;
      await until('the others are turned away', () => turnedAway() === MANY - 1, timeoutMs + 3000);
      expect(performance.now() - before).toBeGreaterThan(timeoutMs - 50);
      world.endpoints[0]!.release();
      await until('the one is served', () => answers.some((each) => each.responses[0]?.start[1] === '200'));
    });

    scenario('who waits for an adaptive limit goes on when there is none', async () => {
      const pool = { queue: { size: 20, timeout: '30s' } };
      const world = await start({ ...pool, adaptiveLimit: { min: 1, max: 1 } }, [{}]);
      const [endpoint] = world.endpoints;
      endpoint!.status = 0;
      const clients = await world.clients(MANY);
      for (const client of clients) await client.send(get('/'));
      await until('one is held', () => endpoint!.now > 0);
      await untilWaiting(world, () => MANY - endpoint!.now);
      await world.reload({ ...pool, adaptiveLimit: { min: 2, max: 2 } });
      await until('two are held', () => endpoint!.now >= 2);
      expect(endpoint!.most).toBeLessThanOrEqual(2 * workers);
      await world.reload(pool);
      await until('all are held', () => endpoint!.now === MANY);
      endpoint!.release();
      await allServed(clients, endpoint!);
    });

    scenario('a retry that waits is made, and no other one when there are to be none', async () => {
      const world = await start({ retries: { attempts: 1, statuses: [503] } }, [{}, {}]);
      const [failing, other] = world.endpoints;
      failing!.backend.onRequest = (exchange) => {
        failing!.all++;
        answer('HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n')(exchange);
      };
      const [client] = await world.clients(1);
      await client!.send(get('/'));
      await until('it waits', () => failing!.all === 1);
      await world.reload({ retries: { attempts: 0 } });
      expect([await statusOf(client!), other!.all]).toEqual(['200', 1]);
      expect((await ask(client!)).status).toBe('503');
      expect([failing!.all, other!.all]).toEqual([2, 1]);
    });

    scenario('a request that began without retries is not tried again, nor counted as refused', async () => {
      const world = await start({ retries: { attempts: 0 } }, [{}, {}]);
      const [failing, other] = world.endpoints;
      failing!.status = 0;
      const [client] = await world.clients(1);
      await client!.send(get('/'));
      await until('it is held', () => failing!.now === 1);
      await world.reload({ retries: { attempts: 2, statuses: [503] } });
      failing!.release(503);
      expect([await statusOf(client!), other!.all]).toEqual(['503', 0]);
      expect(await world.admin.sum('equipoise_retries_refused_total')).toBe(0);
      expect([(await ask(client!)).status, other!.all]).toEqual(['200', 1]);
    });

    scenario('a hedge that waits is made, one under way may win, and there is none after', async () => {
      const afterMs = 700;
      const world = await start({ hedge: { after: afterMs } }, [{}, {}]);
      const [slow, quick] = world.endpoints;
      slow!.status = 0;
      const [client, second] = await world.clients(2);
      await client!.send(get('/'));
      await until('it is held', () => slow!.now === 1);
      await world.reload({});
      expect([await statusOf(client!), quick!.all]).toEqual(['200', 1]);
      await until('the slow one is cancelled', () => slow!.now === 0);

      await second!.send(get('/'));
      await until('it is held', () => slow!.now === 1);
      await sleep(2 * afterMs);
      expect(quick!.all).toBe(1);
      slow!.release();
      expect(await statusOf(second!)).toBe('200');
      expect(await world.admin.sum('equipoise_in_flight')).toBe(0);
    });

    scenario(`${RELOADS} reloads of all of them under load lose nothing`, async () => {
      const world = await start({}, [{ maxConnections: 2 }, { maxConnections: 2 }]);
      // Without any at first; a place is needed for everybody at all times.
      const kinds = [
        { queue: { size: 100, timeout: '30s' } },
        { queue: { size: 50, timeout: '20s' }, hedge: { after: '5ms' }, retries: { attempts: 3, statuses: [503] } },
        { queue: { size: 20, timeout: '30s' }, adaptiveLimit: { min: 1, max: 2 }, retries: { attempts: 0 } },
        {
          queue: { size: 100, timeout: '30s' },
          adaptiveLimit: { min: 3, max: 9, tolerance: 2 },
          hedge: { percentile: 90 },
        },
      ];
      await world.reload(kinds[0]!);
      for (const each of world.endpoints) each.delayMs = 3;
      const statuses: string[] = [];
      let isOver = false;
      const loads = (await world.clients(LOAD)).map(async (client) => {
        while (!isOver) statuses.push((await ask(client)).status);
      });
      for (let i = 0; i < RELOADS; i++) await world.reload(kinds[(i + 1) % kinds.length]!);
      isOver = true;
      await Promise.all(loads);
      expect(statuses.filter((each) => each !== '200')).toEqual([]);
      expect(statuses.length).toBeGreaterThan(LOAD);
      await untilWaiting(world, 0);
      expect(await world.admin.sum('equipoise_in_flight')).toBe(0);
      console.log(`reload-waiting transport=${transport} workers=${workers}: ${statuses.length} requests, none lost`);
    });
  },
);

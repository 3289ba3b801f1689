import { describe, expect, test } from 'vitest';
import { startBalancer } from './harness/balancer.ts';
import { get, request } from './harness/client.ts';
import { until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { ask, askInTurn, comeInTurn, countingEndpoint, startWorkers } from './scenarios/workers-world.ts';

const TIMEOUT_MS = 120_000;
/** So many that of two workers one has none of them once in 2 billion times. */
const MANY = 32;

// Node's transport serves with one.
describe.skipIf(!transports.includes('bun')).each((process.env.WORKERS ?? '2,4').split(',').map(Number))(
  'workers: %i',
  (workers) => {
    const keep = cleanUp();
    const scenario = (name: string, run: () => Promise<void>) => test(name, run, TIMEOUT_MS);
    const outcomes = (served: number, refused: number) => [
      ...Array(served).fill('served'),
      ...Array(refused).fill('refused'),
    ];

    scenario('maxConnections: 1 is one, whoever picks', async () => {
      const world = await startWorkers({ workers, endpoints: [{ maxConnections: 1 }] }, keep);
      const [endpoint] = world.endpoints;
      endpoint!.delayMs = 2;
      const clients = await world.clients(MANY);
      const statuses: string[] = [];
      await Promise.all(
        clients.map(async (client) => {
          for (let i = 0; i < 10; i++) statuses.push((await ask(client)).status);
        }),
      );
      expect(endpoint!.most, 'at the endpoint at a time').toBe(1);
      expect(new Set(statuses)).toEqual(new Set(['200', '503']));
      expect(statuses.filter((each) => each === '200')).toHaveLength(endpoint!.all);
      endpoint!.delayMs = 0;
      // An answer may be here before its worker has counted its end; the test's own limit ends the wait.
      while ((await ask(clients[0]!)).status !== '200');
    });

    scenario('least-connections sees what the others have in flight', async () => {
      const world = await startWorkers({ workers, endpoints: [{}, {}], pool: { policy: 'least-connections' } }, keep);
      const [slow, free] = world.endpoints;
      const clients = await world.clients(MANY);
      for (const each of world.endpoints) each.status = 0;
      for (const [index, client] of clients.slice(0, 16).entries()) {
        await client.send(get('/'));
        await until('it has come', () => slow!.all + free!.all === index + 1);
        expect(Math.abs(slow!.now - free!.now), `after ${index + 1}`).toBe((index + 1) % 2);
      }
      free!.release();
      await until('the answers', () => clients.filter((each) => each.responses.length === 1).length === 8);
      expect(new Set(await askInTurn(clients.slice(16), 64))).toEqual(new Set(['e1']));
    });

    scenario('round-robin takes turns', async () => {
      const endpoints = [{}, {}, {}];
      const world = await startWorkers({ workers, endpoints, pool: { policy: 'round-robin' } }, keep);
      const served = await askInTurn(await world.clients(MANY), 60);
      const start = Number(served[0]!.slice(1));
      expect(served).toEqual(Array.from({ length: 60 }, (_, i) => `e${(start + i) % 3}`));
    });

    scenario('limits.connections of a listener', async () => {
      const world = await startWorkers({ workers, listener: { limits: { connections: 10 } } }, keep);
      expect(await comeInTurn(world, 24)).toEqual(outcomes(10, 14));
      expect(await world.admin.sum('equipoise_connections_open')).toBe(10);
      expect(await world.admin.sum('equipoise_connections_refused_total')).toBe(14);
    });

    scenario('limits.connections of the program', async () => {
      const world = await startWorkers({ workers, program: { limits: { connections: 10 } } }, keep);
      expect(await comeInTurn(world, 24)).toEqual(outcomes(10, 14));
    });

    scenario('limits.perSource', async () => {
      const world = await startWorkers({ workers, listener: { limits: { perSource: 6 } } }, keep);
      expect(await comeInTurn(world, 16, '127.0.0.2')).toEqual(outcomes(6, 10));
      expect(await comeInTurn(world, 1, '127.0.0.3')).toEqual(outcomes(1, 0));
    });

    scenario('descriptors', async () => {
      // 64 are kept in reserve, and clients get two thirds of the rest.
      const world = await startWorkers({ workers, limits: { openFiles: 160 } }, keep);
      expect(await comeInTurn(world, 80)).toEqual(outcomes(64, 16));
    });

    scenario('counters are what clients and endpoints saw', async () => {
      const world = await startWorkers({ workers, endpoints: [{}, {}], pool: { policy: 'round-robin' } }, keep);
      const { admin } = world;
      const clients = await world.clients(MANY);
      await Promise.all(clients.map((client) => askInTurn([client], 10)));
      expect(world.endpoints.map(({ all }) => all)).toEqual([160, 160]);
      for (const id of ['e0', 'e1']) {
        expect(await admin.sum('equipoise_requests_total', `endpoint="${id}"`, 'code="200"')).toBe(160);
        expect(await admin.sum('equipoise_in_flight', `endpoint="${id}"`)).toBe(0);
      }
      expect(await admin.sum('equipoise_response_seconds_count')).toBe(320);
      expect(await admin.sum('equipoise_connections_open')).toBe(MANY);
    });

    scenario('what is in flight in each is on /metrics', async () => {
      const world = await startWorkers({ workers }, keep);
      const [endpoint] = world.endpoints;
      endpoint!.status = 0;
      const clients = await world.clients(MANY);
      for (const client of clients) await client.send(get('/'));
      await until('held', () => endpoint!.now === MANY);
      expect(await world.admin.sum('equipoise_in_flight')).toBe(MANY);
      endpoint!.release();
      for (const client of clients) await client.response();
      expect(await world.admin.sum('equipoise_in_flight')).toBe(0);
    });

    scenario('a unix socket is one worker’s, an open port every worker’s', async () => {
      const { backend } = await countingEndpoint(keep);
      const path = `/tmp/equipoise-workers-${process.pid}-${workers}.sock`;
      const balancer = await startBalancer(
        {
          ...{ version: 1, workers },
          listeners: { web: { bind: ['127.0.0.1:0', `unix:${path}`], protocol: 'http', routes: [{ pool: 'main' }] } },
          pools: { main: { endpoints: [backend.address] } },
        },
        'bun',
        [path],
      );
      keep(balancer);
      await until('every address', () => /unix:/.test(balancer.output()));
      const port = Number(/listening web http:\/\/127\.0\.0\.1:(\d+)/.exec(balancer.output())![1]);
      for (let i = 0; i < 8; i++) {
        for (const host of [path, '127.0.0.1']) expect((await request(port, get('/'), { host })).start[1]).toBe('200');
      }
    });
  },
);

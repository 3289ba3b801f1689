import { describe, expect, test } from 'vitest';
import { until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { ask, startWorkers } from './scenarios/workers-world.ts';

const CLIENTS = 32;
const EACH = 10;

// Node's transport serves with one.
describe.skipIf(!transports.includes('bun'))('a queue in each of two workers', () => {
  const keep = cleanUp();

  test('a place that another worker frees is found: all are served, one at a time', async () => {
    const pool = { queue: { timeout: '30s' } };
    const world = await startWorkers({ workers: 2, endpoints: [{ maxConnections: 1 }], pool }, keep);
    const endpoint = world.endpoints[0]!;
    endpoint.delayMs = 1;
    const clients = await world.clients(CLIENTS);
    const statuses: string[] = [];
    await Promise.all(
      clients.map(async (client) => {
        for (let i = 0; i < EACH; i++) statuses.push((await ask(client)).status);
      }),
    );
    expect([statuses.length, new Set(statuses), endpoint.most]).toEqual([CLIENTS * EACH, new Set(['200']), 1]);
    let left = -1;
    await until('nothing is left', () => {
      void world.admin.sum('equipoise_queue_length').then((count) => {
        left = count;
      });
      return left === 0;
    });
    expect(await world.admin.sum('equipoise_in_flight')).toBe(0);
  }, 120_000);
});

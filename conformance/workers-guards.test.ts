import { describe, expect, test } from 'vitest';
import { get, type RawClient } from './harness/client.ts';
import { sleep, until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { ask, askInTurn, startWorkers, type WorkersWorld } from './scenarios/workers-world.ts';

const TIMEOUT_MS = 120_000;
const MANY = 32;
const OPEN_MS = 4000;

/** The lines of the log on an endpoint's guard. */
const told = ({ balancer }: WorkersWorld, what: RegExp) =>
  balancer
    .output()
    .split('\n')
    .filter((line) => what.test(line))
    .map((line) => / is ([a-z-]+)/.exec(line)?.[1]);

/** Requests that wait for their answers, one on each connection. */
async function askAll(clients: readonly RawClient[]): Promise<void> {
  for (const client of clients) await client.send(get('/'));
}

describe.skipIf(!transports.includes('bun')).each([2, 4])('guards of %i workers', (workers) => {
  const keep = cleanUp();
  const scenario = (name: string, run: () => Promise<void>) => test(name, run, TIMEOUT_MS);
  const endpoints = [{}, {}];

  scenario('a breaker opens by what all of them see, and admits one probe of all of them', async () => {
    const pool = { policy: 'round-robin', circuitBreaker: { failures: 8, openFor: OPEN_MS }, retries: { attempts: 0 } };
    const world = await startWorkers({ workers, endpoints, pool }, keep);
    const [bad, good] = world.endpoints;
    bad!.status = 500;
    const clients = await world.clients(MANY);
    await askInTurn(clients, 16);
    expect([bad!.all, good!.all]).toEqual([8, 8]);
    const openedAt = performance.now();
    expect(new Set(await askInTurn(clients, MANY)), 'open').toEqual(new Set(['e1']));
    await until('it is told', () => told(world, /e0: breaker/).length === 1);
    expect(performance.now() - openedAt, 'too slow a machine to see it open').toBeLessThan(OPEN_MS);

    bad!.status = 0;
    await sleep(OPEN_MS);
    await askAll(clients);
    await until('all but the probe are answered', () => world.endpoints[0]!.now + good!.all >= 8 + 2 * MANY);
    expect(bad!.now, 'probes').toBe(1);
    await sleep(50);
    expect(bad!.most, 'probes at a time').toBe(1);
    bad!.release();
    await until('closed', () => told(world, /e0: breaker/).length === 3);
    expect(told(world, /e0: breaker/)).toEqual(['open', 'half-open', 'closed']);
    const before = bad!.all;
    await askInTurn((await world.clients(MANY)).slice(0, 16), 16);
    expect(bad!.all - before, 'its turns').toBe(8);
  });

  scenario('an ejection is decided once, by failures in a row that no worker saw alone', async () => {
    const pool = { policy: 'round-robin', outliers: { consecutiveFailures: 12, baseEjection: OPEN_MS } };
    const world = await startWorkers({ workers, endpoints, pool: { ...pool, retries: { attempts: 0 } } }, keep);
    const [bad] = world.endpoints;
    bad!.status = 503;
    const clients = await world.clients(MANY);
    await askInTurn(clients, 24);
    await until('it is ejected', () => told(world, /endpoint e0 is/).length === 1);
    const before = bad!.all;
    expect(before).toBe(12);
    expect(new Set(await askInTurn(clients, MANY))).toEqual(new Set(['e1']));
    bad!.status = 200;
    await until('it returns', () => told(world, /endpoint e0 is/).length === 2);
    expect(told(world, /endpoint e0 is/)).toEqual(['ejected', 'returned']);
    await askInTurn(clients, 16);
    expect(bad!.all - before).toBe(8);
  });

  scenario('a mistake in a user’s policy is told once', async () => {
    const world = await startWorkers(
      { workers, endpoints, pool: { policy: { module: `${import.meta.dirname}/scenarios/workers-tired.mjs#pick` } } },
      keep,
    );
    const clients = await world.clients(MANY);
    await askInTurn(clients, MANY);
    await until('it is told', () => told(world, /threw/).length > 0);
    await sleep(100);
    expect(told(world, /threw/)).toHaveLength(1);
    expect((await ask(clients[0]!)).status).toBe('200');
  });
});

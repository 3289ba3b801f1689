import { describe, expect, test } from 'vitest';
import { get } from './harness/client.ts';
import { until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { startWorkers } from './scenarios/workers-world.ts';

const ASKING = 20;
const CONNECTIONS = 30;
const TOO_MANY = 7;
/** An overload is over after 10 s without; the main thread looks every 2 s. */
const OVER_WITHIN_MS = 15_000;

describe.skipIf(!transports.includes('bun')).each([1, 2])('overload with workers: %i', (workers) => {
  const keep = cleanUp();

  test('is told when it begins and when it has ended, with how many were turned away', async () => {
    const listener = { limits: { connections: CONNECTIONS } };
    const pool = { queue: { size: 2, timeout: '30s' } };
    const world = await startWorkers({ workers, endpoints: [{ maxConnections: 1 }], pool, listener }, keep);
    const { admin, balancer, endpoints } = world;
    const told = (what: string, state: string) =>
      [...balancer.output().matchAll(new RegExp(`overload \\(${what}\\) is ${state} .*: (.*)`, 'g'))].map(
        (each) => each[1],
      );

    endpoints[0]!.status = 0;
    const asking = await world.clients(ASKING);
    for (const client of asking) await client.send(get('/'));
    const turnedAway = () => asking.filter((each) => each.responses[0]?.start[1] === '503').length;
    // One is served; each worker lets two wait.
    await until('the others are turned away', () => turnedAway() >= ASKING - 1 - 2 * workers);
    await until('it is told', () => told('queue', 'on').length > 0);
    const others = await world.clients(CONNECTIONS - ASKING + TOO_MANY);
    await until('the listener’s is told', () => told('connections', 'on').length > 0);
    endpoints[0]!.release();

    await until(
      'both are over',
      () => told('queue', 'off').length + told('connections', 'off').length === 2,
      OVER_WITHIN_MS,
    );
    expect(told('queue', 'off')).toEqual([`none for 10s, ${turnedAway()} in all`]);
    expect(await admin.sum('equipoise_turned_away_total')).toBe(turnedAway());
    expect(told('connections', 'off')).toEqual([`none for 10s, ${TOO_MANY} in all`]);
    expect(await admin.sum('equipoise_connections_refused_total', 'reason="limit"')).toBe(TOO_MANY);
    expect([told('queue', 'on').length, told('connections', 'on').length]).toEqual([1, 1]);
    for (const client of [...asking, ...others]) client.close();
  }, 120_000);
});

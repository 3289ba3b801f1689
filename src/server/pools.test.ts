import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fakeScheduler } from '../control/testing/fake-scheduler.ts';
import { writeMmdb } from '../control/testing/mmdb.ts';
import { createPickRequest } from '../core/kernel/policy.ts';
import type { Socket, Transport } from '../transport/transport.ts';
import { startPool } from './pools.ts';
import { linesConfig, testDeps } from './testing/start.ts';

const directory = mkdtempSync(join(tmpdir(), 'equipoise-pools-'));
afterAll(() => rmSync(directory, { recursive: true }));
const database = join(directory, 'city.mmdb');
writeFileSync(
  database,
  writeMmdb({
    '10.49.0.0/16': { location: { latitude: 52.5, longitude: 13.4 } },
    '10.61.0.0/16': { location: { latitude: -33.9, longitude: 151.2 } },
  }),
);

async function started(policy: object) {
  const endpoints = [
    { id: 'frankfurt', address: 3001, location: { latitude: 50.1, longitude: 8.7 } },
    { id: 'singapore', address: 3002, location: { latitude: 1.35, longitude: 103.8 } },
  ];
  const { pools } = linesConfig({
    listeners: { web: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' } },
    pools: { main: { policy: policy as { type: 'geographic' }, endpoints } },
  });
  const deps = { ...testDeps(), emit: () => undefined, onEvent: () => undefined, onGuardEvent: () => undefined };
  return startPool('main', pools['main']!, deps as Parameters<typeof startPool>[2]);
}

describe('startPool', () => {
  test.each([
    { clientIp: '10.49.1.2', want: 'frankfurt' },
    { clientIp: '10.61.1.2', want: 'singapore' },
    { clientIp: '::ffff:10.61.1.2', want: 'singapore' },
    { clientIp: '10.1.1.1', want: 'singapore' },
  ])('a geographic policy finds $clientIp in its database: $want', async ({ clientIp, want }) => {
    const pool = await started({ type: 'geographic', database, fallback: { latitude: 0, longitude: 100 } });
    const slot = pool.picker.pick({ ...createPickRequest(), clientIp }, null);
    expect(pool.picker.endpoint(slot).id).toBe(want);
    pool.membership.close();
  });

  test('so does one inside of another', async () => {
    const pool = await started({ type: 'zone-aware', policy: { type: 'geographic', database } });
    const slot = pool.picker.pick({ ...createPickRequest(), clientIp: '10.61.1.2' }, null);
    expect(pool.picker.endpoint(slot).id).toBe('singapore');
    pool.membership.close();
  });

  test('a database that went away after the check names the pool', async () => {
    await expect(started({ type: 'geographic', database: join(directory, 'none.mmdb') })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/^pool main: there is no file .*none\.mmdb; name a MaxMind DB file/),
    });
  });
});

test('checks are spared while requests succeed, and come back with the first failure', async () => {
  const asked = { count: 0 };
  const health = { type: 'tcp', interval: 1000, rise: 1, fall: 1, jitter: 0, skipWhileServing: true } as const;
  const { pools } = linesConfig({
    listeners: { web: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' } },
    pools: { main: { endpoints: [1], health } },
  });
  const time = fakeScheduler();
  const connect: Transport['connect'] = (_address, handlers, data) => {
    asked.count++;
    handlers.open({ data, shutdown() {}, close() {}, terminate() {} } as unknown as Socket<typeof data>);
  };
  const real = testDeps();
  const deps = {
    ...real,
    emit: () => undefined,
    scheduler: time,
    clock: time,
    transport: { ...real.transport, connect },
  };
  const pool = await startPool('main', pools['main']!, deps as Parameters<typeof startPool>[2]);
  const serve = (count: number, ok: boolean) => {
    for (let i = 0; i < count; i++) {
      const slot = pool.picker.pick(createPickRequest(), null);
      pool.picker.done(slot, { ok, latencyMs: 1 });
    }
  };
  const checksIn = (ms: number) => {
    const before = asked.count;
    time.advance(ms);
    return asked.count - before;
  };
  // The first check, one at random, and then one a second.
  expect(checksIn(2000)).toBe(3);
  const during = Array.from({ length: 5 }, () => {
    serve(10, true);
    return checksIn(1000);
  });
  expect(during).toEqual([0, 0, 0, 0, 0]);
  serve(100, true);
  serve(1, false);
  expect(checksIn(1000)).toBe(1);
  expect(checksIn(3000)).toBe(3);
  pool.membership.close();
});

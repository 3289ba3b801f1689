import { expect } from 'vitest';
import { type Admin, adminAt } from './harness/admin.ts';
import { type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { startBalancer, type TransportName } from './harness/balancer.ts';
import { get, type RawClient, rawClient, request } from './harness/client.ts';
import { freePort, sleep } from './harness/sockets.ts';
import { because, cleanUp, eachTransport } from './harness/suite.ts';
import { type Crowd, crowds, idleCrowd } from './scenarios/crowd.ts';

/** Enough for several checks in a row to fail. */
const WATCH_MS = 1000;
const HEALTH = { type: 'http', path: '/health', interval: 150, timeout: 600, fall: 2 };
/** Clients that were there before the crowd; they come from elsewhere. */
const GOOD = 5;
const ELSEWHERE = { localAddress: '127.0.0.2' };

interface Site {
  readonly port: { readonly crowded: number; readonly other: number };
  readonly admin: Admin;
  readonly backend: RecordingBackend;
}

eachTransport('crowd', (transport, scenario) => {
  const keep = cleanUp();
  const place = (crowd: Crowd): Promise<Site> => start(crowd, transport, keep);

  for (const crowd of crowds) {
    scenario(`${crowd.clients} clients ${crowd.name}: the others are served`, () =>
      because(crowd.why, expectOthersServed(crowd, place)),
    );
  }

  scenario('idle clients leave descriptors for those that ask', () => because(idleCrowd.why, expectIdleServed(place)));
});

type Place = (crowd: Crowd) => Promise<Site>;

async function expectOthersServed(crowd: Crowd, place: Place): Promise<void> {
  const site = await place(crowd);
  const good = await Promise.all(Array.from({ length: GOOD }, () => rawClient(site.port.crowded, ELSEWHERE)));
  await expectServed(good, 0);
  const clients = await gather(site.port.crowded, crowd.clients);
  await expectUndisturbed(site, crowd, good);
  for (const client of [...clients, ...good]) client.close();
  await expectBackToNormal(site);
}

async function expectIdleServed(place: Place): Promise<void> {
  const { port, admin } = await place(idleCrowd);
  const clients = await gather(port.crowded, idleCrowd.clients);
  await sleep(100);
  const accepted = clients.filter((client) => client.ended() === 'open' && client.responses.length === 0);
  expect(accepted.length, 'clients that were accepted').toBeGreaterThan(GOOD);
  await expectServed(accepted.slice(0, GOOD), 0);
  expect(await admin.sum('equipoise_connect_failures_total'), 'blamed on the endpoint').toBe(0);
  for (const client of clients) client.close();
}

async function start(crowd: Crowd, transport: TransportName, keep: ReturnType<typeof cleanUp>): Promise<Site> {
  const backend = await recordingBackend();
  keep(backend);
  const [crowded, other, admin] = [await freePort(), await freePort(), await freePort()];
  const listener = (port: number): object => ({
    bind: `127.0.0.1:${port}`,
    protocol: 'http',
    routes: [{ pool: 'main' }],
  });
  const config = {
    ...{ version: 1, workers: 1, admin: { bind: `127.0.0.1:${admin}` } },
    listeners: { crowded: { ...listener(crowded), limits: crowd.limits ?? {} }, other: listener(other) },
    pools: { main: { endpoints: [backend.address], health: HEALTH } },
  };
  const { openFiles } = crowd;
  const balancer = await startBalancer(config, transport, [crowded, other, admin], openFiles ? { openFiles } : {});
  keep(balancer);
  return { port: { crowded, other }, admin: adminAt(admin), backend };
}

/** Opens connections that stay, whatever they are told; those that the balancer resets at once are none. */
async function gather(port: number, count: number): Promise<RawClient[]> {
  const coming = Array.from({ length: count }, () => rawClient(port).catch(() => undefined));
  return (await Promise.all(coming)).filter((client) => client !== undefined);
}

async function expectServed(clients: readonly RawClient[], index: number): Promise<void> {
  const served = clients.map(async (client) => {
    await client.send(get(`/good-${index}`));
    return (await client.response(index)).body.toString();
  });
  expect(await Promise.all(served)).toEqual(clients.map(() => `target=/good-${index}`));
}

async function expectUndisturbed({ port, admin }: Site, { leavesRoom }: Crowd, good: RawClient[]): Promise<void> {
  const end = performance.now() + WATCH_MS;
  for (let index = 1; performance.now() < end; index++) {
    expect(await admin.ready(), '/readyz').toBe(200);
    await expectServed(good, index);
    if (leavesRoom) expect((await request(port.other, get('/new'))).start[1], 'a new client').toBe('200');
    await sleep(50);
  }
  expect(await admin.sum('equipoise_endpoint_health'), '1: not marked down').toBe(1);
  expect(await admin.sum('equipoise_connections_refused_total'), 'refused').toBeGreaterThan(0);
}

async function expectBackToNormal({ port, admin, backend }: Site): Promise<void> {
  await sleep(50);
  expect((await request(port.crowded, get('/after'))).body.toString()).toBe('target=/after');
  expect(await admin.sum('equipoise_connect_failures_total'), 'blamed on the endpoint').toBe(0);
  expect(backend.violations).toEqual([]);
}

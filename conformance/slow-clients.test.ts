import { beforeAll, expect } from 'vitest';
import { type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { type Balancer, startBalancer } from './harness/balancer.ts';
import { get, post, type RawClient, rawClient } from './harness/client.ts';
import { freePort, sleep } from './harness/sockets.ts';
import { cleanUp, eachTransport } from './harness/suite.ts';
import { PATIENCE_MS, type SlowClient, slowClients } from './scenarios/slow-clients.ts';

/** Far more than the balancer's patience on a busy machine, far less than what it has with a connection that is idle. */
const CUT_OFF_MS = 30_000;
const OF_EACH_KIND = 5;
const GOOD_CLIENTS = 500;
const GOOD_PAUSE_MS = 200;

eachTransport('slow-clients', (transport, scenario) => {
  const keep = cleanUp();
  let backend: RecordingBackend;
  let balancer: Balancer;
  let port: number;

  beforeAll(async () => {
    backend = await recordingBackend();
    keep(backend);
    port = await freePort();
    const timeouts = { head: PATIENCE_MS, body: PATIENCE_MS, keepAlive: '10m' };
    const web = { bind: `127.0.0.1:${port}`, protocol: 'http', timeouts, routes: [{ pool: 'main' }] };
    const config = { version: 1, workers: 1, listeners: { web }, pools: { main: { endpoints: [backend.address] } } };
    balancer = await startBalancer(config, transport, [port]);
    keep(balancer);
  }, 120_000);

  scenario(`${slowClients.length} kinds are cut off while ${GOOD_CLIENTS} good clients go on`, async () => {
    const good = await Promise.all(Array.from({ length: GOOD_CLIENTS }, () => rawClient(port)));
    let over = false;
    const served = Promise.all(good.map((client, index) => goOn(client, index, () => over)));
    await Promise.all(slowClients.flatMap((kind) => Array.from({ length: OF_EACH_KIND }, () => waste(port, kind))));
    over = true;
    await served;
    expect(backend.requests.filter((each) => each.start[0] === 'POST' && each.start[1] === '/slow')).toEqual([]);
    expect(backend.violations).toEqual([]);
    expect(balancer.alive()).toBe(true);
  });

  scenario('a slow but steady upload is not cut off', async () => {
    const client = await rawClient(port);
    // 16 KiB in every period of patience is what a body must bring; this brings twice as much for two periods.
    const piece = 'x'.repeat(8 * 1024);
    const bytes = post('/steady', piece.repeat(8));
    await client.send(bytes.slice(0, -piece.length * 8));
    for (let index = 0; index < 8; index++) {
      await client.send(piece);
      await sleep(PATIENCE_MS / 4);
    }
    expect((await client.response()).body.toString()).toBe('target=/steady');
    client.close();
  });
});

/** Six requests one after the other, and more until told to stop; every answer must be its own. */
async function goOn(client: RawClient, id: number, over: () => boolean): Promise<void> {
  for (let index = 0; index < 6 || !over(); index++) {
    await client.send(index % 4 ? get(`/${id}-${index}`) : post(`/${id}-${index}`, 'good'));
    const response = await client.response(index);
    expect(response.body.toString()).toBe(`target=/${id}-${index}`);
    await sleep(GOOD_PAUSE_MS);
  }
  client.close();
}

/** Plays the slow client until it is cut off. */
async function waste(port: number, kind: SlowClient): Promise<void> {
  const client = await rawClient(port);
  if (kind.first) await client.send(kind.first);
  const sending = setInterval(
    () => kind.each && client.ended() === 'open' && void client.send(kind.each),
    kind.everyMs,
  );
  try {
    expect(await client.waitClosed(CUT_OFF_MS), `cut off: ${kind.name}`).toBe(true);
    for (const response of client.responses) expect(kind.statuses, kind.name).toContain(response.start[1]);
  } finally {
    clearInterval(sending);
    client.close();
  }
}

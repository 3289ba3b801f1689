import { beforeAll, expect } from 'vitest';
import { type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { type Balancer, startBalancer } from './harness/balancer.ts';
import { get, post, type RawClient, rawClient } from './harness/client.ts';
import { freePort, sleep } from './harness/sockets.ts';
import { cleanUp, eachTransport } from './harness/suite.ts';
import { PATIENCE_MS, type SlowClient, slowClients } from './scenarios/slow-clients.ts';

/** A timer wheel may be a second late; a body may use its whole time after its head has. */
const CUT_OFF_MS = PATIENCE_MS * 2 + 1500;
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
    const timeouts = { head: PATIENCE_MS, body: PATIENCE_MS, keepAlive: '30s' };
    const web = { bind: `127.0.0.1:${port}`, protocol: 'http', timeouts, routes: [{ pool: 'main' }] };
    const config = { version: 1, workers: 1, listeners: { web }, pools: { main: { endpoints: [backend.address] } } };
    balancer = await startBalancer(config, transport, [port]);
    keep(balancer);
  }, 20_000);

  scenario(`${slowClients.length} kinds are cut off while ${GOOD_CLIENTS} good clients go on`, async () => {
    const good = await Promise.all(Array.from({ length: GOOD_CLIENTS }, () => rawClient(port)));
    let over = false;
    const served = Promise.all(good.map((client, index) => goOn(client, index, () => over)));
    const slow = slowClients.flatMap((kind) => Array.from({ length: OF_EACH_KIND }, () => waste(port, kind)));
    const lifetimes = await Promise.all(slow);
    over = true;
    const counts = await served;
    expect(Math.max(...lifetimes), 'the longest life of a slow client').toBeLessThan(CUT_OFF_MS + 500);
    expect(Math.min(...counts), 'answers to each good client').toBeGreaterThan(5);
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

/** Requests one after the other until told to stop; every answer must be its own. Returns how many there were. */
async function goOn(client: RawClient, id: number, over: () => boolean): Promise<number> {
  let index = 0;
  while (!over()) {
    await client.send(index % 4 ? get(`/${id}-${index}`) : post(`/${id}-${index}`, 'good'));
    const response = await client.response(index);
    expect(response.body.toString()).toBe(`target=/${id}-${index}`);
    index++;
    await sleep(GOOD_PAUSE_MS);
  }
  client.close();
  return index;
}

/** Plays the slow client until it is cut off; returns how long that took. */
async function waste(port: number, kind: SlowClient): Promise<number> {
  const client = await rawClient(port);
  const start = performance.now();
  if (kind.first) await client.send(kind.first);
  const sending = setInterval(
    () => kind.each && client.ended() === 'open' && void client.send(kind.each),
    kind.everyMs,
  );
  try {
    expect(await client.waitClosed(CUT_OFF_MS), `cut off: ${kind.name}`).toBe(true);
    for (const response of client.responses) expect(kind.statuses, kind.name).toContain(response.start[1]);
    return performance.now() - start;
  } finally {
    clearInterval(sending);
    client.close();
  }
}

import { expect } from 'vitest';
import { answerOk, type Exchange, type RecordingBackend } from '../harness/backend.ts';
import { get, post, rawClient, request } from '../harness/client.ts';
import { sleep, until, within } from '../harness/sockets.ts';
import { HEDGE_MS, type SurvivalScenario, type SurvivalWorld } from './survival-world.ts';

const asked = (backend: RecordingBackend) => backend.heads.length;

/** Holds what comes. */
function hold(backend: RecordingBackend): Exchange[] {
  const held: Exchange[] = [];
  backend.onRequest = (exchange) => void held.push(exchange);
  return held;
}

async function expectNothingLeft({ admin }: SurvivalWorld): Promise<void> {
  const deadline = performance.now() + 2000;
  while ((await admin.sum('equipoise_in_flight', 'pool="hedged"')) !== 0) {
    if (performance.now() > deadline) throw new Error('something is left in flight after 2 s');
    await sleep(10);
  }
}

export const hedges: Readonly<Record<string, SurvivalScenario>> = {
  'a slow endpoint is not waited for: another one answers, the slow one is cancelled': async (world) => {
    const { port, a, b, admin } = world;
    const held = hold(a);
    const won = await admin.sum('equipoise_hedge_wins_total', 'pool="hedged"');
    const startMs = performance.now();
    expect((await request(port.hedged, get('/slow'))).body.toString()).toBe('target=/slow');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(HEDGE_MS - 2);
    expect([asked(a), asked(b)]).toEqual([1, 1]);
    await within('the loser is closed', held[0]!.closed);
    await expectNothingLeft(world);
    expect(await admin.sum('equipoise_hedge_wins_total', 'pool="hedged"')).toBe(won + 1);
  },
  'a fast endpoint is asked alone': async ({ port, a, b }) => {
    for (let round = 0; round < 20; round++) await request(port.hedged, get('/'));
    await sleep(2 * HEDGE_MS);
    expect([asked(a), asked(b)]).toEqual([20, 0]);
  },
  'a POST is not hedged, with an Idempotency-Key it is': async ({ port, a, b }) => {
    a.onRequest = async (exchange) => {
      await sleep(3 * HEDGE_MS);
      answerOk(exchange);
    };
    expect((await request(port.hedged, post('/', 'once'))).start[1]).toBe('200');
    expect([asked(a), asked(b)]).toEqual([1, 0]);
    expect((await request(port.hedged, post('/', 'keyed', 'Idempotency-Key: 1'))).start[1]).toBe('200');
    expect(b.requests.map((each) => each.body.toString())).toEqual(['keyed']);
  },
  'whoever answers first, the client gets one answer, and the next request its own': async (world) => {
    const { port, a, b } = world;
    const client = await rawClient(port.hedged);
    let round = 0;
    a.onRequest = async (exchange) => {
      await sleep(HEDGE_MS + (round % 9) - 3);
      answerOk(exchange);
    };
    for (; round < 40; round++) {
      await client.send(get(`/${round}`));
      expect((await client.response(round)).body.toString()).toBe(`target=/${round}`);
    }
    await sleep(2 * HEDGE_MS);
    expect([client.responses.length, client.violation, client.bytes().length]).toEqual([40, undefined, 0]);
    expect(asked(b)).toBeGreaterThan(0);
    client.close();
    await expectNothingLeft(world);
  },
  'the first endpoint fails while the second is at work': async (world) => {
    const { port, a, b } = world;
    const held = [hold(a), hold(b)];
    const client = await rawClient(port.hedged);
    await client.send(get('/'));
    await until('both are asked', () => held.every((each) => each.length === 1));
    held[0]![0]!.reset();
    await sleep(30);
    expect(client.ended()).toBe('open');
    answerOk(held[1]![0]!);
    expect((await client.response()).start[1]).toBe('200');
    await expectNothingLeft(world);
  },
  'the second endpoint fails while the first is at work': async (world) => {
    const { port, a, b } = world;
    const held = hold(a);
    b.onRequest = (exchange) => exchange.reset();
    const client = await rawClient(port.hedged);
    await client.send(get('/'));
    await until('both are asked', () => asked(b) >= 1);
    await sleep(30);
    answerOk(held[0]!);
    expect((await client.response()).start[1]).toBe('200');
    await expectNothingLeft(world);
  },
  'both fail: one 502': async (world) => {
    const { port, a, b } = world;
    const held = [hold(a), hold(b)];
    const client = await rawClient(port.hedged);
    await client.send(get('/'));
    await until('both are asked', () => held.every((each) => each.length === 1));
    // Kept connections may have ended by themselves: each is asked once more, on a new one.
    for (const backend of [a, b]) backend.onRequest = (exchange) => exchange.reset();
    for (const each of held) each[0]!.reset();
    expect((await client.response()).start[1]).toBe('502');
    await expectNothingLeft(world);
  },
  'a client that leaves takes both tries with it': async (world) => {
    const { port, a, b } = world;
    const held = [hold(a), hold(b)];
    const client = await rawClient(port.hedged);
    await client.send(get('/'));
    await until('both are asked', () => held.every((each) => each.length === 1));
    client.reset();
    for (const each of held) await within('closed', each[0]!.closed);
    await expectNothingLeft(world);
  },
  'an interim answer decides': async (world) => {
    const { port, a, b } = world;
    a.onRequest = async (exchange) => {
      await exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      await sleep(3 * HEDGE_MS);
      answerOk(exchange);
    };
    const client = await rawClient(port.hedged);
    await client.send(get('/'));
    expect((await client.response()).start[1]).toBe('200');
    expect([client.interim.length, asked(b)]).toEqual([1, 0]);
    client.close();
    await expectNothingLeft(world);
  },
};

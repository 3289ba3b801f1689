import { expect } from 'vitest';
import { answerOk, type Exchange } from '../harness/backend.ts';
import { get, post, type RawClient, rawClient, request } from '../harness/client.ts';
import { value } from '../harness/message-reader.ts';
import { sleep, until } from '../harness/sockets.ts';
import { BRIEF_MS, type SurvivalPool, type SurvivalScenario, type SurvivalWorld } from './survival-world.ts';

/** The endpoint has one request; those of `targets` wait, in this order. Answer `held[0]` to let the next one in. */
async function fill(
  { port, a, admin }: SurvivalWorld,
  pool: SurvivalPool,
  requests: readonly string[],
): Promise<{ held: Exchange[]; clients: RawClient[] }> {
  const held: Exchange[] = [];
  a.onRequest = (exchange) => void held.push(exchange);
  const clients: RawClient[] = [];
  for (const [index, bytes] of requests.entries()) {
    const client = await rawClient(port[pool]);
    clients.push(client);
    await client.send(bytes);
    if (index === 0) await until('held', () => held.length === 1);
    else await waitingAre(admin, pool, index);
  }
  return { held, clients };
}

async function waitingAre(admin: SurvivalWorld['admin'], pool: SurvivalPool, count: number): Promise<void> {
  const deadline = performance.now() + 3000;
  while ((await admin.sum('equipoise_queue_length', `pool="${pool}"`)) !== count) {
    if (performance.now() > deadline) throw new Error(`not in 3 s: ${count} waiting at ${pool}`);
  }
}

const targets = (held: readonly Exchange[]) => held.map(({ request }) => request.start[1]);

/** Answers them as they come. */
function release(held: Exchange[], backend: SurvivalWorld['a']): void {
  backend.onRequest = (exchange) => {
    held.push(exchange);
    answerOk(exchange);
  };
  answerOk(held[0]!);
}

export const queue: Readonly<Record<string, SurvivalScenario>> = {
  'who finds every endpoint at its limit waits, first come first served': async (world) => {
    const { held, clients } = await fill(
      world,
      'queued',
      ['/1', '/2', '/3', '/4'].map((each) => get(each)),
    );
    release(held, world.a);
    for (const [index, client] of clients.entries()) {
      expect((await client.response()).body.toString()).toBe(`target=/${index + 1}`);
      client.close();
    }
    expect(targets(held)).toEqual(['/1', '/2', '/3', '/4']);
    await waitingAre(world.admin, 'queued', 0);
    expect(await world.admin.sum('equipoise_queue_wait_seconds_count', 'pool="queued"')).toBeGreaterThanOrEqual(3);
  },
  'a hundred at one place are all served, one at a time': async ({ port, a }) => {
    let [now, peak] = [0, 0];
    a.onRequest = async (exchange) => {
      peak = Math.max(peak, ++now);
      await sleep(1);
      now--;
      answerOk(exchange);
    };
    const one = (index: number) => request(port.queued, index % 2 ? get('/') : post('/', 'body'));
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => one(index)));
    expect([new Set(answers.map(({ start }) => start[1])), peak]).toEqual([new Set(['200']), 1]);
  },
  'a body that comes while its request waits arrives whole': async (world) => {
    const body = 'x'.repeat(60_000);
    const late = post('/late', body);
    const { held, clients } = await fill(world, 'queued', [get('/1'), late.slice(0, 300)]);
    await clients[1]!.send(late.slice(300, 20_000), late.slice(20_000));
    release(held, world.a);
    expect((await clients[1]!.response()).start[1]).toBe('200');
    expect(world.a.requests.at(-1)!.body.toString()).toBe(body);
  },
  'who leaves the line is not served, whether by a reset or by FIN': async (world) => {
    const { held, clients } = await fill(
      world,
      'queued',
      ['/1', '/2', '/3', '/4'].map((each) => get(each)),
    );
    clients[1]!.reset();
    clients[2]!.shutdown();
    await waitingAre(world.admin, 'queued', 1);
    expect([await clients[2]!.waitClosed(), clients[2]!.responses.length]).toEqual([true, 0]);
    release(held, world.a);
    expect((await clients[3]!.response()).body.toString()).toBe('target=/4');
    expect(targets(held)).toEqual(['/1', '/4']);
  },
  'a client that only has no more to say gets the answer that is under way': async (world) => {
    const { held, clients } = await fill(world, 'queued', [get('/1'), get('/2')]);
    clients[0]!.shutdown();
    release(held, world.a);
    for (const [index, client] of clients.entries()) {
      expect((await client.response()).body.toString()).toBe(`target=/${index + 1}`);
    }
  },
  'a full line: 503 with Retry-After': async (world) => {
    const { held, clients } = await fill(
      world,
      'brief',
      ['/1', '/2', '/3'].map((each) => get(each)),
    );
    const refused = await request(world.port.brief, get('/4'));
    expect([refused.start[1], value(refused.fields, 'retry-after')]).toEqual(['503', '1']);
    release(held, world.a);
    for (const client of clients) expect((await client.response()).start[1]).toBe('200');
  },
  'who waited too long: 503 with Retry-After, and the connection lives': async (world) => {
    const { held, clients } = await fill(world, 'brief', [get('/1'), get('/2')]);
    const refused = await clients[1]!.response();
    expect([refused.start[1], value(refused.fields, 'retry-after')]).toEqual(['503', '1']);
    release(held, world.a);
    await clients[0]!.response();
    await clients[1]!.send(get('/again'));
    expect((await clients[1]!.response(1)).body.toString()).toBe('target=/again');
  },
  'the more urgent come first, each urgency in its order': async (world) => {
    const { held, clients } = await fill(world, 'urgent', [
      get('/1'),
      get('/none-1'),
      get('/low', 'Priority: u=6, i'),
      get('/none-2'),
      get('/high-1', 'Priority: i, u=1'),
      get('/high-2', 'Priority: 1'),
    ]);
    release(held, world.a);
    for (const client of clients) expect((await client.response()).start[1]).toBe('200');
    expect(targets(held)).toEqual(['/1', '/high-1', '/high-2', '/none-1', '/none-2', '/low']);
  },
  'a tcp connection waits for a place, and is reset when it waited too long': async ({ port }) => {
    const first = await rawClient(port.tcp);
    await first.send(get('/1'));
    expect((await first.response()).body.toString()).toBe('target=/1');
    const second = await rawClient(port.tcp);
    await second.send(get('/2'));
    await sleep(BRIEF_MS / 4);
    expect(second.responses.length).toBe(0);
    first.close();
    expect((await second.response()).body.toString()).toBe('target=/2');
    const third = await rawClient(port.tcp);
    expect([await third.waitClosed(4 * BRIEF_MS), third.ended()]).toEqual([true, 'reset']);
    second.close();
  },
  'above the adaptive limit: 503 with Retry-After at once': async ({ port, a, admin }) => {
    const held: Exchange[] = [];
    a.onRequest = (exchange) => void held.push(exchange);
    const clients = [await rawClient(port.shed), await rawClient(port.shed)];
    for (const client of clients) await client.send(get('/held'));
    await until('two held', () => held.length === 2);
    const refused = await request(port.shed, get('/'));
    expect([refused.start[1], value(refused.fields, 'retry-after'), held.length]).toEqual(['503', '1', 2]);
    expect(await admin.sum('equipoise_turned_away_total', 'pool="shed"', 'reason="limit"')).toBe(1);
    release(held, a);
    clients[1]!.reset();
    expect((await clients[0]!.response()).start[1]).toBe('200');
    for (let round = 0; round < 5; round++) expect((await request(port.shed, get('/'))).start[1]).toBe('200');
  },
  'with a queue, who is above the adaptive limit waits': async ({ port, a }) => {
    let [now, peak] = [0, 0];
    a.onRequest = async (exchange) => {
      peak = Math.max(peak, ++now);
      await sleep(2);
      now--;
      answerOk(exchange);
    };
    const answers = await Promise.all(Array.from({ length: 40 }, () => request(port.shedQueued, get('/'))));
    expect([new Set(answers.map(({ start }) => start[1])), peak]).toEqual([new Set(['200']), 2]);
  },
};

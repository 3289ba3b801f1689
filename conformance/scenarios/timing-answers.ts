import { expect } from 'vitest';
import { answer, answerOk, type Exchange } from '../harness/backend.ts';
import type { TransportName } from '../harness/balancer.ts';
import { get, post, type RawClient, rawClient, request } from '../harness/client.ts';
import { PATIENCE_MS, sleep, until, within } from '../harness/sockets.ts';
import { readSteadily, type Site, type TimingCase } from './timing-world.ts';

const SHORT = '1s';

/** More than the kernels between endpoint and client hold. */
const LARGE = Buffer.alloc(12_000_000, 'a');
/** Takes seconds after the kernels between balancer and client are full. */
const STEADY_BYTES = 9_000_000;
const STEADY_PER_SECOND = 1_200_000;

/** Answers `/<n>` with n bytes. */
function answerSize(exchange: Exchange): void {
  const size = Number(exchange.request.start[1].slice(1));
  void exchange.write(
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`), LARGE.subarray(0, size)]),
  );
}

const isOver = (client: RawClient): boolean => client.responses.length > 0 || client.ended() !== 'open';

async function expectSteadyServed({ port, backend }: Site): Promise<void> {
  backend.onRequest = answerSize;
  const client = await rawClient(port);
  client.pause();
  await client.send(get(`/${STEADY_BYTES}`));
  await readSteadily(client, STEADY_PER_SECOND, () => isOver(client));
  expect(client.responses[0]?.bodyBytes ?? client.partial?.bodyBytes).toBe(STEADY_BYTES);
  client.close();
}

/** A client that takes a little and then nothing more; the endpoint must not wait for it. */
async function expectStoppedCut({ port, backend, sum }: Site): Promise<void> {
  let exchange: Exchange | undefined;
  backend.onRequest = (each) => {
    exchange = each;
    answerSize(each);
  };
  const client = await rawClient(port);
  client.socket.once('data', () => client.pause());
  await client.send(get(`/${LARGE.length}`));
  await until('the request', () => exchange !== undefined);
  await within('the endpoint is free', exchange!.closed);
  await untilNoneOpen(sum);
  client.resume();
  expect(await client.waitClosed(), 'cut').toBe(true);
  expect([client.responses.length, client.ended()], 'a cut that is seen').toEqual([0, 'reset']);
  expect(await sum('equipoise_requests_total', 'code="5'), 'failures of the endpoint').toBe(0);
  expect(await sum('equipoise_connect_failures_total'), 'connect failures').toBe(0);
}

/** To `least-response-time` a failure is 5 s and a request in flight 0.1 s: so many reach an endpoint that was merely slow. */
const AT_ONE_TIME = 30;

/** Requests at one time still go to both endpoints. */
async function expectNoneAvoided({ port, backend, sum }: Site): Promise<void> {
  const counts = (): Promise<number[]> =>
    Promise.all(['e0', 'e1'].map((id) => sum('equipoise_requests_total', `endpoint="${id}"`)));
  const before = await counts();
  const held: Exchange[] = [];
  backend.onRequest = (exchange) => void held.push(exchange);
  const asked = Array.from({ length: AT_ONE_TIME }, () => request(port, get('/after')));
  await until('all are held', () => held.length === asked.length);
  held.forEach(answerOk);
  for (const response of await Promise.all(asked)) expect(response.body.toString()).toBe('target=/after');
  const after = await counts();
  expect(
    Math.min(...after.map((count, index) => count - before[index]!)),
    `requests to each: ${before} then ${after}`,
  ).toBeGreaterThan(0);
}

async function untilNoneOpen(sum: Site['sum']): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while ((await sum('equipoise_connections_open')) > 0) {
    if (performance.now() > deadline) throw new Error(`a client that never reads is still there`);
    await sleep(100);
  }
}

/** Bytes that leave the balancer for a client that does not read: the kernels hold all but the last of them. */
async function bytesHeld({ port, sum }: Site): Promise<number> {
  const client = await rawClient(port);
  client.pause();
  await client.send(get(`/${LARGE.length}`));
  let [held, before] = [0, -1];
  while (held !== before || held === 0) {
    await sleep(100);
    [held, before] = [await sum('equipoise_bytes_sent_total'), held];
  }
  client.close();
  return held;
}

/** Sizes on both sides of `middle`. */
function around(middle: number, each: number, step: number): number[] {
  return Array.from({ length: 2 * each }, (_, index) => middle + (index - each) * step);
}

/**
 * Asks for answers whose ends wait in the kernels, in the balancer, or not even there; reads nothing for a while and
 * then wants each of them whole.
 */
async function expectLateReadersServed(site: Site, waitMs: number, bytes: (path: string) => string): Promise<void> {
  const { port, backend } = site;
  backend.onRequest = answerSize;
  const held = await bytesHeld(site);
  const sizes = [...around(held - 500_000, 6, 80_000), ...around(held, 10, 20_000)];
  const one = async (size: number): Promise<number | undefined> => {
    const client = await rawClient(port);
    client.pause();
    await client.send(bytes(`/${size}`));
    await sleep(waitMs);
    client.resume();
    await client.response().catch(() => {});
    client.close();
    return client.responses[0]?.bodyBytes;
  };
  expect(await Promise.all(sizes.map(one))).toEqual(sizes);
}

/** Sends requests without ever reading; the connection must be gone in time. */
async function expectNeverReadingCut({ port, backend, sum }: Site, requests: string): Promise<void> {
  backend.onRequest = answerSize;
  const client = await rawClient(port);
  client.pause();
  await client.send(requests);
  await sleep(100);
  await untilNoneOpen(sum);
  client.close();
}

/** A request, and a CRLF that belongs to none: robust servers skip it, so it must not begin the next head's time. */
async function expectNoWord({ port }: Site, ...pieces: string[]): Promise<void> {
  const client = await rawClient(port);
  await client.send(pieces[0]!);
  await client.response();
  for (const piece of pieces.slice(1)) await client.send(piece);
  await sleep(1500);
  expect([client.responses.length, client.partial, client.violation]).toEqual([1, undefined, undefined]);
  if (client.ended() === 'open') {
    await client.send(get('/next'));
    expect((await client.response(1)).body.toString()).toBe('target=/next');
  }
  client.close();
}

const IDLE = { timeouts: { idle: SHORT } };
/** Node writes only at the kernel's event, so that a reader must take a third of the kernel's buffer within `idle`. */
const idleOf = (transport: TransportName) => (transport === 'node' ? { timeouts: { idle: '3s' } } : IDLE);
const ALL_SHORT = { timeouts: { head: SHORT, body: SHORT, keepAlive: SHORT } };

export const answers: readonly TimingCase[] = [
  {
    name: 'a slow but steady reader gets everything',
    why: 'the kernel reports room only when a third of its buffer is free: no event for longer than `idle`, yet bytes flow',
    pool: idleOf,
    run: expectSteadyServed,
  },
  {
    name: 'a slow but steady reader gets everything over tcp',
    why: 'as over http',
    protocol: 'tcp',
    pool: idleOf,
    run: expectSteadyServed,
  },
  {
    name: 'a reader that stops is cut, the endpoint is not blamed',
    why: 'a client decides how long it reads; it must neither hold an endpoint for ever nor count as its failure',
    endpoints: 2,
    pool: { ...IDLE, policy: 'least-response-time' },
    async run(site) {
      await expectStoppedCut(site);
      await expectNoneAvoided(site);
    },
  },
  {
    name: 'a reader that stops is cut over tcp, the endpoint is not blamed',
    why: 'as over http',
    protocol: 'tcp',
    pool: IDLE,
    async run(site) {
      await expectStoppedCut(site);
      site.backend.onRequest = answerOk;
      expect((await request(site.port, get('/after'))).body.toString()).toBe('target=/after');
    },
  },
  {
    name: 'a client that asks for a large answer and never reads is cut',
    why: 'no time-out was left once its answer waited',
    listener: ALL_SHORT,
    pool: { timeouts: { idle: SHORT, response: SHORT } },
    run: (site) => expectNeverReadingCut(site, get(`/${LARGE.length}`)),
  },
  {
    name: 'a client that pipelines and never reads is cut',
    why: 'holding back its further requests disarmed the last time-out',
    listener: ALL_SHORT,
    routes: [{ match: { path: '/own' }, respond: { status: 200, body: 'y'.repeat(60_000) } }],
    run: (site) => expectNeverReadingCut(site, get('/own').repeat(400)),
  },
  {
    name: 'Connection: close, a CRLF behind the request and a late reader: the whole answer arrives',
    why: 'the rest of the input made the end a lingering one, whose reset destroyed what the kernel still held',
    run: (site) => expectLateReadersServed(site, 3500, (path) => `${get(path, 'Connection: close')}\r\n`),
  },
  {
    name: 'a short keepAlive does not cut an answer that is read late',
    why: 'the time between two requests was counted while the client had not read the first answer',
    listener: { timeouts: { keepAlive: SHORT } },
    run: (site) => expectLateReadersServed(site, 3000, (path) => get(path)),
  },
  {
    name: 'a CRLF behind a request is no request',
    why: 'some clients send one after a body; it was taken for the begin of a head, and an unasked 408 would answer the next request',
    listener: { timeouts: { head: '500ms' } },
    run: (site) => expectNoWord(site, `${post('/with', 'body')}\r\n`),
  },
  {
    name: 'a CRLF on an idle connection is no request',
    why: 'as in one piece with the request',
    listener: { timeouts: { head: '500ms' } },
    run: (site) => expectNoWord(site, get('/with'), '\r\n'),
  },
  {
    name: '103, then silence: 504, and the request reached one endpoint',
    why: 'an endpoint that sent 103 has begun its work: a second one must not do it again',
    endpoints: 2,
    pool: { timeouts: { response: '300ms' } },
    async run({ port, backend }) {
      backend.onRequest = answer('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      const client = await rawClient(port);
      await client.send(get('/hints'));
      expect((await client.response()).start[1]).toBe('504');
      expect(client.interim.map((each) => each.start[1])).toEqual(['103']);
      client.close();
      expect(backend.heads.length, 'requests that reached an endpoint').toBe(1);
    },
  },
];

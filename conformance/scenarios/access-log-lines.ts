import type { Exchange } from '../harness/backend.ts';
import { get, ok, post, type RawClient, rawClient } from '../harness/client.ts';
import { PATIENCE_MS, sleep, until } from '../harness/sockets.ts';

/** Of what waits here. */
export const WAIT_MS = 80;
/** Of a request's head, and of an answer at /short/: far beyond what else takes time here. */
export const TIMEOUT_MS = 1500;
/** In the line of /full/, where nobody makes room. */
export const QUEUE_MS = 200;

type Span = 'tr' | 'tw' | 'tc' | 'answer' | 'ta';
type Field = 'status' | 'state' | 'server' | 'retries' | 'queue' | 'reached' | 'request';

export interface LineWorld {
  readonly port: number;
  /** Requests that have reached the endpoint, by path. */
  readonly seen: ReadonlyMap<string, Exchange>;
}

export interface LineScenario {
  readonly why: string;
  readonly run: (world: LineWorld) => Promise<void>;
  /** Lines that come of it. Default 1. */
  readonly lines?: number;
  /** Which of them is looked at, from 0. Default: the last. */
  readonly which?: number;
  /** Spans of that line that have waited `WAIT_MS` at least, in both. */
  readonly slow?: readonly Span[];
  /** Where we say something else on purpose. */
  readonly ours?: Readonly<Partial<Record<Field, string>>>;
}

async function ask(world: LineWorld, ...pieces: string[]): Promise<void> {
  const client = await rawClient(world.port, { plain: true });
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await sleep(WAIT_MS);
    await client.send(piece);
  }
  await answered(client);
  client.close();
}

/** Its last byte is there, or its connection has ended. */
const answered = (client: RawClient): Promise<void> =>
  until(
    'an answer',
    () => client.ended() !== 'open' || /hello$|0\r\n\r\n$|\}$|fixed$|302 |<\/html>\s*$/.test(`${client.bytes()}`),
  );

const reaches = (world: LineWorld, path: string): Promise<void> =>
  until(`${path} at the endpoint`, () => world.seen.has(path), PATIENCE_MS);

/** Resets a request's connection once it has reached the endpoint, and some of its answer the client. */
async function giveUp(world: LineWorld, path: string, bytes: string, until200 = false): Promise<void> {
  const client = await rawClient(world.port, { plain: true });
  await client.send(bytes);
  await reaches(world, path);
  if (until200) await until('its head', () => `${client.bytes()}`.includes('200'));
  client.reset();
}

const CHUNKED = 'Transfer-Encoding: chunked';
const upload = (path: string, line: string): string => `POST ${path} HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`;

/** What the endpoint does, by the last part of the path. */
export const answers: Readonly<Record<string, (exchange: Exchange) => unknown>> = {
  simple: (exchange) => exchange.write(ok('hello')),
  head: (exchange) => exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'),
  slow: async (exchange) => {
    await sleep(WAIT_MS);
    await exchange.write(ok('hello'));
  },
  'slow-head': async (exchange) => {
    await exchange.write('HTTP/1.1 200 OK\r\nX: ');
    await sleep(WAIT_MS);
    await exchange.write('y\r\nContent-Length: 5\r\n\r\nhello');
  },
  interim: async (exchange) => {
    await exchange.write('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n');
    await sleep(WAIT_MS);
    await exchange.write(ok('hello'));
  },
  'slow-body': async (exchange) => {
    await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nworld');
    await sleep(WAIT_MS);
    await exchange.write('hello');
  },
  stall: (exchange) => exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nworld'),
  cut: async (exchange) => {
    await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nworld');
    await sleep(WAIT_MS);
    exchange.reset();
  },
  'cut-later': async (exchange) => {
    while (await exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n${'x'.repeat(99_999)}`)) {}
  },
  close: (exchange) => exchange.end(),
  reset: (exchange) => exchange.reset(),
  garbage: (exchange) => exchange.write('blah blah\r\n\r\n'),
  unavailable: async (exchange) => {
    await sleep(WAIT_MS);
    await exchange.write('HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n');
  },
  up: async (exchange) => {
    await exchange.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello');
    exchange.onTunnel(() => {}, exchange.end);
  },
};

export const lineScenarios: readonly LineScenario[] = [
  { why: 'a request', run: (world) => ask(world, get('/simple')) },
  {
    why: 'the second one on a connection',
    lines: 2,
    async run({ port }) {
      const client = await rawClient(port);
      await client.send(get('/simple'));
      await client.response(0);
      await client.send(get('/simple'));
      await client.response(1);
      client.close();
    },
  },
  { why: 'HTTP/1.0', run: (world) => ask(world, 'GET /simple HTTP/1.0\r\nHost: a\r\n\r\n') },
  {
    why: 'HEAD',
    async run({ port }) {
      const client = await rawClient(port, { methods: ['HEAD'] });
      await client.send('HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.response();
      client.close();
    },
  },
  { why: 'a body', run: (world) => ask(world, post('/simple', 'abc')) },
  {
    why: 'a head in pieces',
    slow: ['tr', 'ta'],
    run: (world) => ask(world, 'GET /simple HT', 'TP/1.1\r\nHost: a\r\n\r\n'),
  },
  { why: 'a slow client', slow: ['answer'], run: (world) => ask(world, post('/simple', 'abc').slice(0, -2), 'bc') },
  { why: 'a slow answer', slow: ['answer', 'ta'], run: (world) => ask(world, get('/slow')) },
  { why: 'the head of an answer in pieces', slow: ['answer'], run: (world) => ask(world, get('/slow-head')) },
  { why: 'an interim answer', slow: ['answer'], run: (world) => ask(world, get('/interim')) },
  { why: 'a slow body of an answer', slow: ['ta'], run: (world) => ask(world, get('/slow-body')) },
  { why: 'answered by the route', run: (world) => ask(world, get('/fixed')) },
  { why: 'redirected', run: (world) => ask(world, get('/redirect')) },
  { why: 'no HTTP', run: (world) => ask(world, 'GET / HTTP/1.1\r\nbad field\r\n\r\n') },
  { why: 'no HTTP, slowly', slow: ['ta'], run: (world) => ask(world, 'GET / HT', 'TP/1.1\r\nbad field\r\n\r\n') },
  { why: 'a head that does not come', slow: ['ta'], run: (world) => ask(world, 'GET / HTTP/1.1\r\n') },
  { why: 'nobody is ready', run: (world) => ask(world, get('/nobody/simple')) },
  { why: 'the endpoint is not there', ours: { status: '502' }, run: (world) => ask(world, get('/dead/simple')) },
  { why: 'another endpoint is asked', run: (world) => ask(world, get('/half/simple')) },
  {
    why: 'another endpoint is asked after an answer',
    slow: ['ta'],
    run: (world) => ask(world, get('/again/unavailable')),
  },
  {
    why: 'it waits in the line',
    lines: 2,
    slow: ['tw', 'ta'],
    async run(world) {
      const first = ask(world, get('/one/slow'));
      await reaches(world, '/one/slow');
      await ask(world, get('/one/simple'));
      await first;
    },
  },
  {
    why: 'it waits in the line for too long',
    lines: 2,
    which: 0,
    slow: ['tw', 'ta'],
    async run(world) {
      const client = await rawClient(world.port, { plain: true });
      await client.send(get('/full/never'));
      await reaches(world, '/full/never');
      await ask(world, get('/full/simple'));
      client.reset();
    },
  },
  { why: 'the endpoint is too slow', slow: ['ta'], run: (world) => ask(world, get('/short/never')) },
  { why: 'the endpoint stalls', slow: ['ta'], run: (world) => ask(world, get('/short/stall')) },
  { why: 'the endpoint resets amid its answer', slow: ['ta'], run: (world) => ask(world, get('/cut')) },
  { why: 'the endpoint closes', run: (world) => ask(world, get('/close')) },
  { why: 'the endpoint resets', run: (world) => ask(world, get('/reset')) },
  { why: 'no HTTP from the endpoint', run: (world) => ask(world, get('/garbage')) },
  {
    why: 'the client goes away before the answer',
    // HAProxy calls it the data phase, against its manual.
    ours: { status: '499', state: 'CH' },
    run: (world) => giveUp(world, '/never', get('/never')),
  },
  {
    why: 'the client goes away amid the answer',
    run: (world) => giveUp(world, '/cut-later', get('/cut-later'), true),
  },
  {
    why: 'a bad chunk after a good one',
    async run(world) {
      const client = await rawClient(world.port, { plain: true });
      await client.send(`${upload('/never', CHUNKED)}3\r\nabc\r\n`);
      await sleep(WAIT_MS);
      await client.send('zz\r\n');
      await answered(client);
      client.close();
    },
  },
  {
    why: 'an upgraded connection',
    slow: ['ta'],
    async run(world) {
      const client = await rawClient(world.port, { plain: true });
      await client.send(get('/up', 'Connection: Upgrade', 'Upgrade: x'));
      await answered(client);
      await sleep(WAIT_MS);
      client.shutdown();
      await client.waitClosed();
    },
  },
];

import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { answer, answerOk, type RecordingBackend } from '../harness/backend.ts';
import { get, ok, post, rawClient, request } from '../harness/client.ts';
import { value } from '../harness/message-reader.ts';
import { sleep } from '../harness/sockets.ts';
import { RESPONSE_MS, type SurvivalScenario } from './survival-world.ts';

const BUSY = 'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy';
const KEY = 'Idempotency-Key: 7f1c';

const put = (target: string, body: string): string => post(target, body).replace('POST', 'PUT');

/** Bytes in which a shift or a hole is seen. */
const numbered = (bytes: number): string =>
  Array.from({ length: Math.ceil(bytes / 8) }, (_, index) => `${`${index}`.padStart(7, '0')}\n`)
    .join('')
    .slice(0, bytes);

const hashOf = (body: string) => createHash('sha256').update(body).digest('hex');

const chunked = (method: string, chunks: readonly string[]): string[] => [
  `${method} /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ...chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`),
  '0\r\n\r\n',
];

const asked = (backend: RecordingBackend) => backend.heads.length;

async function timed<T>(run: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const startMs = performance.now();
  const result = await run();
  return { result, ms: performance.now() - startMs };
}

/** A request whose pieces come with pauses, while the first endpoint fails in its own way. */
async function inPieces(port: number, pieces: readonly string[], pauseMs: number): Promise<string> {
  const client = await rawClient(port);
  for (const piece of pieces) {
    await client.send(piece);
    await sleep(pauseMs);
  }
  const { start } = await client.response();
  client.close();
  return start[1];
}

export const retries: Readonly<Record<string, SurvivalScenario>> = {
  'a status that is retried: another endpoint answers, and the connection is kept': async ({ port, a, b }) => {
    const connections = new Set<number>();
    a.onRequest = (exchange) => {
      connections.add(exchange.connection);
      void exchange.write(BUSY);
    };
    for (let round = 0; round < 5; round++) {
      expect((await request(port.retried, get('/get'))).body.toString()).toBe('target=/get');
    }
    expect([asked(a), asked(b), connections.size]).toEqual([5, 5, 1]);
  },
  'a refused answer that is still coming does not spoil the next': async ({ port, a }) => {
    const connections = new Set<number>();
    a.onRequest = async (exchange) => {
      connections.add(exchange.connection);
      await exchange.write('HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nbu');
      await sleep(10);
      await exchange.write('sy, busy');
    };
    for (let round = 0; round < 3; round++) {
      expect((await request(port.retried, get(`/${round}`))).body.toString()).toBe(`target=/${round}`);
    }
    expect([asked(a), connections.size], 'none of these connections is used again').toEqual([3, 3]);
  },
  'a POST is not retried for a status, and the answer is the endpoint’s': async ({ port, a, b }) => {
    a.onRequest = answer(BUSY);
    const { start, body } = await request(port.retried, post('/post', 'once'));
    expect([start[1], body.toString(), asked(a), asked(b)]).toEqual(['503', 'busy', 1, 0]);
  },
  'a POST with an Idempotency-Key is retried': async ({ port, a, b }) => {
    a.onRequest = answer(BUSY);
    expect((await request(port.retried, post('/post', 'keyed', KEY))).start[1]).toBe('200');
    a.onRequest = (exchange) => exchange.reset();
    expect((await request(port.retried, post('/post', 'keyed', KEY))).start[1]).toBe('200');
    expect(b.requests.map((each) => each.body.toString())).toEqual(['keyed', 'keyed']);
  },
  'a POST whose bytes went out is never sent twice': async ({ port, a, b }) => {
    a.onRequest = (exchange) => exchange.reset();
    for (const bytes of [
      post('/post', 'once'),
      chunked('POST', ['on', 'ce']).join(''),
      post('/large', 'x'.repeat(3e5)),
    ]) {
      expect((await request(port.retried, bytes)).start[1]).toBe('502');
    }
    a.onHead = (exchange) => exchange.reset();
    expect(await inPieces(port.retried, [post('/post', 'once').slice(0, -2), 'ce'], 20)).toBe('502');
    expect([asked(a), asked(b)]).toEqual([4, 0]);
  },
  'every failing endpoint is asked once, then the client gets the last answer': async ({ port, a, b, c }) => {
    for (const backend of [a, b, c]) backend.onRequest = answer(BUSY);
    expect((await request(port.patient, get('/'))).body.toString()).toBe('busy');
    expect([asked(a), asked(b), asked(c)]).toEqual([1, 1, 1]);
  },
  'without another endpoint the answer is passed on': async ({ port, a }) => {
    a.onRequest = answer(BUSY);
    expect((await request(port.alone, get('/'))).body.toString()).toBe('busy');
    expect(asked(a)).toBe(1);
  },
  'a body in pieces is sent again byte by byte': async ({ port, a, b }) => {
    const body = numbered(40_000);
    const bytes = put('/put', body);
    a.onRequest = (exchange) => exchange.reset();
    const pieces = [bytes.slice(0, 90), bytes.slice(90, 15_000), bytes.slice(15_000)];
    expect(await inPieces(port.retried, pieces, 5)).toBe('200');
    const chunks = [numbered(10_000), numbered(777), numbered(20_000)];
    expect(await inPieces(port.retried, chunked('PUT', chunks), 5)).toBe('200');
    expect(b.requests.map((each) => each.bodyHash)).toEqual([hashOf(body), hashOf(chunks.join(''))]);
  },
  'a body whose rest comes after the failure arrives whole': async ({ port, a, b }) => {
    const body = numbered(30_000);
    const bytes = put('/put', body);
    a.onHead = (exchange) => exchange.reset();
    const pieces = [bytes.slice(0, 200), bytes.slice(200, 9000), bytes.slice(9000, 20_000), bytes.slice(20_000)];
    expect(await inPieces(port.retried, pieces, 20)).toBe('200');
    expect(b.requests.map((each) => each.bodyHash)).toEqual([hashOf(body)]);
  },
  'a body beyond the limit is not sent twice': async ({ port, a, b }) => {
    a.onRequest = (exchange) => exchange.reset();
    const bytes = put('/put', numbered(5000));
    expect(await inPieces(port.small, [bytes.slice(0, 200), bytes.slice(200)], 10)).toBe('502');
    expect([asked(a), asked(b)]).toEqual([1, 0]);
    const small = put('/put', numbered(500));
    expect(await inPieces(port.small, [small.slice(0, 200), small.slice(200)], 10)).toBe('200');
  },
  'after an interim answer nothing is tried again': async ({ port, a, b }) => {
    a.onRequest = async (exchange) => {
      await exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      await sleep(20);
      exchange.reset();
    };
    expect((await request(port.retried, get('/'))).start[1]).toBe('502');
    a.onRequest = answer(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${BUSY}`);
    expect((await request(port.retried, get('/'))).body.toString()).toBe('busy');
    expect(asked(b)).toBe(0);
  },
  'a short Retry-After is waited for, a long one passed on': async ({ port, a, b }) => {
    a.onRequest = answer('HTTP/1.1 429 Slow down\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n');
    const { result, ms } = await timed(() => request(port.retried, get('/')));
    expect([result.start[1], ms > 990, ms < 2500]).toEqual(['200', true, true]);
    a.onRequest = answer('HTTP/1.1 429 Slow down\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n');
    const passed = await timed(() => request(port.retried, get('/')));
    expect([passed.result.start[1], value(passed.result.fields, 'retry-after'), passed.ms < 900]).toEqual([
      '429',
      '2',
      true,
    ]);
    expect(asked(b)).toBe(1);
  },
  'a first byte that is late: a GET is tried again, a POST is not': async ({ port, a, b }) => {
    a.onRequest = () => {};
    expect((await request(port.quick, get('/'))).start[1]).toBe('200');
    expect((await request(port.quick, post('/', 'once'))).start[1]).toBe('504');
    expect([asked(a), asked(b)]).toEqual([2, 1]);
  },
  'timeouts.request bounds everything before the answer, and not the answer': async ({ port, a, admin }) => {
    a.onRequest = () => {};
    const { result, ms } = await timed(() => request(port.whole, get('/')));
    expect([result.start[1], ms >= RESPONSE_MS - 5, ms < 4 * RESPONSE_MS]).toEqual(['504', true, true]);
    a.onRequest = async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nfour');
      await sleep(2 * RESPONSE_MS);
      await exchange.write('more');
    };
    expect((await request(port.whole, get('/'))).body.toString()).toBe('fourmore');
    expect(await admin.sum('equipoise_in_flight', 'pool="whole"')).toBe(0);
  },
  'a client that leaves during a pause leaves nothing behind': async ({ port, a, b, admin }) => {
    a.onRequest = answer('HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n');
    const client = await rawClient(port.retried);
    await client.send(get('/'));
    await sleep(50);
    client.reset();
    await sleep(1200);
    expect([asked(b), await admin.sum('equipoise_in_flight', 'pool="retried"')]).toEqual([0, 0]);
  },
  'the budget bounds what an outage makes of the load': async ({ port, a, b, admin }) => {
    for (const backend of [a, b]) backend.onRequest = answer(BUSY);
    const requests = 1500;
    const client = async (): Promise<void> => {
      const raw = await rawClient(port.budgeted);
      for (let index = 0; index < requests / 10; index++) {
        await raw.send(get('/'));
        await raw.response(index);
      }
      raw.close();
    };
    const startMs = performance.now();
    await Promise.all(Array.from({ length: 10 }, client));
    const windows = 1 + Math.floor((performance.now() - startMs) / 10_000);
    const tries = asked(a) + asked(b);
    // Ten a second may be made in any case: 100 in each ten seconds.
    expect(tries).toBeLessThanOrEqual(1.2 * requests + 100 * windows);
    expect(tries).toBeGreaterThan(1.15 * requests);
    const refused = await admin.sum('equipoise_retries_refused_total', 'pool="budgeted"');
    expect(refused).toBe(2 * requests - tries);
    a.onRequest = answerOk;
    expect((await request(port.budgeted, get('/'))).body.toString()).toBe(ok('target=/').split('\r\n\r\n')[1]);
  },
};

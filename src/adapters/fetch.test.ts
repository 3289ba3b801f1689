import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { PoolInput } from '../control/pool/pool-input.ts';
import { createFetch, type FetchOptions, NoEndpointError, type PoolFetch } from './fetch.ts';
import { type RecordedPool, recordedPool } from './testing/recorded-pool.ts';
import { deadPort, startServer } from './testing/servers.ts';

interface Made extends RecordedPool {
  readonly fetch: PoolFetch;
}

function fetchOf(ports: readonly number[], options: Partial<FetchOptions> = {}, more: Partial<PoolInput> = {}): Made {
  const recorded = recordedPool(ports, more);
  return { ...recorded, fetch: createFetch({ pool: recorded.pool, ...options }) };
}

const textOf = async (response: Promise<Response>): Promise<string> => (await response).text();

/** Answers nothing and cuts the connection once the request is there. */
function cutting(): Promise<number> {
  return startServer((request) => void request.resume().on('end', () => request.socket.destroy()));
}

/** Answers method, path and body. */
function telling(): Promise<number> {
  return startServer((request, response) => {
    response.setHeader('x-path', request.url!);
    response.write(`${request.method} `);
    request.pipe(response);
  });
}

describe('a call', () => {
  test('goes to each endpoint in its turn', async () => {
    const ports = [await startServer(), await startServer()];
    const { fetch, ended, inFlight } = fetchOf(ports);
    const seen = [];
    for (let i = 0; i < 4; i++) seen.push(await textOf(fetch('http://orders.internal/')));
    expect(seen).toEqual([...ports, ...ports].map(String));
    expect(ended.every(({ ok, latencyMs }) => ok && latencyMs! > 0)).toBe(true);
    expect(inFlight()).toBe(0);
  });

  test.each([
    { why: 'a text', input: 'http://orders.internal/a?b=1#c' },
    { why: 'a URL', input: new URL('http://orders.internal/a?b=1') },
    { why: 'a path', input: '/a?b=1' },
    { why: 'a Request', input: new Request('http://orders.internal/a?b=1') },
  ])('is made with $why', async ({ input }) => {
    const { fetch } = fetchOf([await telling()]);
    const response = await fetch(input, { method: 'PUT', body: 'body' });
    expect(response.headers.get('x-path')).toBe('/a?b=1');
    expect(await response.text()).toBe('PUT body');
  });

  test('a Request brings its method, headers and body', async () => {
    const port = await startServer((request, response) => {
      response.write(`${request.method} ${request.headers['x-own']} `);
      request.pipe(response);
    });
    const { fetch } = fetchOf([port]);
    const request = new Request('http://x/', { method: 'POST', headers: { 'x-own': 'yes' }, body: 'hello' });
    expect(await textOf(fetch(request))).toBe('POST yes hello');
  });

  test('the answer is what the runtime’s own is: status, headers, url, json, clone', async () => {
    const port = await startServer((request, response) => {
      if (request.url === '/old') return void response.writeHead(302, { location: '/new' }).end();
      response.writeHead(201, { 'content-type': 'application/json' }).end('{"a":1}');
    });
    const { fetch } = fetchOf([port]);
    const response = await fetch('/old');
    expect(response).toMatchObject({ status: 201, ok: true, redirected: true, url: `http://127.0.0.1:${port}/new` });
    expect(await response.clone().json()).toEqual({ a: 1 });
    expect(await response.json()).toEqual({ a: 1 });
  });

  test('to another origin goes there', async () => {
    const other = await startServer((_, response) => void response.end('other'));
    const { fetch, ended } = fetchOf([await startServer()], { origins: ['http://orders.internal'] });
    expect(await textOf(fetch(`http://127.0.0.1:${other}/`))).toBe('other');
    expect(ended).toEqual([]);
    for (const input of ['http://orders.internal/', '/']) expect(await textOf(fetch(input))).toMatch(/^\d+$/);
    expect(ended).toHaveLength(2);
  });

  test('tells the policy of itself', async () => {
    const ports = await Promise.all([1, 2, 3, 4].map(() => startServer()));
    const describeRequest = (url: URL) => ({ key: url.pathname });
    const { fetch } = fetchOf(ports, { describeRequest }, { policy: 'ring-hash' });
    const seen = new Set();
    for (let i = 0; i < 10; i++) seen.add(await textOf(fetch('/same')));
    expect(seen.size).toBe(1);
  });

  test('is refused when none is eligible', async () => {
    const { fetch } = fetchOf([]);
    const error: unknown = await fetch('/').catch((each: unknown) => each);
    expect(error).toBeInstanceOf(NoEndpointError);
    expect(error).toMatchObject({ reason: 'no-endpoints' });
  });

  test('does not pretend to reach a unix socket', async () => {
    const { fetch, ended } = fetchOf([], {}, { endpoints: ['unix:/nowhere.sock'] });
    await expect(fetch('/')).rejects.toMatchObject({ code: 'runtime-unsupported' });
    expect(ended).toMatchObject([{ ok: true }]);
  });
});

describe('in flight', () => {
  /** Answers at once; the body ends when `release` is called. */
  async function held(): Promise<{ port: number; release: () => void }> {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const port = await startServer(async (_, response) => {
      response.write('begun');
      await released;
      response.end();
    });
    return { port, release };
  }

  test('until the body was read', async () => {
    const { port, release } = await held();
    const { fetch, ended, inFlight } = fetchOf([port]);
    const response = await fetch('/');
    expect(inFlight()).toBe(1);
    const text = response.text();
    release();
    expect(await text).toBe('begun');
    expect(inFlight()).toBe(0);
    expect(ended).toMatchObject([{ ok: true }]);
  });

  test('until the body is cancelled', async () => {
    const { fetch, ended, inFlight } = fetchOf([(await held()).port]);
    const response = await fetch('/');
    await response.body!.cancel();
    expect(inFlight()).toBe(0);
    expect(ended).toMatchObject([{ ok: true }]);
  });

  test('until the answer is dropped unread', async () => {
    const collect = (globalThis as { gc?: () => void }).gc ?? (await runtimesCollector());
    const { fetch, inFlight } = fetchOf([(await held()).port]);
    await (async () => void (await fetch('/')))();
    for (let i = 0; i < 100 && inFlight() > 0; i++) {
      collect();
      await delay(5);
    }
    expect(inFlight()).toBe(0);
  });

  test('not longer than the head where there is no body', async () => {
    const port = await startServer((_, response) => void response.writeHead(204).end());
    const { fetch, inFlight } = fetchOf([port]);
    expect((await fetch('/')).status).toBe(204);
    expect((await fetch('/', { method: 'HEAD' })).status).toBe(204);
    expect(inFlight()).toBe(0);
  });

  test('a body that is cut is a failure', async () => {
    const port = await startServer((_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('half', () => response.socket!.destroy());
    });
    const { fetch, ended } = fetchOf([port, await startServer()]);
    await expect(textOf(fetch('/'))).rejects.toThrow();
    expect(ended).toMatchObject([{ ok: false, port }]);
  });
});

describe('an endpoint fails', () => {
  test('one of two is down: no error', async () => {
    const { fetch } = fetchOf([await deadPort(), await startServer()]);
    const all = await Promise.allSettled(Array.from({ length: 100 }, () => textOf(fetch('/'))));
    expect(all.filter(({ status }) => status === 'rejected')).toEqual([]);
  });

  test.each([
    { why: 'GET', init: {}, want: 'answered' },
    { why: 'PUT with a text', init: { method: 'PUT', body: 'x' }, want: 'answered' },
    { why: 'PUT with bytes', init: { method: 'PUT', body: new Uint8Array([120]) }, want: 'answered' },
    { why: 'PUT with a form', init: { method: 'PUT', body: new FormData() }, want: 'answered' },
    { why: 'POST', init: { method: 'POST', body: 'x' }, want: 'failed' },
    { why: 'PUT with a stream', init: () => ({ method: 'PUT', body: streamOf('x'), duplex: 'half' }), want: 'failed' },
  ] as const)('cut before the head, $why: $want', async ({ init, want }) => {
    const ports = [await cutting(), await startServer()];
    const { fetch, ended } = fetchOf(ports);
    const result = await textOf(fetch('/', (typeof init === 'function' ? init() : init) as RequestInit)).catch(
      () => undefined,
    );
    expect(result).toBe(want === 'answered' ? String(ports[1]) : undefined);
    expect(ended[0]).toMatchObject({ port: ports[0], ok: false });
    expect(ended).toHaveLength(want === 'answered' ? 2 : 1);
  });

  test('nothing was sent: POST goes elsewhere', async () => {
    const { fetch, ended } = fetchOf([await deadPort(), await telling()]);
    expect(await textOf(fetch('/', { method: 'POST', body: 'x' }))).toBe('POST x');
    expect(ended.map(({ ok }) => ok)).toEqual([false, true]);
  });

  test('no further try than `attempts`, each elsewhere; the last error is told', async () => {
    const ports = [await deadPort(), await deadPort(), await startServer()];
    const { fetch, ended } = fetchOf(ports);
    await expect(fetch('/')).rejects.toThrow();
    expect(ended.map(({ port }) => port)).toEqual(ports.slice(0, 2));
    expect(await textOf(fetchOf(ports, { retries: { attempts: 2 } }).fetch('/'))).toBe(String(ports[2]));
  });

  test('a lone endpoint is not asked again', async () => {
    const { fetch, ended } = fetchOf([await deadPort()]);
    await expect(fetch('/')).rejects.toThrow();
    expect(ended).toHaveLength(1);
  });

  test('the budget holds back what would be sent again', async () => {
    const { fetch, ended } = fetchOf([await cutting(), await cutting()], { retries: { budget: 0.1 } });
    await Promise.allSettled(Array.from({ length: 200 }, () => fetch('/')));
    // The bucket holds 10 a second for 10 s and a tenth of 200: at most 120 further tries. Without it there are 200.
    expect(ended.length).toBeGreaterThan(200);
    expect(ended.length).toBeLessThanOrEqual(320);
  });

  test('the head does not come in time: GET goes elsewhere, POST fails', async () => {
    const ports = [await startServer(() => {}), await startServer()];
    const { fetch, ended } = fetchOf(ports, { responseTimeoutMs: 50 });
    expect(await textOf(fetch('/'))).toBe(String(ports[1]));
    expect(ended).toMatchObject([{ ok: false }, { ok: true }]);
    expect(ended[0]!.latencyMs).toBeGreaterThan(40);
    await expect(fetch('/', { method: 'POST' })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('an answer of 500 is passed on and counts as a failure; 404 does not', async () => {
    const port = await startServer((request, response) => void response.writeHead(Number(request.url!.slice(1))).end());
    const { fetch, ended } = fetchOf([port]);
    for (const path of ['/500', '/404']) await textOf(fetch(path));
    expect(ended.map(({ ok }) => ok)).toEqual([false, true]);
  });

  test('an `isFailure` that throws is nobody’s failure: its error is told, nothing is sent again, nothing stays in flight', async () => {
    const isFailure = () => {
      throw new Error('of the caller');
    };
    const { fetch, ended, inFlight } = fetchOf([await startServer(), await startServer()], { isFailure });
    await expect(fetch('/')).rejects.toThrow('of the caller');
    expect(ended).toMatchObject([{ neutral: true }]);
    expect(inFlight()).toBe(0);
  });

  test('the endpoint’s own report of its load', async () => {
    const port = await startServer((_, response) => {
      response.setHeader('endpoint-load-metrics', 'TEXT application_utilization=0.7');
      response.end();
    });
    const { fetch, ended } = fetchOf([port]);
    await textOf(fetch('/'));
    expect(ended[0]!.report?.utilization).toBe(0.7);
  });
});

describe('the caller', () => {
  test('aborts while the head is awaited: no outcome for the policy, no further try', async () => {
    const abort = new AbortController();
    const { fetch, ended } = fetchOf([await startServer(() => abort.abort()), await startServer()]);
    await expect(fetch('/', { signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(ended).toMatchObject([{ ok: true, neutral: true }]);
    expect(ended[0]).not.toHaveProperty('latencyMs');
  });

  test('aborts while the body is read', async () => {
    const abort = new AbortController();
    const { fetch, ended } = fetchOf([await startServer((_, response) => void response.write('begun'))]);
    const response = await fetch('/', { signal: abort.signal });
    const text = response.text();
    abort.abort();
    await expect(text).rejects.toMatchObject({ name: 'AbortError' });
    expect(ended).toMatchObject([{ ok: true }]);
  });

  test.each(['init', 'request'])('has aborted before, by the signal of its %s', async (where) => {
    const { fetch, ended } = fetchOf([await startServer()]);
    const signal = AbortSignal.abort();
    const call = where === 'init' ? fetch('/', { signal }) : fetch(new Request('http://x/', { signal }));
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(ended).toEqual([]);
  });

  test('writes nonsense: the runtime’s own error, nobody’s failure, no further try', async () => {
    const { fetch, ended } = fetchOf([await startServer(), await startServer()]);
    await expect(fetch('/', { headers: { 'not a name': 'x' } })).rejects.toThrow(TypeError);
    expect(ended).toMatchObject([{ ok: true, neutral: true }]);
  });

  test('closes what was made for it, and nothing else', async () => {
    const port = await startServer();
    const own = createFetch({ pool: { endpoints: [port] } });
    own.close();
    expect(() => own.pool.pick()).toThrow('closed');
    const { fetch } = fetchOf([port]);
    fetch.close();
    expect(await textOf(fetch('/'))).toBe(String(port));
  });
});

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new Response(text).body as ReadableStream<Uint8Array>;
}

async function runtimesCollector(): Promise<() => void> {
  if (process.versions['bun'] !== undefined) {
    const { fullGC } = await import('bun:jsc');
    return () => void fullGC();
  }
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

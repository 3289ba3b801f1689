import { createHash } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { versions } from 'node:process';
import { Readable, Writable } from 'node:stream';
import { BalancedPool, buildConnector, type Dispatcher, fetch, interceptors, WebSocket } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import type { PoolInput } from '../control/pool/pool-input.ts';
import { type RecordedPool, recordedPool } from './testing/recorded-pool.ts';
import { deadPort, serverAt, startServer, stopServer } from './testing/servers.ts';
import { createDispatcher, type DispatcherOptions, NoEndpointError, type PoolDispatcher } from './undici.ts';

// Bun answers an import of `undici` with a module of its own, which has no Dispatchers.
const onNode = versions['bun'] === undefined;

const dispatchers: Dispatcher[] = [];
afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((each) => each.destroy().catch(() => {})));
});

interface Made extends RecordedPool {
  readonly dispatcher: PoolDispatcher;
}

function dispatcherOf(
  ports: readonly number[],
  options: Partial<DispatcherOptions> = {},
  more: Partial<PoolInput> = {},
): Made {
  const recorded = recordedPool(ports, more);
  const dispatcher = createDispatcher({ pool: recorded.pool, ...options });
  dispatchers.push(dispatcher);
  return { ...recorded, dispatcher };
}

async function get(dispatcher: Dispatcher, path = '/'): Promise<string> {
  return (await dispatcher.request({ path, method: 'GET' } as Dispatcher.RequestOptions)).body.text();
}

describe.skipIf(!onNode)('undici’s client through a pool', () => {
  test('request: each endpoint in its turn', async () => {
    const ports = [await startServer(), await startServer()];
    const { dispatcher, ended, inFlight } = dispatcherOf(ports);
    const seen = [];
    for (let i = 0; i < 4; i++) seen.push(await get(dispatcher));
    expect(seen).toEqual([...ports, ...ports].map(String));
    expect(ended.every(({ ok, latencyMs }) => ok && latencyMs! > 0)).toBe(true);
    expect(inFlight()).toBe(0);
  });

  test.each([
    { why: 'undici’s fetch', call: fetch as unknown as typeof globalThis.fetch },
    { why: 'Node’s own fetch', call: globalThis.fetch },
  ])('$why: body, headers, redirect', async ({ call }) => {
    const ports = await Promise.all(
      [1, 2].map(() =>
        startServer((request, response) => {
          if (request.url === '/old') return void response.writeHead(302, { location: '/new' }).end();
          response.setHeader('set-cookie', ['a=1', 'b=2']);
          request.setEncoding('utf8').on('data', (text) => response.write(`${request.headers.host} ${text}`));
          request.on('end', () => response.end(request.url));
        }),
      ),
    );
    const { dispatcher } = dispatcherOf(ports);
    const posted = await call('http://orders.internal/x', { method: 'POST', body: 'hello', dispatcher } as object);
    expect(await posted.text()).toBe('orders.internal hello/x');
    expect(posted.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const redirected = await call('http://orders.internal/old', { dispatcher } as object);
    expect(await redirected.text()).toBe('/new');
  });

  test('stream', async () => {
    const { dispatcher, ended } = dispatcherOf([await startServer()]);
    let text = '';
    await dispatcher.stream({ path: '/', method: 'GET', origin: 'http://x' }, () => {
      return new Writable({
        write(chunk, _, callback) {
          text += chunk;
          callback();
        },
      });
    });
    expect(text).toMatch(/^\d+$/);
    expect(ended).toMatchObject([{ ok: true }]);
  });

  test('pipeline', async () => {
    const echo = await startServer((request, response) => void request.pipe(response));
    const { dispatcher } = dispatcherOf([await deadPort(), echo]);
    const pipeline = dispatcher.pipeline({ path: '/', method: 'PUT', origin: 'http://x' }, ({ body }) => body);
    pipeline.end('through');
    const chunks = await pipeline.toArray();
    expect(Buffer.concat(chunks).toString()).toBe('through');
  });

  test('composed with undici’s retry and redirect', async () => {
    let answers = 0;
    const port = await startServer((request, response) => {
      answers++;
      if (request.url === '/moved') return void response.end('here');
      if (answers === 1) return void response.writeHead(503).end();
      response.writeHead(307, { location: '/moved' }).end();
    });
    const { dispatcher } = dispatcherOf([port]);
    const composed = dispatcher.compose(
      interceptors.retry({ minTimeout: 1, maxRetries: 2 }),
      interceptors.redirect({ maxRedirections: 2 }),
    );
    const { body } = await composed.request({ origin: 'http://x', path: '/', method: 'GET' });
    expect(await body.text()).toBe('here');
    expect(answers).toBe(3);
  });

  test('upgrade: in flight until the socket closes', async () => {
    const port = await startServer();
    serverAt(port).on('upgrade', (_, socket: Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n');
      socket.pipe(socket);
    });
    const { dispatcher, ended, inFlight } = dispatcherOf([await deadPort(), port]);
    const { socket } = await dispatcher.upgrade({ path: '/', protocol: 'echo' });
    expect(inFlight()).toBe(1);
    socket.write('ping');
    expect(String((await once(socket, 'data'))[0])).toBe('ping');
    socket.destroy();
    await once(socket, 'close');
    expect(ended.at(-1)).toEqual({ port, ok: true });
    expect(inFlight()).toBe(0);
  });

  test('WebSocket', async () => {
    const port = await startServer();
    serverAt(port).on('upgrade', ({ headers }, socket: Socket) => {
      // RFC 6455 section 1.3; then one unmasked text frame.
      const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept.digest('base64')}\r\n\r\n`,
      );
      socket.write(Buffer.from([0x81, 2, ...Buffer.from('hi')]));
      // Whatever the other side says then is its closing.
      socket.once('data', () => socket.destroy());
    });
    const { dispatcher, inFlight } = dispatcherOf([await deadPort(), port]);
    const webSocket = new WebSocket('ws://orders.internal/', { dispatcher });
    const data = await new Promise((resolve, reject) => {
      webSocket.onmessage = ({ data }) => resolve(data);
      webSocket.onerror = ({ error }) => reject(error);
    });
    expect(data).toBe('hi');
    expect(inFlight()).toBe(1);
    webSocket.close();
  });

  test('connect', async () => {
    const port = await startServer();
    serverAt(port).on('connect', (request, socket: Socket) => {
      socket.end(`HTTP/1.1 200 OK\r\n\r\n${request.url}`);
    });
    const { dispatcher } = dispatcherOf([port]);
    const { socket } = await dispatcher.connect({ origin: 'http://proxy', path: 'example.org:443' });
    expect(String((await once(socket, 'data'))[0])).toBe('example.org:443');
    socket.destroy();
  });

  test('a unix socket', async () => {
    const path = join(tmpdir(), `equipoise-undici-${process.pid}.sock`);
    const server = createServer((_, response) => void response.end('unix'));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const { dispatcher } = dispatcherOf([], {}, { endpoints: [`unix:${path}`] });
    expect(await get(dispatcher)).toBe('unix');
    await stopServer(server);
  });

  test('the path-only form has the endpoint’s Host, a header of the caller’s stays', async () => {
    const port = await startServer((request, response) => void response.end(request.headers.host));
    const { dispatcher } = dispatcherOf([port]);
    expect(await get(dispatcher)).toBe(`127.0.0.1:${port}`);
    for (const headers of [{ Host: 'mine' }, ['host', 'mine'], new Map([['HOST', 'mine']])]) {
      const { body } = await dispatcher.request({ origin: 'http://x', path: '/', method: 'GET', headers });
      expect(await body.text()).toBe('mine');
    }
  });

  test('undici’s events, with the dispatcher as the first target', async () => {
    const port = await startServer();
    const { dispatcher } = dispatcherOf([port]);
    const connected = once(dispatcher, 'connect');
    await get(dispatcher);
    const [origin, [target]] = (await connected) as [URL, Dispatcher[]];
    expect(origin.port).toBe(String(port));
    expect(target).toBe(dispatcher);
  });

  test('the endpoint’s own report of its load', async () => {
    const port = await startServer((_, response) => {
      response.setHeader('endpoint-load-metrics', 'TEXT application_utilization=0.7');
      response.end();
    });
    const { dispatcher, ended } = dispatcherOf([port]);
    await get(dispatcher);
    expect(ended[0]!.report?.utilization).toBe(0.7);
  });
});

describe.skipIf(!onNode)('an endpoint fails', () => {
  test.each([1, undefined])(
    'one of two is down: no error with %s connections, where BalancedPool has some',
    async (connections) => {
      const ports = [await deadPort(), await startServer()];
      const { dispatcher } = dispatcherOf(ports, { ...(connections && { client: { connections } }) });
      const theirs = new BalancedPool(
        ports.map((port) => `http://127.0.0.1:${port}`),
        { ...(connections && { connections }) },
      );
      dispatchers.push(theirs);
      const errorsOf = async (each: Dispatcher): Promise<number> => {
        const all = await Promise.allSettled(Array.from({ length: 100 }, () => get(each)));
        return all.filter(({ status }) => status === 'rejected').length;
      };
      expect(await errorsOf(dispatcher)).toBe(0);
      expect(await errorsOf(theirs)).toBeGreaterThan(0);
    },
  );

  /** Answers nothing and cuts the connection once the request is there. */
  const cutting = (): Promise<number> =>
    startServer((request) => void request.resume().on('end', () => request.socket.destroy()));

  test.each([
    { why: 'GET', method: 'GET', want: 'answered' },
    { why: 'PUT with a body in memory', method: 'PUT', body: 'x', want: 'answered' },
    { why: 'POST', method: 'POST', body: 'x', want: 'failed' },
    { why: 'POST that the caller calls idempotent', method: 'POST', body: 'x', idempotent: true, want: 'answered' },
    { why: 'PUT with a stream', method: 'PUT', body: () => Readable.from(['x']), want: 'failed' },
    { why: 'PUT with a generator', method: 'PUT', body: () => bytes(), want: 'failed' },
  ] as const)('cut before the answer, $why: $want', async ({ method, want, ...more }) => {
    const ports = [await cutting(), await startServer()];
    const { dispatcher, ended } = dispatcherOf(ports);
    const { body, ...rest } = { body: undefined, ...more };
    const options = { path: '/', method, ...rest, body: typeof body === 'function' ? body() : body };
    const result = await dispatcher.request(options as Dispatcher.RequestOptions).then(
      ({ body }) => body.text(),
      () => undefined,
    );
    expect(result).toBe(want === 'answered' ? String(ports[1]) : undefined);
    expect(ended[0]).toMatchObject({ port: ports[0], ok: false });
    expect(ended).toHaveLength(want === 'answered' ? 2 : 1);
  });

  test.each([
    { why: 'in memory', body: () => 'whole' },
    { why: 'a stream', body: () => Readable.from(['who', 'le']) },
    { why: 'a generator', body: () => bytes('who', 'le') },
  ])('nothing was sent, POST with $why: sent to another, once', async ({ body }) => {
    let received = '';
    const port = await startServer((request, response) => {
      request.setEncoding('utf8').on('data', (text) => (received += text));
      request.on('end', () => response.end());
    });
    const { dispatcher } = dispatcherOf([await deadPort(), port]);
    const options = { path: '/', method: 'POST', body: body() } as Dispatcher.RequestOptions;
    expect((await dispatcher.request(options)).statusCode).toBe(200);
    expect(received).toBe('whole');
  });

  test('no further try than `attempts`, each elsewhere', async () => {
    const ports = [await deadPort(), await deadPort(), await startServer()];
    const { dispatcher, ended } = dispatcherOf(ports, { retries: { attempts: 1 } });
    await expect(get(dispatcher)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(ended.map(({ port }) => port)).toEqual(ports.slice(0, 2));
    const patient = dispatcherOf(ports, { retries: { attempts: 2 } });
    expect(await get(patient.dispatcher)).toBe(String(ports[2]));
  });

  test('a lone endpoint is not asked again', async () => {
    const { dispatcher, ended } = dispatcherOf([await deadPort()]);
    await expect(get(dispatcher)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(ended).toHaveLength(1);
    expect(ended[0]!.latencyMs).toBeGreaterThanOrEqual(0);
  });

  test('the budget holds back what would be sent again', async () => {
    const ports = [await cutting(), await cutting()];
    const { dispatcher, ended, inFlight } = dispatcherOf(ports, { retries: { budget: 0.1 } });
    await Promise.allSettled(Array.from({ length: 200 }, () => get(dispatcher)));
    // The bucket holds 10 a second for 10 s and a tenth of 200: at most 120 further tries. Without it there are 200.
    expect(ended.length).toBeGreaterThan(200);
    expect(ended.length).toBeLessThanOrEqual(320);
    expect(inFlight()).toBe(0);
  });

  test('what the caller’s handler throws is nobody’s failure', async () => {
    const { dispatcher, ended } = dispatcherOf([await startServer(), await startServer()]);
    const request = dispatcher.stream({ origin: 'http://x', path: '/', method: 'GET' }, () => {
      throw new Error('my own');
    });
    await expect(request).rejects.toThrow('my own');
    expect(ended).toMatchObject([{ ok: true, neutral: true }]);
  });

  test('a handler that throws at the start is told so, and nothing is left over', async () => {
    const { dispatcher, ended, inFlight } = dispatcherOf([await startServer()]);
    const told = await new Promise((resolve) => {
      const onRequestStart = (): void => {
        throw new Error('my own');
      };
      const onResponseError = (_: unknown, error: Error): void => resolve(error.message);
      dispatcher.dispatch({ path: '/', method: 'GET' }, { onRequestStart, onResponseError });
    });
    expect([told, ended, inFlight()]).toEqual(['my own', [], 0]);
    await dispatcher.close();
  });

  test('cut in the body: the caller hears of it, and it is a failure', async () => {
    const cut = await startServer((_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('half', () => response.socket!.destroy());
    });
    const { dispatcher, ended } = dispatcherOf([cut, await startServer()]);
    await expect(get(dispatcher)).rejects.toThrow();
    expect(ended).toMatchObject([{ ok: false, port: cut }]);
  });

  test('an answer of 500 is passed on and counts as a failure; 404 does not', async () => {
    const port = await startServer((request, response) => void response.writeHead(Number(request.url!.slice(1))).end());
    const { dispatcher, ended } = dispatcherOf([port]);
    for (const path of ['/500', '/404']) await get(dispatcher, path);
    expect(ended.map(({ ok }) => ok)).toEqual([false, true]);
    const lenient = dispatcherOf([port], { isFailure: () => false });
    await get(lenient.dispatcher, '/500');
    expect(lenient.ended[0]!.ok).toBe(true);
  });

  test('the head does not come in time: GET goes elsewhere', async () => {
    const ports = [await startServer(() => {}), await startServer()];
    const { dispatcher, ended } = dispatcherOf(ports, { client: { headersTimeout: 50 } });
    expect(await get(dispatcher)).toBe(String(ports[1]));
    expect(ended[0]).toMatchObject({ ok: false });
  });

  test('none is eligible', async () => {
    const { dispatcher } = dispatcherOf([]);
    const error = await get(dispatcher).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(NoEndpointError);
    expect(error).toMatchObject({ reason: 'no-endpoints', code: 'no-endpoint' });
  });
});

describe.skipIf(!onNode)('the caller', () => {
  test('aborts while the answer is awaited: no outcome for the policy', async () => {
    const arrived = withResolvers();
    const { dispatcher, ended, inFlight } = dispatcherOf([
      await startServer(() => arrived.resolve()),
      await startServer(),
    ]);
    const abort = new AbortController();
    const request = dispatcher.request({ origin: 'http://x', path: '/', method: 'GET', signal: abort.signal });
    await arrived.promise;
    abort.abort();
    await expect(request).rejects.toThrow();
    expect(ended).toMatchObject([{ ok: true, neutral: true }]);
    expect(inFlight()).toBe(0);
  });

  test('aborts while it is being connected: at once', async () => {
    // A socket that never becomes connected: nobody calls back.
    const { dispatcher, ended } = dispatcherOf([await startServer()], { client: { connect: () => {} } });
    const abort = new AbortController();
    const request = dispatcher.request({ origin: 'http://x', path: '/', method: 'GET', signal: abort.signal });
    abort.abort();
    await expect(request).rejects.toThrow();
    expect(ended).toMatchObject([{ ok: true, neutral: true }]);
  });

  test('aborts while it is being connected: nothing is sent once the connection is there', async () => {
    const paths: string[] = [];
    const port = await startServer((request, response) => {
      paths.push(request.url!);
      response.end();
    });
    const connector = buildConnector({});
    const started = withResolvers();
    const abort = new AbortController();
    let connect = (): void => {};
    // Undici closes a connection whose request is aborted, and makes another: that one is not held.
    const held: typeof connector = (...args) => {
      connect = () => connector(...args);
      if (!abort.signal.aborted) started.resolve();
      else connect();
    };
    const { dispatcher } = dispatcherOf([port], { client: { connect: held, connections: 1 } });
    const aborted = dispatcher.request({ origin: 'http://x', path: '/a', method: 'GET', signal: abort.signal });
    const next = get(dispatcher, '/b');
    await started.promise;
    abort.abort();
    await expect(aborted).rejects.toThrow();
    connect();
    await next;
    expect(paths).toEqual(['/b']);
  });

  test('has aborted before', async () => {
    const { dispatcher, ended } = dispatcherOf([await startServer()]);
    const signal = AbortSignal.abort();
    await expect(dispatcher.request({ origin: 'http://x', path: '/', method: 'GET', signal })).rejects.toThrow();
    expect(ended).toEqual([]);
  });

  test('writes nonsense: its own error, nobody’s failure, no further try', async () => {
    const { dispatcher, ended } = dispatcherOf([await startServer(), await startServer()]);
    await expect(get(dispatcher, 'no slash')).rejects.toMatchObject({ code: 'UND_ERR_INVALID_ARG' });
    expect(ended).toMatchObject([{ ok: true, neutral: true }]);
  });

  test('sends a body that fails: nobody’s failure', async () => {
    const { dispatcher, ended } = dispatcherOf([
      await startServer((request) => void request.resume()),
      await startServer(),
    ]);
    const broken = async function* () {
      yield Buffer.from('a');
      throw new Error('my own');
    };
    await expect(
      dispatcher.request({ path: '/', method: 'PUT', body: broken() as never, origin: 'http://x' }),
    ).rejects.toThrow('my own');
    expect(ended).toMatchObject([{ ok: true, neutral: true }]);
  });

  test('pauses: in flight until the last byte is read', async () => {
    const size = 1 << 22;
    const { dispatcher, ended, inFlight } = dispatcherOf([
      await startServer((_, response) => void response.end(Buffer.alloc(size))),
    ]);
    const { body } = await dispatcher.request({ origin: 'http://x', path: '/', method: 'GET' });
    expect(inFlight()).toBe(1);
    expect((await body.arrayBuffer()).byteLength).toBe(size);
    expect(ended).toHaveLength(1);
    expect(inFlight()).toBe(0);
  });

  test('tells the policy of its requests', async () => {
    const ports = await Promise.all([1, 2, 3, 4].map(() => startServer()));
    const describeRequest = ({ path }: { path: string }) => ({ key: path });
    const { dispatcher } = dispatcherOf(ports, { describeRequest }, { policy: 'ring-hash' });
    const seen = new Set();
    for (let i = 0; i < 10; i++) seen.add(await get(dispatcher, '/same'));
    expect(seen.size).toBe(1);
  });

  test('asks for another origin than the pool’s', async () => {
    const other = await startServer((_, response) => void response.end('other'));
    const { dispatcher } = dispatcherOf([await startServer()], { origins: ['http://orders.internal'] });
    const ask = async (url: string): Promise<string> => (await fetch(url, { dispatcher })).text();
    expect(await ask(`http://127.0.0.1:${other}/`)).toBe('other');
    expect(await ask('http://orders.internal/')).toMatch(/^\d+$/);
  });
});

describe.skipIf(!onNode)('a dispatcher’s life', () => {
  test('close waits for what is under way, refuses more, and ends the pool it made', async () => {
    const held = withResolvers();
    const port = await startServer(async (_, response) => {
      response.write('be');
      await held.promise;
      response.end('gun');
    });
    const dispatcher = createDispatcher({ pool: { endpoints: [port] } });
    const { body } = await dispatcher.request({ path: '/', method: 'GET', origin: 'http://x' });
    const text = body.text();
    const closed = dispatcher.close();
    expect(dispatcher.closed).toBe(true);
    await expect(get(dispatcher)).rejects.toMatchObject({ code: 'UND_ERR_CLOSED' });
    expect(dispatcher.destroyed).toBe(false);
    held.resolve();
    await closed;
    expect(await text).toBe('begun');
    expect(dispatcher.destroyed).toBe(true);
    expect(() => dispatcher.pool.pick()).toThrow('closed');
  });

  test('a request that fails while it closes still goes elsewhere', async () => {
    const arrived = withResolvers();
    const failing = await startServer((request, response) => {
      if (request.url === '/before') return void response.end();
      arrived.resolve();
      setImmediate(() => request.socket.destroy());
    });
    const ports = [failing, await startServer()];
    const { dispatcher } = dispatcherOf(ports);
    // Both have a client, which close would close.
    for (let i = 0; i < 2; i++) await get(dispatcher, '/before');
    const text = get(dispatcher);
    await arrived.promise;
    const closed = dispatcher.close();
    expect(await text).toBe(String(ports[1]));
    await closed;
  });

  test('destroy ends what is under way with the error given; no further try', async () => {
    const arrived = withResolvers();
    const { dispatcher, ended } = dispatcherOf([await startServer(() => arrived.resolve()), await startServer()]);
    const request = get(dispatcher).catch((error: unknown) => error);
    await arrived.promise;
    await dispatcher.destroy(new Error('stop'));
    expect(await request).toMatchObject({ message: 'stop' });
    expect(ended).toHaveLength(1);
    await expect(get(dispatcher)).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' });
  });

  test('both take a callback', async () => {
    const { dispatcher } = dispatcherOf([await startServer()]);
    await new Promise<void>((resolve) => dispatcher.close(resolve));
    await new Promise<void>((resolve) => dispatcher.destroy(resolve));
  });

  test('an endpoint that leaves is closed when its requests have ended, and a new one serves', async () => {
    const ports = [await startServer(), await startServer()];
    const { dispatcher } = dispatcherOf(ports.slice(0, 1));
    expect(await get(dispatcher)).toBe(String(ports[0]));
    const gone = once(dispatcher, 'disconnect');
    dispatcher.pool.update({ endpoints: [ports[1]!] });
    expect(String((await gone)[0])).toContain(String(ports[0]));
    expect(await get(dispatcher)).toBe(String(ports[1]));
  });

  test('the same id at another address is another client', async () => {
    const ports = [await startServer(), await startServer()];
    const { dispatcher } = dispatcherOf([], {}, { endpoints: [{ id: 'a', address: ports[0]! }] });
    expect(await get(dispatcher)).toBe(String(ports[0]));
    dispatcher.pool.update({ endpoints: [{ id: 'a', address: ports[1]! }] });
    expect(await get(dispatcher)).toBe(String(ports[1]));
  });

  test('an endpoint that went down under load is left without an error', async () => {
    const ports = [await startServer(), await startServer()];
    // All of one endpoint's requests at once may need another.
    const { dispatcher } = dispatcherOf(ports, { retries: { budget: 1 } });
    const before = await Promise.all(Array.from({ length: 20 }, () => get(dispatcher)));
    await stopServer(serverAt(ports[0]!));
    const after = await Promise.all(Array.from({ length: 20 }, () => get(dispatcher)));
    expect(new Set(before).size).toBe(2);
    expect(new Set(after)).toEqual(new Set([String(ports[1])]));
  });
});

async function* bytes(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts.length > 0 ? texts : ['x']) yield Buffer.from(text);
}

function once(emitter: EventEmitter, name: string): Promise<unknown[]> {
  return new Promise((resolve) => void emitter.once(name, (...args: unknown[]) => resolve(args)));
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((each) => (resolve = each));
  return { promise, resolve };
}

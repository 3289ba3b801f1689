import { describe, expect, test } from 'vitest';
import type { ReadSpan } from '../src/telemetry/testing/otlp.ts';
import { adminAt } from './harness/admin.ts';
import { answer, recordingBackend } from './harness/backend.ts';
import { type Balancer, startBalancer } from './harness/balancer.ts';
import { get, rawClient, request } from './harness/client.ts';
import { spanCollector } from './harness/collector.ts';
import { value, values } from './harness/message-reader.ts';
import { freePort, PATIENCE_MS, sleep, until } from './harness/sockets.ts';
import { cleanUp, eachTransport, transports } from './harness/suite.ts';
import { askInTurn, startWorkers } from './scenarios/workers-world.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const parent = (flags: string): string => `traceparent: 00-${TRACE}-${SPAN}-${flags}`;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** `trace` and `span` of a traceparent; empty where it is none. */
function partsOf(traceparent = ''): { trace: string; span: string; flags: string } {
  const [, trace = '', span = '', flags = ''] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent) ?? [];
  return { trace, span, flags };
}

const ofKind = (spans: readonly ReadSpan[], kind: number) => spans.filter((each) => each.kind === kind);

/** Waits until as many spans are counted as exported, which they are once the collector's answer has come. */
async function exported(adminPort: number, count: number): Promise<void> {
  const counted = async () => {
    const page = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    return Number(/^equipoise_spans_exported_total (\d+)$/m.exec(page)?.[1]);
  };
  for (const deadline = performance.now() + PATIENCE_MS; (await counted()) < count; await sleep(10)) {
    if (performance.now() > deadline) throw new Error(`not ${count} spans are counted as exported`);
  }
  expect(await counted()).toBe(count);
}

eachTransport('tracing', (transport, scenario) => {
  const keep = cleanUp();

  async function world(tracing: object, { pool = {}, listener = {} }: { pool?: object; listener?: object } = {}) {
    const [one, two, collector] = [await recordingBackend(), await recordingBackend(), await spanCollector()];
    for (const each of [one, two, collector]) keep(each);
    const [port, adminPort] = [await freePort(), await freePort()];
    const endpoints = [
      { id: 'one', address: one.address },
      { id: 'two', address: two.address },
    ];
    const config = {
      ...{ version: 1, workers: 1, admin: { bind: `127.0.0.1:${adminPort}` } },
      tracing: { endpoint: collector.endpoint, ...tracing },
      listeners: {
        web: { bind: `127.0.0.1:${port}`, routes: [{ match: { path: '/api/*' }, pool: 'main' }], ...listener },
      },
      pools: { main: { policy: 'first', endpoints, ...pool } },
    };
    const balancer = await startBalancer(config, transport, [port, adminPort]);
    keep(balancer);
    const spans = async (count: number): Promise<readonly ReadSpan[]> => {
      await until(`${count} spans`, () => collector.spans().length + collector.violations.length >= count);
      expect(collector.violations).toEqual([]);
      expect(collector.spans().length).toBe(count);
      return collector.spans();
    };
    return { one, two, collector, port, adminPort, balancer, spans };
  }

  scenario('a request is a span, its try another, and the endpoint goes on with that', async () => {
    const { one, collector, port, spans } = await world({ sampleRate: 1, headers: { 'x-key': 'secret' } });
    const lines = ['User-Agent: me', parent('01'), 'tracestate: a=1'];
    await request(port, get('/api/x?token=secret', ...lines));
    const all = await spans(2);
    const [[server], [client]] = [ofKind(all, 2), ofKind(all, 3)];
    const got = one.requests[0]!;
    expect(partsOf(value(got.fields, 'traceparent'))).toEqual({ trace: TRACE, span: client!.spanId, flags: '01' });
    expect(values(got.fields, 'traceparent').length).toBe(1);
    expect(value(got.fields, 'tracestate')).toBe('a=1');
    expect(server).toMatchObject({
      ...{ traceId: TRACE, parentSpanId: SPAN, traceState: 'a=1', name: 'GET /api/*', flags: 0x301, isError: false },
    });
    expect(server!.attributes).toEqual({
      ...{ 'http.request.method': 'GET', 'http.route': '/api/*', 'url.scheme': 'http', 'url.path': '/api/x' },
      ...{ 'url.query': '***', 'server.address': 'a.example', 'client.address': '127.0.0.1' },
      ...{ 'network.peer.address': '127.0.0.1', 'network.protocol.version': '1.1', 'user_agent.original': 'me' },
      ...{ 'http.response.status_code': 200, 'equipoise.listener': 'web', 'equipoise.route': '/api/*' },
      ...{ 'equipoise.pool': 'main', 'equipoise.endpoint': 'one', 'equipoise.end': 'complete' },
    });
    expect(client).toMatchObject({ traceId: TRACE, parentSpanId: server!.spanId, name: 'GET', isError: false });
    expect(client!.attributes).toEqual({
      ...{ 'http.request.method': 'GET', 'server.address': '127.0.0.1', 'server.port': one.port },
      ...{ 'network.peer.address': '127.0.0.1', 'network.peer.port': one.port, 'network.protocol.version': '1.1' },
      ...{ 'url.full': `http://127.0.0.1:${one.port}/api/x?***`, 'http.response.status_code': 200 },
      ...{ 'equipoise.pool': 'main', 'equipoise.endpoint': 'one' },
    });
    const nowNanos = BigInt(Date.now()) * 1_000_000n;
    expect(server!.startNanos <= client!.startNanos && client!.endNanos <= server!.endNanos).toBe(true);
    expect(nowNanos - server!.endNanos < 10_000_000_000n && server!.endNanos <= nowNanos).toBe(true);
    expect(collector.requests[0]!.resource).toMatchObject({ 'service.name': 'equipoise' });
    expect(collector.headers[0]).toMatchObject({ 'x-key': 'secret', 'content-type': 'application/json' });
  });

  scenario('without a sampled parent the head goes on as it came, and nobody is told', async () => {
    const { one, collector, port, adminPort, spans } = await world({ sampleRate: 0 });
    const heads = [[parent('00'), 'tracestate: a=1'], ['traceparent: 00-bad', 'tracestate: b=2'], []];
    for (const lines of heads) await request(port, get('/api/x', ...lines));
    expect(one.requests.map(({ fields }) => [value(fields, 'traceparent'), value(fields, 'tracestate')])).toEqual([
      [parent('00').slice(13), 'a=1'],
      ['00-bad', 'b=2'],
      [undefined, undefined],
    ]);
    await request(port, get('/api/last', parent('01')));
    expect((await spans(2)).map(({ attributes }) => attributes['url.path'])).toEqual(['/api/last', undefined]);
    expect(collector.requests.length).toBe(1);
    await exported(adminPort, 2);
  });

  scenario('a bad traceparent is replaced by a trace of ours', async () => {
    const { one, port, spans } = await world({ sampleRate: 1 });
    await request(port, get('/api/x', parent('01').toUpperCase(), 'tracestate: a=1'));
    const [server, client] = await spans(2);
    const got = partsOf(value(one.requests[0]!.fields, 'traceparent'));
    expect(got).toEqual({ trace: server!.traceId, span: client!.spanId, flags: '01' });
    expect(got.trace).not.toBe(TRACE);
    expect(server).toMatchObject({ parentSpanId: '', flags: 0x101 });
    expect(value(one.requests[0]!.fields, 'tracestate')).toBeUndefined();
  });

  scenario('a retry is a further span, and each endpoint goes on with its own', async () => {
    const { one, two, port, spans } = await world({ sampleRate: 1 }, { pool: { retries: { statuses: [503] } } });
    one.onRequest = answer('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
    two.onRequest = answer(OK);
    await request(port, get('/api/x'));
    const all = await spans(3);
    const [[server], tries] = [ofKind(all, 2), ofKind(all, 3)];
    const seen = [one, two].map(({ requests }) => partsOf(value(requests[0]!.fields, 'traceparent')).span);
    expect(tries.map(({ spanId }) => spanId)).toEqual(seen);
    expect(new Set(all.map(({ traceId }) => traceId)).size).toBe(1);
    expect(tries.map(({ parentSpanId }) => parentSpanId)).toEqual([server!.spanId, server!.spanId]);
    expect(
      tries.map(({ isError, attributes }) => [
        isError,
        attributes['error.type'],
        attributes['http.request.resend_count'],
      ]),
    ).toEqual([
      [true, '503', undefined],
      [false, undefined, 1],
    ]);
    expect(server).toMatchObject({ isError: false, attributes: { 'equipoise.endpoint': 'two' } });
  });

  scenario('a hedge is a span beside the slow one, which is cancelled', async () => {
    const pool = { hedge: { after: 20 }, retries: { budget: 1 } };
    const { one, two, port, spans } = await world({ sampleRate: 1 }, { pool });
    one.onRequest = () => {};
    two.onRequest = answer(OK);
    await request(port, get('/api/x'));
    const [[server], [slow, hedge]] = [ofKind(await spans(3), 2), ofKind(await spans(3), 3)];
    expect(partsOf(value(two.requests[0]!.fields, 'traceparent')).span).toBe(hedge!.spanId);
    expect(
      [slow, hedge].map((each) => [each!.isError, each!.attributes['error.type'], each!.attributes['equipoise.hedge']]),
    ).toEqual([
      [false, 'cancelled', undefined],
      [false, undefined, true],
    ]);
    expect(slow!.endNanos - slow!.startNanos).toBeGreaterThanOrEqual(15_000_000n);
    expect(server!.attributes['equipoise.endpoint']).toBe('two');
  });

  scenario('who refuses connections, is silent or cuts its answer is an error of its span', async () => {
    const { one, two, port, spans, collector } = await world(
      { sampleRate: 1 },
      { pool: { retries: { attempts: 0 }, timeouts: { response: 200 } }, listener: { routes: [{ pool: 'main' }] } },
    );
    one.onRequest = () => {};
    await request(port, get('/late'));
    one.onRequest = answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok', 'reset');
    await request(port, get('/cut')).catch(() => {});
    await one.close();
    await two.close();
    await request(port, get('/refused'));
    await spans(6);
    const byPath = (path: string) => {
      const server = ofKind(collector.spans(), 2).find(({ attributes }) => attributes['url.path'] === path)!;
      const client = collector.spans().find(({ parentSpanId }) => parentSpanId === server.spanId)!;
      return [server, client].map(({ isError, attributes }) => [
        ...[isError, attributes['http.response.status_code'], attributes['error.type']],
      ]);
    };
    expect(byPath('/late')).toEqual([
      [true, 504, '504'],
      [true, undefined, 'timeout'],
    ]);
    expect(byPath('/cut')).toEqual([
      [true, 200, 'answer-cut'],
      [true, 200, 'closed'],
    ]);
    expect(byPath('/refused')).toEqual([
      [true, 502, '502'],
      [true, undefined, 'connect'],
    ]);
  });

  scenario('an answer of ours has a span and no try', async () => {
    const { port, spans } = await world({ sampleRate: 1, hideQuery: ['token'] });
    await request(port, 'BREW /nowhere?a=1&token=2 HTTP/1.1\r\nHost: a.b:81\r\n\r\n');
    const [span] = await spans(1);
    expect(span).toMatchObject({ name: 'HTTP', isError: false });
    expect(span!.attributes).toMatchObject({
      ...{ 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW', 'url.query': 'a=1&token=***' },
      ...{ 'server.address': 'a.b', 'server.port': 81, 'http.response.status_code': 404, 'equipoise.end': 'no-route' },
    });
  });

  scenario('a collector that is down disturbs nobody, and is told once', async () => {
    const { collector, port, balancer } = await world({ sampleRate: 1 });
    await collector.close();
    const client = await rawClient(port);
    keep(client);
    for (let i = 0; i < 50; i++) {
      await client.send(get('/api/x'));
      expect((await client.response(i)).start[1]).toBe('200');
    }
    await until('the event', () => balancer.output().includes('the collector cannot be reached'));
    await client.send(get('/api/x'));
    expect((await client.response(50)).start[1]).toBe('200');
    await balancer.stop();
    expect(balancer.output().match(/warn tracing: /g)?.length).toBe(1);
  });

  scenario('a collector that never answers delays the end by little', async () => {
    const { collector, port, balancer } = await world({ sampleRate: 1 });
    collector.status = 0;
    await request(port, get('/api/x'));
    const startMs = performance.now();
    balancer.signal('SIGTERM');
    expect((await balancer.exited).code).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(8000);
  });

  scenario('what is not sent yet goes out at the end', async () => {
    const { collector, port, balancer } = await world({ sampleRate: 1 });
    const client = await rawClient(port);
    await client.send(get('/api/x'));
    await client.response(0);
    client.close();
    await balancer.stop();
    expect([collector.violations, collector.spans().length]).toEqual([[], 2]);
  });
});

// Node's transport serves with one.
describe.skipIf(!transports.includes('bun'))('tracing with two workers', () => {
  const keep = cleanUp();

  test('each worker exports its own, and a collector that is down is told once', async () => {
    const collector = await spanCollector();
    keep(collector);
    const tracing = { endpoint: collector.endpoint, sampleRate: 1, serviceName: 'edge' };
    const world = await startWorkers({ workers: 2, endpoints: [{}, {}], program: { tracing } }, keep);
    const clients = await world.clients(16);
    await askInTurn(clients, 64);
    await until('128 spans', () => collector.spans().length + collector.violations.length >= 128);
    expect(collector.violations).toEqual([]);
    const backends = world.endpoints.flatMap(({ backend }) =>
      backend.requests.map(({ fields }) => value(fields, 'traceparent')),
    );
    const tries = ofKind(collector.spans(), 3);
    expect(new Set(backends.map((each) => partsOf(each).span))).toEqual(new Set(tries.map(({ spanId }) => spanId)));
    expect(collector.requests.every(({ resource }) => resource['service.name'] === 'edge')).toBe(true);
    // Both of them, or the kernel gave 16 connections to one.
    expect(collector.requests.length).toBeGreaterThan(1);
    await exported(world.adminPort, 128);
    await collector.close();
    await askInTurn(clients, 32);
    const balancer: Balancer = world.balancer;
    await until('the event', () => balancer.output().includes('the collector cannot be reached'));
    await balancer.stop();
    expect(balancer.output().match(/warn tracing: /g)?.length).toBe(1);
    expect(
      await adminAt(world.adminPort)
        .ready()
        .catch(() => 0),
    ).toBe(0);
  }, 120_000);
});

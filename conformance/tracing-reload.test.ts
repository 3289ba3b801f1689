import { describe, expect, test } from 'vitest';
import { adminAt } from './harness/admin.ts';
import { answer, type Exchange } from './harness/backend.ts';
import { startBalancer } from './harness/balancer.ts';
import { get, type RawClient, rawClient } from './harness/client.ts';
import { type SpanCollector, spanCollector } from './harness/collector.ts';
import { freePort, PATIENCE_MS, sleep, until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { countingEndpoint, untilReady } from './scenarios/workers-world.ts';

const TIMEOUT_MS = 120_000;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
/** With so many connections the kernel gives some to each worker. */
const CLIENTS = 12;

const settings = transports.flatMap((transport) =>
  (transport === 'bun' ? [1, 2] : [1]).map((workers) => ({ transport, workers })),
);

/** Paths of the requests whose spans it has, the tries left out. */
const pathsOf = (collector: SpanCollector) =>
  collector
    .spans()
    .flatMap(({ attributes }) => attributes['url.path'] ?? [])
    .sort();

describe.each(settings)('a reload changes tracing, transport=$transport workers=$workers', ({ transport, workers }) => {
  const keep = cleanUp();
  const scenario = (name: string, run: () => Promise<void>) => test(name, run, TIMEOUT_MS);

  async function start(tracing?: object) {
    const { backend } = await countingEndpoint(keep);
    backend.onRequest = answer(OK);
    const [port, adminPort] = [await freePort(), await freePort()];
    const configOf = (wanted: object | undefined) => ({
      ...{ version: 1, workers, drainTimeout: 200, admin: { bind: `127.0.0.1:${adminPort}` } },
      ...(wanted && { tracing: wanted }),
      listeners: { web: { bind: `127.0.0.1:${port}`, routes: [{ pool: 'main' }] } },
      pools: { main: { endpoints: [{ id: 'e0', address: backend.address }] } },
    });
    const balancer = await startBalancer(configOf(tracing), transport, [port, adminPort]);
    keep(balancer);
    const admin = adminAt(adminPort);
    await untilReady(admin, 200);
    const put = async (wanted: object | undefined) => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify(configOf(wanted));
      return await fetch(`http://127.0.0.1:${adminPort}/api/v1/config`, { method: 'PUT', headers, body });
    };
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => rawClient(port)));
    const askAll = async (path: string, ...lines: string[]) => {
      await Promise.all(clients.map((client) => ask(client, path, lines)));
    };
    const untilCounted = async (metric: string, count: number) => {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        const page = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
        if (page.includes(`${metric} ${count}\n`)) return;
        if (performance.now() > deadline) throw new Error(`${metric} is not ${count}: ${page.match(/.*spans.*/g)}`);
        await sleep(20);
      }
    };
    return { backend, balancer, configOf, put, clients, askAll, untilCounted };
  }

  async function ask(client: RawClient, path: string, lines: readonly string[] = []): Promise<void> {
    const index = client.responses.length;
    await client.send(get(path, ...lines));
    expect((await client.response(index)).start[1]).toBe('200');
  }

  async function collectors(count: number): Promise<SpanCollector[]> {
    const all = await Promise.all(Array.from({ length: count }, spanCollector));
    for (const each of all) keep(each);
    return all;
  }

  const times = (count: number, path: string): string[] => Array.from({ length: count }, () => path);
  const untilSpans = (collector: SpanCollector, requests: number) =>
    until(`${requests} requests`, () => pathsOf(collector).length >= requests || collector.violations.length > 0);

  scenario('on, elsewhere with another key, off and on again, while connections stay', async () => {
    const [first, second] = (await collectors(2)) as [SpanCollector, SpanCollector];
    const { put, askAll, clients } = await start();
    const change = async (tracing: object | undefined) => {
      const reply = await put(tracing);
      expect(await reply.json()).toMatchObject({ changes: ['tracing: changed'], needsRestart: [] });
    };
    await askAll('/off');
    await change({ endpoint: first.endpoint, sampleRate: 1, headers: { 'x-key': 'one' } });
    await askAll('/first');
    // What has ended and was not sent yet goes where it belongs.
    await change({ endpoint: second.endpoint, sampleRate: 1, headers: { 'x-key': 'two' }, serviceName: 'other' });
    await askAll('/second');
    await untilSpans(first, CLIENTS);
    await untilSpans(second, CLIENTS);
    await change(undefined);
    await askAll('/off-again');
    await change({ endpoint: second.endpoint, sampleRate: 0 });
    await askAll('/not-drawn');
    await change({ endpoint: second.endpoint, sampleRate: 1 });
    await askAll('/third');
    await untilSpans(second, 2 * CLIENTS);
    expect(pathsOf(first)).toEqual(times(CLIENTS, '/first'));
    expect(pathsOf(second)).toEqual([...times(CLIENTS, '/second'), ...times(CLIENTS, '/third')]);
    expect([first.violations, second.violations]).toEqual([[], []]);
    expect(first.headers.every((each) => each['x-key'] === 'one')).toBe(true);
    expect([...new Set(second.headers.map((each) => each['x-key']))]).toEqual(['two', undefined]);
    expect(second.requests[0]!.resource).toMatchObject({ 'service.name': 'other' });
    expect(clients.map(({ ended }) => ended())).toEqual(times(CLIENTS, 'open'));
  });

  scenario('what is under way ends where it began', async () => {
    const [first, second] = (await collectors(2)) as [SpanCollector, SpanCollector];
    const { backend, put, clients, balancer } = await start({ endpoint: first.endpoint, sampleRate: 1 });
    const held: Exchange[] = [];
    backend.onRequest = (exchange) => void held.push(exchange);
    const asked = clients.map((client) => ask(client, '/slow'));
    await until('all requests', () => held.length === CLIENTS);
    expect((await put({ endpoint: second.endpoint, sampleRate: 1 })).status).toBe(200);
    for (const each of held) answer(OK)(each);
    await Promise.all(asked);
    await balancer.stop();
    expect([pathsOf(first), pathsOf(second)]).toEqual([times(CLIENTS, '/slow'), []]);
  });

  scenario('away from a collector that never answers: the next one has its spans, the end comes soon', async () => {
    const [silent, second] = (await collectors(2)) as [SpanCollector, SpanCollector];
    silent.status = 0;
    const { put, askAll, balancer, untilCounted } = await start({ endpoint: silent.endpoint, sampleRate: 1 });
    await askAll('/lost');
    expect((await put({ endpoint: second.endpoint, sampleRate: 1 })).status).toBe(200);
    await askAll('/next');
    await untilSpans(second, CLIENTS);
    await untilCounted('equipoise_spans_exported_total', 2 * CLIENTS);
    balancer.signal('SIGTERM');
    expect((await balancer.exited).code).toBe(0);
    expect(balancer.output()).not.toContain('warn tracing');
  });

  scenario('a collector that failed is no longer told of, and the next one is', async () => {
    const [refusing, second] = (await collectors(2)) as [SpanCollector, SpanCollector];
    refusing.status = 400;
    const { put, askAll, balancer, untilCounted } = await start({ endpoint: refusing.endpoint, sampleRate: 1 });
    await askAll('/a');
    // Every worker has failed.
    await untilCounted('equipoise_spans_dropped_total', 2 * CLIENTS);
    await until('the failure', () => balancer.output().includes('warn tracing: the collector answers 400'));
    expect((await put({ endpoint: second.endpoint, sampleRate: 1 })).status).toBe(200);
    await until('its end', () => balancer.output().includes('info tracing: it is configured anew'));
    second.status = 401;
    await askAll('/b');
    await until('the other failure', () => balancer.output().includes('warn tracing: the collector answers 401'));
    expect(balancer.output().match(/ (?:warn|info) tracing: /g)?.length).toBe(3);
  });

  scenario('by SIGHUP too', async () => {
    const [first] = (await collectors(1)) as [SpanCollector];
    const { balancer, configOf, askAll } = await start();
    balancer.configure(configOf({ endpoint: first.endpoint, sampleRate: 1 }));
    balancer.signal('SIGHUP');
    await until('the reload', () => balancer.output().includes('tracing: changed'));
    await askAll('/on');
    await untilSpans(first, CLIENTS);
  });
});

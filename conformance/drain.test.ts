import { beforeEach, expect } from 'vitest';
import { answerOk, type Exchange, type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { type Balancer, startBalancer } from './harness/balancer.ts';
import { get, ok, rawClient } from './harness/client.ts';
import { freePort, until, within } from './harness/sockets.ts';
import { cleanUp, eachTransport } from './harness/suite.ts';

const DRAIN_MS = 1500;

eachTransport('drain', (transport, scenario) => {
  const keep = cleanUp();
  let backend: RecordingBackend;
  let balancer: Balancer;
  let port: number;
  let held: Exchange[];

  beforeEach(async () => {
    backend = await recordingBackend();
    keep(backend);
    port = await freePort();
    const web = { bind: `127.0.0.1:${port}`, protocol: 'http', routes: [{ pool: 'main' }] };
    const config = {
      ...{ version: 1, workers: 1, drainTimeout: DRAIN_MS },
      ...{ listeners: { web }, pools: { main: { endpoints: [backend.address] } } },
    };
    balancer = await startBalancer(config, transport, [port]);
    keep(balancer);
    held = [];
    backend.onRequest = (exchange) => {
      if (exchange.request.start[1] === '/held') held.push(exchange);
      else answerOk(exchange);
    };
  }, 120_000);

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    scenario(`${signal} lets a request in flight finish and ends with 0`, async () => {
      const [busy, idle] = [await rawClient(port), await rawClient(port)];
      await idle.send(get('/'));
      await idle.response();
      await busy.send(get('/held'));
      await until('the request is held', () => held.length === 1);
      balancer.signal(signal);
      expect(await idle.waitClosed(), 'the idle connection is closed').toBe(true);
      await expect(rawClient(port)).rejects.toThrow();
      await held[0]!.write(ok('finished'));
      expect((await busy.response()).body.toString()).toBe('finished');
      expect(await busy.waitClosed(), 'the busy connection is closed').toBe(true);
      expect((await within('the end', balancer.exited)).code).toBe(0);
    });
  }

  scenario('a body in flight finishes', async () => {
    const client = await rawClient(port);
    await client.send(get('/held'));
    await until('the request is held', () => held.length === 1);
    await held[0]!.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
    await until('the head', () => client.partial !== undefined);
    balancer.signal('SIGTERM');
    await held[0]!.write('hello');
    expect((await client.response()).body.toString()).toBe('hellohello');
    expect((await within('the end', balancer.exited)).code).toBe(0);
  });

  scenario('what takes longer than drainTimeout is cut', async () => {
    const client = await rawClient(port);
    await client.send(get('/held'));
    await until('the request is held', () => held.length === 1);
    const before = performance.now();
    balancer.signal('SIGTERM');
    await within('the end', balancer.exited);
    expect(performance.now() - before).toBeGreaterThan(DRAIN_MS - 200);
    expect(await client.waitClosed()).toBe(true);
  });

  scenario('nothing in flight ends at once', async () => {
    balancer.signal('SIGTERM');
    expect((await within('the end', balancer.exited)).code).toBe(0);
  });
});

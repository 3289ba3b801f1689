import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ReadSpan } from '../src/telemetry/testing/otlp.ts';
import { adminAt } from './harness/admin.ts';
import { startBalancer } from './harness/balancer.ts';
import { spanCollector } from './harness/collector.ts';
import { freePort, until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { untilReady } from './scenarios/workers-world.ts';

const TIMEOUT_MS = 120_000;
/** With so many connections the kernel gives some to each worker. */
const MANY = 12;

const settings = transports.flatMap((transport) =>
  (transport === 'bun' ? [1, 2] : [1]).map((workers) => ({ transport, workers })),
);

describe.each(settings)('spans of tcp connections, transport=$transport workers=$workers', ({ transport, workers }) => {
  const keep = cleanUp();
  const scenario = (name: string, run: () => Promise<void>) => test(name, run, TIMEOUT_MS);

  /** Says everything twice; ends after `bye`, resets after `reset`. */
  async function parrot(): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => {
        const said = data.toString('latin1');
        if (said === 'reset') socket.resetAndDestroy();
        else if (said === 'bye') socket.end('bye');
        else socket.write(said + said);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    keep({ close: () => void server.close() });
    return (server.address() as AddressInfo).port;
  }

  async function start(tracing: object) {
    const folder = mkdtempSync(join(tmpdir(), 'tracing-'));
    keep({ close: () => rmSync(folder, { recursive: true, force: true }) });
    const path = join(folder, 'access.log');
    const collector = await spanCollector();
    keep(collector);
    const [address, port, deadPort, adminPort] = [await parrot(), await freePort(), await freePort(), await freePort()];
    const configOf = (wanted: object) => ({
      ...{ version: 1, workers, drainTimeout: 200, admin: { bind: `127.0.0.1:${adminPort}` }, accessLog: { path } },
      tracing: { endpoint: collector.endpoint, ...wanted },
      listeners: {
        db: { bind: `127.0.0.1:${port}`, protocol: 'tcp', pool: 'main' },
        dead: { bind: `127.0.0.1:${deadPort}`, protocol: 'tcp', pool: 'dead' },
      },
      pools: {
        main: { endpoints: [{ id: 'e0', address }] },
        dead: { endpoints: [{ id: 'gone', address: '127.0.0.1:1' }], retries: { attempts: 0 } },
      },
    });
    const balancer = await startBalancer(configOf(tracing), transport, [adminPort]);
    keep(balancer);
    await untilReady(adminAt(adminPort), 200);
    const reload = async (wanted: object) => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify(configOf(wanted));
      const reply = await fetch(`http://127.0.0.1:${adminPort}/api/v1/config`, { method: 'PUT', headers, body });
      expect(reply.status).toBe(200);
    };
    const spans = async (count: number): Promise<readonly ReadSpan[]> => {
      await until(`${count} spans`, () => collector.spans().length + collector.violations.length >= count);
      expect(collector.violations).toEqual([]);
      return collector.spans();
    };
    const lines = () =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { collector, balancer, port, deadPort, reload, spans, lines };
  }

  /** Connects, says that, and waits for an answer of that length, or for the end. */
  async function talk(port: number, say: string, answerBytes = Number.POSITIVE_INFINITY): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    let got = 0;
    const heard = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.on('data', (data) => {
        got += data.length;
        if (got >= answerBytes) resolve();
      });
    });
    socket.write(say);
    await heard;
    return socket;
  }

  const shortOf = ({ name, kind, isError, attributes: a }: ReadSpan) =>
    [
      ...[name, kind, isError, a['equipoise.pool'], a['equipoise.endpoint'], a['equipoise.bytes_in']],
      ...[a['equipoise.bytes_out'], a['equipoise.end'], a['error.type']],
    ].join(' ');

  scenario('each says where it went, its bytes and how it ended, as its line does', async () => {
    const { port, deadPort, spans, lines, balancer } = await start({ sampleRate: 1, connections: true });
    (await talk(port, 'hello', 10)).end();
    await talk(port, 'bye');
    await talk(port, 'reset');
    await talk(deadPort, 'x');
    (await talk(port, 'gone', 8)).resetAndDestroy();
    await spans(5);
    const open = await talk(port, 'stay', 8);
    await balancer.stop();
    open.destroy();
    const all = await spans(6);
    expect(all.map(shortOf).sort()).toEqual(
      [
        'tcp db 2 false main e0 5 10 complete ',
        'tcp db 2 false main e0 3 3 complete ',
        'tcp db 2 true main e0 5 0 endpoint-failed endpoint-failed',
        'tcp dead 2 true dead gone 0 0 endpoint-failed endpoint-failed',
        'tcp db 2 false main e0 4 8 client-gone client-gone',
        'tcp db 2 false main e0 4 8 evicted ',
      ].sort(),
    );
    expect(all[0]!.attributes).toMatchObject({ 'client.address': '127.0.0.1', 'network.transport': 'tcp' });
    const nowNanos = BigInt(Date.now()) * 1_000_000n;
    for (const { startNanos, endNanos, parentSpanId } of all) {
      expect([parentSpanId, startNanos <= endNanos, endNanos <= nowNanos]).toEqual(['', true, true]);
    }
    const ids = lines().map((line) => `${line['traceId']} ${line['spanId']} ${line['end']}`);
    const wanted = all.map((each) => `${each.traceId} ${each.spanId} ${each.attributes['equipoise.end']}`);
    expect(ids.sort()).toEqual(wanted.sort());
  });

  scenario('none without the key, nor where none is drawn; a reload changes it', async () => {
    const { port, collector, reload, spans, balancer, lines } = await start({ sampleRate: 1 });
    const talkMany = async () => {
      for (let i = 0; i < MANY; i++) await talk(port, 'bye');
    };
    await talkMany();
    await reload({ sampleRate: 0, connections: true });
    await talkMany();
    // Open over the reload: it began without a trace.
    const before = await talk(port, 'ab', 4);
    await reload({ sampleRate: 1, connections: true });
    before.end();
    await talkMany();
    await spans(MANY);
    const during = await talk(port, 'abc', 6);
    await reload({ sampleRate: 1, connections: false });
    during.end();
    await spans(MANY + 1);
    await talkMany();
    await balancer.stop();
    expect(collector.spans().length).toBe(MANY + 1);
    expect(collector.spans().map(({ attributes }) => attributes['equipoise.bytes_in'])).toContain(3);
    const traced = lines().filter(({ traceId }) => traceId !== undefined);
    expect([traced.length, lines().length]).toEqual([MANY + 1, 4 * MANY + 2]);
  });
});

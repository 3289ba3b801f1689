import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Admin, adminAt } from './harness/admin.ts';
import { type Exchange, type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { startBalancer } from './harness/balancer.ts';
import { get, ok, post, rawClient } from './harness/client.ts';
import { freePort, PATIENCE_MS, sleep, until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { untilReady } from './scenarios/workers-world.ts';

const TIMEOUT_MS = 120_000;
const BUSY = 'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy';
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';

/** Bytes as an endpoint counts them: what the balancer sent to it, and received from it. */
interface Bytes {
  sent: number;
  received: number;
}

/** Answers by the path, counts every byte. */
function counting(backend: RecordingBackend): () => Bytes {
  let [written, tunneled] = [0, 0];
  const write = (exchange: Exchange, bytes: string | Buffer) => {
    written += bytes.length;
    void exchange.write(bytes);
  };
  backend.onRequest = (exchange) => {
    const [, path] = exchange.request.start;
    if (path === '/busy') write(exchange, BUSY);
    else if (path === '/large') write(exchange, ok('x'.repeat(300_000)));
    else if (path === '/chunked') write(exchange, CHUNKED);
    else if (path === '/tunnel') {
      exchange.onTunnel((bytes) => {
        tunneled += bytes.length;
        write(exchange, bytes);
      });
      write(exchange, SWITCHING);
    } else write(exchange, ok('small'));
  };
  return () => ({
    sent: backend.received.flat().reduce((sum, { length }) => sum + length, tunneled),
    received: written,
  });
}

/** What the balancer says, by endpoint. */
async function told(admin: Admin, pool: string, endpoint: string): Promise<Bytes> {
  const of = (direction: string) =>
    admin.sum(`equipoise_endpoint_bytes_${direction}_total`, `pool="${pool}"`, `endpoint="${endpoint}"`);
  return { sent: await of('sent'), received: await of('received') };
}

/** The end of what is under way may be counted a moment after a client has seen it. */
async function expectTold(admin: Admin, pool: string, want: Readonly<Record<string, () => Bytes>>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found: Record<string, Bytes> = {};
    for (const id of Object.keys(want)) found[id] = await told(admin, pool, id);
    const counted = Object.fromEntries(Object.entries(want).map(([id, bytes]) => [id, bytes()]));
    if (performance.now() > deadline || JSON.stringify(found) === JSON.stringify(counted)) {
      expect(found).toEqual(counted);
      return;
    }
    await sleep(50);
  }
}

async function exercise(port: number): Promise<void> {
  const client = await rawClient(port);
  const requests = [get('/'), get('/busy'), get('/large'), get('/chunked'), post('/', 'y'.repeat(200_000))];
  for (const [index, each] of requests.entries()) {
    await client.send(each);
    await client.response(index, PATIENCE_MS);
  }
  await client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', '2\r\nzz\r\n', '0\r\n\r\n');
  await client.response(requests.length, PATIENCE_MS);
  client.close();
  const tunnel = await rawClient(port);
  await tunnel.send(get('/tunnel', 'Connection: upgrade', 'Upgrade: echo'));
  await until('the tunnel', () => tunnel.interim.length === 1);
  await tunnel.send('w'.repeat(5000));
  await until('its echo', () => tunnel.bytes().length === 5000);
  tunnel.close();
}

/** Echoes, and counts. */
async function tcpEndpoint(keep: ReturnType<typeof cleanUp>): Promise<{ address: string; bytes: () => Bytes }> {
  let count = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      count += bytes.length;
      socket.write(bytes);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  keep({ close: () => server.close() });
  const { port } = server.address() as { port: number };
  return { address: `127.0.0.1:${port}`, bytes: () => ({ sent: count, received: count }) };
}

async function stream(port: number, bytes: number): Promise<void> {
  const client = await rawClient(port, { plain: true });
  await client.send('t'.repeat(bytes));
  await until('its echo', () => client.bytes().length === bytes);
  client.close();
}

// Node's transport serves with one.
const setUps = transports.flatMap((transport) =>
  (transport === 'bun' ? [1, 2] : [1]).map((workers) => ({ transport, workers })),
);

describe.each(setUps)('bytes by endpoint: $workers worker(s) transport=$transport', ({ transport, workers }) => {
  const keep = cleanUp();

  test(
    'what the metrics and the API say is what the endpoints count',
    async () => {
      const backends = [await recordingBackend(), await recordingBackend()];
      for (const each of backends) keep(each);
      const [one, two] = backends.map(counting) as [() => Bytes, () => Bytes];
      const tcp = await tcpEndpoint(keep);
      const ports = [await freePort(), await freePort(), await freePort()] as const;
      const [web, raw, adminPort] = ports;
      const listed = backends.map(({ address }, index) => ({ id: `e${index}`, address }));
      const retries = { attempts: 1, statuses: [503] };
      const balancer = await startBalancer(
        {
          ...{ version: 1, workers, admin: { bind: `127.0.0.1:${adminPort}` } },
          listeners: {
            web: { bind: `127.0.0.1:${web}`, protocol: 'http', pool: 'web' },
            raw: { bind: `127.0.0.1:${raw}`, protocol: 'tcp', pool: 'raw' },
          },
          pools: {
            web: { policy: 'round-robin', endpoints: listed, retries },
            raw: { endpoints: [{ id: 'tcp', address: tcp.address }] },
          },
        },
        transport,
        [...ports],
      );
      keep(balancer);
      const admin = adminAt(adminPort);
      await untilReady(admin, 200);
      for (let round = 0; round < 6; round++)
        await Promise.all([exercise(web), exercise(web), stream(raw, 100_000 + round)]);
      await expectTold(admin, 'web', { e0: one, e1: two });
      await expectTold(admin, 'raw', { tcp: tcp.bytes });
      expect(Math.min(one().sent, one().received, two().sent, two().received)).toBeGreaterThan(0);
      expect(one().sent + two().sent).toBeGreaterThan(12 * 200_000);
      const reply = await fetch(`http://127.0.0.1:${adminPort}/api/v1/pools/web`);
      const { endpoints } = (await reply.json()) as { endpoints: { bytes: Bytes }[] };
      expect(endpoints.map(({ bytes }) => bytes)).toEqual([one(), two()]);
    },
    TIMEOUT_MS,
  );
});

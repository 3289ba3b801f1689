import { expect } from 'vitest';
import { adminAt } from './harness/admin.ts';
import { answer, answerOk, type Exchange, recordingBackend } from './harness/backend.ts';
import { startBalancer } from './harness/balancer.ts';
import { get, rawClient } from './harness/client.ts';
import { freePort, PATIENCE_MS, sleep, until } from './harness/sockets.ts';
import { cleanUp, eachTransport } from './harness/suite.ts';

const TIMEOUT_MS = 120_000;

interface Case {
  readonly path: string;
  /** What the failing endpoint does. */
  readonly serve: (exchange: Exchange) => void;
  /** What the client gets: the other endpoint makes up for it, or nobody can. */
  readonly status: string | undefined;
  readonly reason: string;
}

const cases: readonly Case[] = [
  { path: '/reset', serve: (exchange) => exchange.reset(), status: '200', reason: 'closed' },
  { path: '/silent', serve: () => {}, status: '200', reason: 'timeout' },
  { path: '/busy', serve: answer('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'), status: '200', reason: 'status' },
  { path: '/broken', serve: answer('HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n'), status: '500', reason: 'status' },
  { path: '/garbage', serve: answer('SSH-2.0-OpenSSH_9.2\r\n\r\n'), status: '200', reason: 'garbage' },
  {
    path: '/cut',
    serve: answer('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', 'end'),
    status: undefined,
    reason: 'closed',
  },
];

eachTransport('failures by endpoint', (transport, scenario) => {
  const keep = cleanUp();

  scenario(
    'each failed try is counted once, at who failed, by how',
    async () => {
      const [bad, good] = [await recordingBackend(), await recordingBackend()];
      keep(bad);
      keep(good);
      bad.onRequest = (exchange) => {
        (cases.find(({ path }) => path === exchange.request.start[1])?.serve ?? answerOk)(exchange);
      };
      const [web, dead, adminPort] = [await freePort(), await freePort(), await freePort()];
      const endpoints = [
        { id: 'bad', address: bad.address },
        { id: 'good', address: good.address },
      ];
      const balancer = await startBalancer(
        {
          ...{ version: 1, workers: 1, admin: { bind: `127.0.0.1:${adminPort}` } },
          listeners: {
            web: { bind: `127.0.0.1:${web}`, protocol: 'http', pool: 'main' },
            dead: { bind: `127.0.0.1:${dead}`, protocol: 'http', pool: 'dead' },
          },
          pools: {
            main: {
              ...{ policy: 'first', endpoints, timeouts: { response: '300ms' } },
              retries: { attempts: 1, statuses: [503], budget: 1 },
            },
            dead: { endpoints: [{ id: 'none', address: `127.0.0.1:${await freePort()}` }], retries: { attempts: 0 } },
          },
        },
        transport,
        [web, dead, adminPort],
      );
      keep(balancer);
      const admin = adminAt(adminPort);
      const ask = async (port: number, path: string) => {
        const client = await rawClient(port);
        await client.send(get(path));
        const response = await client.response(0, PATIENCE_MS).catch(() => undefined);
        client.close();
        return response?.start[1];
      };
      const counted = (...labels: string[]) => admin.sum('equipoise_failures_total', ...labels);
      for (const [index, { path, status, reason }] of cases.entries()) {
        const before = await counted('endpoint="bad"', `reason="${reason}"`);
        expect(await ask(web, path), path).toBe(status);
        const deadline = performance.now() + PATIENCE_MS;
        while ((await counted('endpoint="bad"')) <= index && performance.now() < deadline) await sleep(20);
        expect(await counted('endpoint="bad"', `reason="${reason}"`), path).toBe(before + 1);
        expect(await counted('endpoint="bad"'), path).toBe(index + 1);
      }
      expect(await ask(web, '/fine')).toBe('200');
      expect(await ask(dead, '/')).toBe('502');
      expect(await counted('endpoint="none"', 'reason="connect"')).toBe(1);
      const reply = await fetch(`http://127.0.0.1:${adminPort}/api/v1/pools`);
      const { pools } = (await reply.json()) as { pools: { endpoints: { id: string; failures: number }[] }[] };
      const failures = pools.flatMap((pool) => pool.endpoints.map((each) => [each.id, each.failures]));
      expect(Object.fromEntries(failures)).toEqual({ bad: cases.length, good: 0, none: 1 });
    },
    TIMEOUT_MS,
  );

  scenario(
    'what we cut at the end of a drain is no failure of the endpoint',
    async () => {
      const [leaving, staying] = [await recordingBackend(), await recordingBackend()];
      keep(leaving);
      keep(staying);
      let isHeld = false;
      leaving.onRequest = () => {
        isHeld = true;
      };
      const [web, adminPort] = [await freePort(), await freePort()];
      const config = (...endpoints: object[]) => ({
        ...{ version: 1, workers: 1, admin: { bind: `127.0.0.1:${adminPort}` } },
        listeners: { web: { bind: `127.0.0.1:${web}`, protocol: 'http', pool: 'main' } },
        pools: { main: { policy: 'first', endpoints } },
      });
      const last = { id: 'staying', address: staying.address };
      const first = { id: 'leaving', address: leaving.address };
      const balancer = await startBalancer(config(first, last), transport, [web, adminPort]);
      keep(balancer);
      const client = await rawClient(web);
      await client.send(get('/held'));
      await until('it is at the endpoint', () => isHeld);
      balancer.configure(config(last));
      balancer.signal('SIGHUP');
      expect((await client.response()).body.toString()).toBe('target=/held');
      const admin = adminAt(adminPort);
      expect(await admin.sum('equipoise_retries_total', 'endpoint="staying"')).toBe(1);
      expect(await admin.sum('equipoise_failures_total')).toBe(0);
      client.close();
    },
    TIMEOUT_MS,
  );
});

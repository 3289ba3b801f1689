import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { adminAt } from './harness/admin.ts';
import { answerOk, recordingBackend } from './harness/backend.ts';
import { startBalancer, type TransportName } from './harness/balancer.ts';
import { get, type RawClient, rawClient } from './harness/client.ts';
import { freePort, until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { untilReady } from './scenarios/workers-world.ts';

const TIMEOUT_MS = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'access-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const missing = ['halog', 'goaccess'].filter((name) => spawnSync(name, ['--version']).error !== undefined);
const isSkipped = missing.length > 0 && process.env.CI !== 'true';
const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];

const settings: readonly (readonly [TransportName, number])[] = [
  ['bun', 1],
  ['bun', 2],
  // Node's transport serves with one.
  ['node', 1],
];

describe.each(settings.filter(([transport]) => transports.includes(transport)))(
  'access log transport=%s, %i workers',
  (transport, workers) => {
    const keep = cleanUp();

    /** A balancer with an http and a tcp listener before one endpoint. */
    async function world(accessLog: object) {
      const backend = await recordingBackend();
      keep(backend);
      backend.onRequest = answerOk;
      const [port, tcpPort, adminPort] = [await freePort(), await freePort(), await freePort()];
      const configOf = (log: object) => ({
        ...{ version: 1, workers, admin: { bind: `127.0.0.1:${adminPort}` }, accessLog: log },
        listeners: {
          web: { bind: `127.0.0.1:${port}`, pool: 'main' },
          raw: { bind: `127.0.0.1:${tcpPort}`, protocol: 'tcp', pool: 'main' },
        },
        pools: { main: { endpoints: [{ id: 'e0', address: backend.address }] } },
      });
      const balancer = await startBalancer(configOf(accessLog), transport, [port, adminPort]);
      keep(balancer);
      await untilReady(adminAt(adminPort), 200);
      let reloads = 0;
      return {
        ...{ port, tcpPort, balancer },
        async reload(log: object): Promise<void> {
          balancer.configure(configOf(log));
          balancer.signal('SIGHUP');
          reloads++;
          await until('reloaded', () => balancer.output().split('info reloaded: ').length > reloads);
        },
        clients: (count: number) => Promise.all(Array.from({ length: count }, () => rawClient(port))),
      };
    }

    /** `count` requests, over the clients in turn. */
    async function ask(clients: readonly RawClient[], count: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        const client = clients[i % clients.length]!;
        const index = client.responses.length;
        await client.send(get(`/${i}`));
        await client.response(index);
      }
    }

    test(
      'a reload changes file, format and sampling from the next request on, and no line is lost',
      async () => {
        const [first, second, rotated] = ['first', 'second', 'second.1'].map((name) =>
          join(folder, `${transport}-${workers}-${name}`),
        ) as [string, string, string];
        const { balancer, clients, reload } = await world({ path: first });
        const many = await clients(8);
        await ask(many, 40);
        await reload({ path: second, format: 'haproxy' });
        await ask(many, 24);
        await until('all lines', () => linesOf(first).length + linesOf(second).length === 64);
        expect([linesOf(first).length, linesOf(second).length]).toEqual([40, 24]);
        expect(linesOf(first).every((line) => JSON.parse(line).status === 200)).toBe(true);
        expect(linesOf(second).every((line) => / web main\/e0 .* 200 /.test(line))).toBe(true);
        renameSync(second, rotated);
        balancer.signal('SIGUSR2');
        await until('a new file', () => existsSync(second));
        let asked = 0;
        let isOver = false;
        const asking = many.map(async (client) => {
          while (!isOver) {
            await ask([client], 1);
            asked++;
          }
        });
        for (let i = 0; i < 6; i++) await reload({ path: second, headers: i % 2 === 0 ? ['host'] : [] });
        isOver = true;
        await Promise.all(asking);
        await reload({ path: second, sample: 0 });
        await ask(many, 16);
        await balancer.stop();
        expect([linesOf(second).length, linesOf(rotated).length]).toEqual([asked, 24]);
        // Until the first of the reloads it was HAProxy's.
        const isWhole = (line: string) =>
          line.startsWith('{') ? JSON.parse(line).path === '/0' : line.endsWith('1.1"');
        expect(linesOf(second).every(isWhole)).toBe(true);
      },
      TIMEOUT_MS,
    );

    test(
      `${isSkipped ? `skipped: ${missing.join(', ')} not installed; ` : ''}GoAccess and halog read every line, whatever was asked for`,
      async () => {
        if (isSkipped) return;
        const [common, haproxy] = ['common', 'haproxy'].map((name) =>
          join(folder, `${transport}-${workers}-${name}`),
        ) as [string, string];
        const { balancer, clients, reload, port, tcpPort } = await world({
          path: common,
          format: 'common',
          headers: ['referer', 'user-agent'],
        });
        const hostile = async () => {
          await ask(await clients(2), 10);
          for (const target of ['/a"b\\', '/%0a%22?q="x"', '/x?y=\\"']) {
            const client = await rawClient(port);
            await client.send(
              `GET ${target} HTTP/1.1\r\nHost: a\r\nUser-Agent: "\\" \xff\t'\r\nReferer: http://a/"\r\n\r\n`,
            );
            await client.response();
          }
          const refused = await rawClient(port);
          await refused.send('GET / HTTP/1.1\r\nHost: a\r\nX-Y: \x01\r\n\r\n');
          await refused.response();
          const raw = await rawClient(tcpPort);
          await raw.send(get('/inside'));
          await raw.response();
          raw.shutdown();
          await raw.waitClosed();
        };
        await hostile();
        await reload({ path: haproxy, format: 'haproxy' });
        await hostile();
        await balancer.stop();
        const report = join(folder, 'report.json');
        const read = spawnSync('goaccess', [common, '--log-format=COMBINED', '--no-global-config', '-o', report], {
          encoding: 'utf8',
        });
        expect([read.status, read.stderr]).toEqual([0, expect.any(String)]);
        const { general } = JSON.parse(readFileSync(report, 'utf8')) as { general: Record<string, number> };
        expect([linesOf(common).length, general['valid_requests'], general['failed_requests']]).toEqual([15, 15, 0]);
        // A syslog daemon writes when, who and what before each line.
        const logged = linesOf(haproxy).map((line) => `Nov 22 09:05:07 host equipoise[1]: ${line}\n`);
        const halog = (...words: string[]) => spawnSync('halog', words, { input: logged.join(''), encoding: 'utf8' });
        expect(halog('-H', '-st').stdout.trim().split('\n').sort()).toEqual(['200 13', '400 1']);
        expect(halog('-H', '-srv').stdout).toMatch(/^main\/e0 0 13 0 0 0 0 13 13 100\.0 /m);
        expect(halog('-H', '-srv').stderr).toContain(' 0 parsing errors');
        expect(halog('-c').stdout.trim()).toBe('15');
        expect(
          logged.filter((line) => / raw main\/e0 0\/\d+\/\d+ \d+ -- (?:\d+\/){4}0 0\/0\n$/.test(line)),
        ).toHaveLength(1);
      },
      TIMEOUT_MS,
    );
  },
);

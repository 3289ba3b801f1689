import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Exchange, type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { startBalancer } from './harness/balancer.ts';
import { get, rawClient } from './harness/client.ts';
import { type Haproxy, hasHaproxy, startHaproxy } from './harness/haproxy.ts';
import { freePort, sleep, until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import {
  answers,
  type LineScenario,
  lineScenarios,
  QUEUE_MS,
  TIMEOUT_MS,
  WAIT_MS,
} from './scenarios/access-log-lines.ts';

const TEST_MS = 120_000;
const isSkipped = !hasHaproxy && process.env.CI !== 'true';
const folder = mkdtempSync(join(tmpdir(), 'access-log-haproxy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Configuration manual, sections 8.2.3, 8.4 and 8.5. */
const SPAN = '(-1|\\d+)';
const LINE = new RegExp(
  [
    '^(?<client>127\\.0\\.0\\.1:[1-9]\\d*) \\[\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\] web [a-z]+/(?<server>\\S+)',
    `(?<times>${SPAN}/${SPAN}/${SPAN}/${SPAN}/\\d+)`,
    '(?<status>-1|\\d{3}) (?<bytes>\\d+) - - (?<state>[CSPLRIDUKcs-][RQCHDLT-])--',
    '(?<counts>\\d+/\\d+/\\d+/\\d+)/(?<retries>\\+?\\d+) (?<queue>\\d+/\\d+) "(?<request>[^"]+)"$',
  ].join(' '),
);

function read(line: string) {
  const { server, times, status, state, counts, retries, queue, request } = LINE.exec(line)?.groups ?? {};
  if (times === undefined) throw new Error(`no line of HAProxy: ${line}`);
  const [tr, tw, tc, answer, ta] = times.split('/').map(Number) as [number, number, number, number, number];
  const reached = [tr, tw, tc, answer].map((each) => (each < 0 ? '-' : 'x')).join('');
  const sum = [tr, tw, tc, answer].reduce((all, each) => all + Math.max(0, each), 0);
  return {
    fields: { server, status, state, retries, queue, request, reached },
    spans: { tr, tw, tc, answer, ta },
    sum,
    counts,
  };
}

type Line = ReturnType<typeof read>;
/** HAProxy's, ours, and both as they were. */
type Pair = [Line, Line, string];

const tooShort = ({ spans }: Line, { slow = [] }: LineScenario) => slow.filter((span) => spans[span] < WAIT_MS / 2);

const seen = new Map<string, Exchange>();
function serve(exchange: Exchange): void {
  const path = exchange.request.start[1];
  seen.set(path, exchange);
  void answers[path.slice(path.lastIndexOf('/') + 1)]?.(exchange);
}

/** Answers everything but what asks for another endpoint, and that one. */
async function backends(): Promise<[RecordingBackend, RecordingBackend]> {
  const [first, second] = [await recordingBackend(), await recordingBackend()];
  first.onHead = (exchange) => void seen.set(exchange.request.start[1], exchange);
  first.onRequest = serve;
  second.onRequest = (exchange) => void answers['simple']!(exchange);
  return [first, second];
}

const haproxySections = (first: string, second: string): string => `
defaults
  mode http
  log global
  option httplog
  option abortonclose
  timeout connect 5s
  timeout client 20s
  timeout http-request ${TIMEOUT_MS}ms
  timeout server 20s
  timeout queue 20s
  timeout tunnel 20s
  retries 1
  option redispatch 1
  balance first
frontend web
  bind @
  http-request return status 200 content-type text/plain string "fixed" if { path /fixed }
  http-request redirect location / if { path /redirect }
  use_backend nobody if { path_beg /nobody/ }
  use_backend dead if { path_beg /dead/ }
  use_backend half if { path_beg /half/ }
  use_backend again if { path_beg /again/ }
  use_backend one if { path_beg /one/ }
  use_backend full if { path_beg /full/ }
  use_backend short if { path_beg /short/ }
  default_backend main
backend main
  server e0 ${first}
backend nobody
  server e0 ${first} disabled
backend dead
  retries 0
  server gone 127.0.0.1:1 id 1
backend half
  server gone 127.0.0.1:1 id 1
  server e0 ${first} id 2
backend again
  retry-on 503
  server e0 ${first} id 1
  server e1 ${second} id 2
backend one
  server e0 ${first} maxconn 1
backend full
  timeout queue ${QUEUE_MS}ms
  server e0 ${first} maxconn 1
backend short
  timeout server ${TIMEOUT_MS}ms
  server e0 ${first}
`;

const ourConfig = (port: number, path: string, first: string, second: string): object => {
  const timeouts = { response: '20s', tunnel: '20s' };
  const short = { response: TIMEOUT_MS, idle: TIMEOUT_MS };
  const e0 = { id: 'e0', address: first };
  const gone = { id: 'gone', address: '127.0.0.1:1' };
  const again = [e0, { id: 'e1', address: second }];
  const to = (pool: string): object => ({ match: { path: `/${pool}/*` }, pool });
  return {
    ...{ version: 1, workers: 1, accessLog: { path, format: 'haproxy' } },
    listeners: {
      web: {
        bind: `127.0.0.1:${port}`,
        timeouts: { head: TIMEOUT_MS },
        routes: [
          { match: { path: '/fixed' }, respond: { body: 'fixed' } },
          { match: { path: '/redirect' }, redirect: { to: '/' } },
          ...['nobody', 'dead', 'half', 'again', 'one', 'full', 'short'].map(to),
          { pool: 'main' },
        ],
      },
    },
    pools: {
      main: { endpoints: [e0], timeouts, retries: { attempts: 0 } },
      nobody: { endpoints: [{ ...e0, mode: 'maintenance' }] },
      dead: { endpoints: [gone] },
      half: { policy: 'first', endpoints: [gone, e0], timeouts },
      again: { policy: 'first', endpoints: again, timeouts, retries: { statuses: [503] } },
      one: { endpoints: [{ ...e0, maxConnections: 1 }], timeouts, queue: { size: 10, timeout: '20s' } },
      full: { endpoints: [{ ...e0, maxConnections: 1 }], timeouts, queue: { size: 10, timeout: QUEUE_MS } },
      short: { endpoints: [e0], timeouts: short, retries: { attempts: 0 } },
    },
  };
};

describe.each(transports)(
  `${isSkipped ? 'skipped, as haproxy is not installed: ' : ''}haproxy lines transport=%s`,
  (transport) => {
    const keep = cleanUp();
    const path = join(folder, `${transport}.log`);
    const our = { port: 0, lines: () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []) };
    let theirs: Haproxy;

    beforeAll(async () => {
      if (isSkipped) return;
      const [first, second] = await backends();
      our.port = await freePort();
      theirs = await startHaproxy(haproxySections(first.address, second.address));
      for (const each of [first, second, theirs]) keep(each);
      keep(await startBalancer(ourConfig(our.port, path, first.address, second.address), transport, [our.port]));
    }, TEST_MS);

    /** The line of a scenario. */
    async function lineOf(
      { run, lines = 1, which = lines - 1, why }: LineScenario,
      { port, lines: logged }: Pick<Haproxy, 'port' | 'lines'>,
    ) {
      const before = logged().length;
      seen.clear();
      await run({ port, seen });
      await until(`lines of ${why}`, () => logged().length >= before + lines);
      const line = logged()[before + which]!;
      for (const each of seen.values()) each.reset();
      return line;
    }

    /** What a scenario waited for shows in its spans; a machine that stood still just then is given another turn. */
    async function readBoth(scenario: LineScenario, turns = 5): Promise<Pair> {
      const [theirLine, ourLine] = [await lineOf(scenario, theirs), await lineOf(scenario, our)];
      const pair: Pair = [read(theirLine), read(ourLine), `${theirLine}\n${ourLine}`];
      const isShort = pair.slice(0, 2).some((each) => tooShort(each as Line, scenario).length > 0);
      return isShort && turns > 1 ? readBoth(scenario, turns - 1) : pair;
    }

    test.each(lineScenarios)(
      '$why',
      async (scenario) => {
        if (isSkipped) return;
        const [expected, found, lines] = await readBoth(scenario);
        expect([found.fields, lines]).toEqual([{ ...expected.fields, ...scenario.ours }, lines]);
        for (const each of [expected, found]) {
          expect([tooShort(each, scenario), lines]).toEqual([[], lines]);
          expect(each.sum).toBeLessThanOrEqual(each.spans.ta);
        }
      },
      TEST_MS,
    );

    test(
      'connections of the program and listener, requests of the pool and endpoint',
      async () => {
        if (isSkipped) return;
        for (const { port, lines } of [theirs, our]) {
          const idle = await rawClient(port);
          await idle.send(get('/idle/simple'));
          await idle.response();
          await until('its line', () => lines().some((line) => line.includes('/idle/simple ')));
          // Connections that were closed just now may still be counted.
          for (let counts = ''; counts !== '3/3/1/1'; await sleep(10)) {
            const before = lines().length;
            seen.clear();
            const slow = await rawClient(port, { plain: true });
            await slow.send(get('/never'));
            await until('the slow one', () => seen.has('/never'));
            const quick = await rawClient(port);
            await quick.send(get('/simple'));
            await quick.response();
            slow.reset();
            quick.close();
            await until('both lines', () => lines().length === before + 2);
            counts = read(lines().findLast((line) => line.includes('GET /simple '))!).counts!;
          }
          idle.close();
        }
      },
      TEST_MS,
    );
  },
);

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Admin, startAdmin } from '../../admin/admin.ts';
import { adminDeps } from '../../admin/testing/ask.ts';
import type { RunningServer } from '../../server/server.ts';
import { startLines } from '../../server/testing/start.ts';
import { dispatch } from '../commands.ts';
import { readTarget } from './admin-client.ts';
import { readSubject } from './operation-arguments.ts';
import { table } from './table.ts';

const input = {
  listeners: { web: { bind: '127.0.0.1:0', protocol: 'tcp' as const, pool: 'main' } },
  pools: {
    main: {
      policy: 'round-robin' as const,
      endpoints: ['127.0.0.1:1', { id: 'unix:/run/x', address: 'unix:/run/x', weight: 3 }],
    },
    other: { policy: 'random' as const, endpoints: [3001] },
  },
};
let server: RunningServer;
let admin: Admin;
let url: string;
beforeAll(async () => {
  server = await startLines(input);
  admin = await startAdmin(
    { bind: { kind: 'tcp', host: '127.0.0.1', port: 0 }, token: 'all', readToken: 'look' },
    adminDeps(() => server),
  );
  url = `http://127.0.0.1:${(admin.address as { port: number }).port}`;
});
afterAll(async () => {
  admin.close();
  await server.close();
});
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function type(line: string, env: Record<string, string> = { EQUIPOISE_ADMIN: url, EQUIPOISE_TOKEN: 'all' }) {
  let [out, err] = ['', ''];
  const code = await dispatch(line.split(' '), {
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
    env,
    cwd: '/nowhere',
    color: false,
  });
  return { code, out, err };
}

const endpoint = (index: number) => server.pools()[0]!.endpoints[index]!;

describe('status', () => {
  test('every pool, in words', async () => {
    const { code, out } = await type('status');
    expect(code).toBe(0);
    expect(out).toMatch(/^pool main: round-robin, 2 eligible, 0 in flight\n {2}endpoint +mode +health +in flight/);
    expect(out).toMatch(/\n {2}127\.0\.0\.1:1 +ready +unknown +0 +0 +0 +1\n/);
    expect(out).toMatch(/\n\npool other: random, 1 eligible/);
  });

  test('a pool, an endpoint, their weights', async () => {
    expect((await type('status other')).out).not.toContain('main');
    const { out } = await type('status main/unix:/run/x --weights');
    expect(out).toMatch(/^pool main: round-robin\n {2}endpoint .*\n {2}unix:\/run\/x +3 +3 +file +75 % +–\n$/);
    expect((await type('status main --weights')).out).toMatch(/127\.0\.0\.1:1 +1 +1 +file +25 % +–/);
  });

  test('a pool that has no endpoint', async () => {
    const { id } = server.pools()[1]!.endpoints[0]!;
    expect(await server.removeEndpoint('other', id)).toBe(true);
    expect((await type('status other')).out).toBe(
      'pool other: random, 0 eligible, 0 in flight\n  it has no endpoint\n',
    );
    expect((await type('status other --weights')).out).toBe('pool other: random\n  it has no endpoint\n');
    const address = { kind: 'loopback', port: 3001 } as const;
    await server.addEndpoint('other', { id, address, weight: 1, backup: false, mode: 'ready' });
  });

  test('JSON is what the API says', async () => {
    expect(JSON.parse((await type('status --json')).out).pools).toHaveLength(2);
    expect(JSON.parse((await type('status main --json')).out)).toMatchObject({ name: 'main', eligible: 2 });
    expect(JSON.parse((await type('status main/127.0.0.1:1 --json')).out)).toMatchObject({ id: '127.0.0.1:1' });
  });

  test('whether it is ready, without a token', async () => {
    const env = { EQUIPOISE_ADMIN: url };
    expect(await type('status --ready', env)).toEqual({ code: 0, out: 'ready\n', err: '' });
    expect(JSON.parse((await type('status --ready --json', env)).out)).toEqual({ status: 'ready' });
    expect((await type('status main --ready', env)).code).toBe(2);
    const front = await listen((_request, response) => {
      response.statusCode = 503;
      response.end('{"status":"draining","reason":"no new connections are accepted"}');
    });
    const draining = await type('status --ready', { EQUIPOISE_ADMIN: front });
    expect([draining.code, draining.out]).toEqual([1, '']);
    expect(draining.err).toMatch(/^equipoise: status: http:.* answered 503: no new connections are accepted\n$/);
    expect((await type('status --ready', { EQUIPOISE_ADMIN: '127.0.0.1:1' })).code).toBe(1);
  });
});

describe('changes', () => {
  test('drain, maintenance, ready', async () => {
    expect((await type('drain main/127.0.0.1:1')).out).toBe('main/127.0.0.1:1 is draining; nothing in flight\n');
    expect(endpoint(0).mode).toBe('draining');
    expect((await type('status main')).out).toMatch(/draining .* not picked: mode is draining\n/);
    expect((await type('maintenance main/unix:/run/x')).out).toBe(
      'main/unix:/run/x is in maintenance; nothing in flight\n',
    );
    expect(endpoint(1).mode).toBe('maintenance');
    for (const id of ['127.0.0.1:1', 'unix:/run/x']) {
      expect(await type(`ready main/${id}`)).toEqual({ code: 0, out: `main/${id} is ready\n`, err: '' });
    }
  });

  test('weight', async () => {
    expect((await type('weight main/127.0.0.1:1 9')).out).toBe('main/127.0.0.1:1 has weight 9 (configured: 1)\n');
    expect((await type('status main --weights')).out).toMatch(/127\.0\.0\.1:1 +1 +9 +api +75 %/);
    await type('weight main/127.0.0.1:1 12345');
    expect((await type('status main')).out).toMatch(/127\.0\.0\.1:1 .* 12345\b/);
    expect((await type('status main --weights')).out).toMatch(/127\.0\.0\.1:1 +1 +12345 +api/);
    expect((await type('weight main/127.0.0.1:1 0')).out).toContain('has weight 0');
    expect((await type('ready main/127.0.0.1:1')).out).toBe('main/127.0.0.1:1 is ready, but not picked: weight is 0\n');
    expect(JSON.parse((await type('weight main/127.0.0.1:1 1 --json')).out).weight.origin).toBe('file');
  });

  test('drain --watch ends when nothing is in flight, or at the limit', async () => {
    // Nobody picks in this server, so the requests in flight are told by a stand-in in front of it.
    let inFlight = 2;
    const front = await listen((request, response) => {
      if (request.method === 'GET' && inFlight > 0) inFlight--;
      const mode = 'draining';
      const body = { id: 'a', mode, inFlight, reasons: [], eligible: false, weight: {}, requests: {} };
      response.end(JSON.stringify(request.method === 'GET' ? { name: 'p', endpoints: [body] } : body));
    });
    const done = await type('drain p/a --watch', { EQUIPOISE_ADMIN: front });
    expect([done.code, done.err]).toEqual([0, '']);
    expect(done.out).toMatch(/^p\/a: 2 in flight\np\/a: 1 in flight\np\/a is drained after \d\.\d s\n$/);
    inFlight = 1e9;
    const late = await type('drain p/a --watch --max 1ms', { EQUIPOISE_ADMIN: front });
    expect([late.code, late.err]).toMatchObject([1, expect.stringMatching(/p\/a: \d+ still in flight after 1ms\n$/)]);
    const json = await type('drain p/a --watch --max 1ms --json', { EQUIPOISE_ADMIN: front });
    expect([json.code, JSON.parse(json.out).id]).toEqual([1, 'a']);
  });

  test('drain --watch tells when somebody takes it back, or away', async () => {
    let mode = 'draining';
    let gone = false;
    const front = await listen((request, response) => {
      const body = { id: 'a', mode, inFlight: 1, reasons: [], eligible: false };
      if (request.method === 'GET') mode = 'ready';
      response.end(
        JSON.stringify(request.method === 'GET' ? { name: 'p', endpoints: gone ? [] : [{ ...body, mode }] } : body),
      );
    });
    const back = await type('drain p/a --watch', { EQUIPOISE_ADMIN: front });
    expect([back.code, back.err]).toEqual([1, 'equipoise: drain: p/a is ready again: somebody took it back\n']);
    gone = true;
    const away = await type('drain p/a --watch', { EQUIPOISE_ADMIN: front });
    expect([away.code, away.err]).toEqual([1, 'equipoise: drain: pool p has no endpoint "a"; it has none\n']);
  });
});

describe('what goes wrong is said with what to do', () => {
  test.each([
    ['status mian', 1, 'there is no pool "mian"; did you mean "main"?'],
    ['status main/127.0.0.1:2', 1, 'pool main has no endpoint "127.0.0.1:2"; did you mean "127.0.0.1:1"?'],
    ['drain main/127.0.0.1:2', 1, 'drain: pool main has no endpoint "127.0.0.1:2"; did you mean "127.0.0.1:1"?'],
    ['drain othr/3001', 1, 'there is no pool "othr"; did you mean "other"?'],
    ['drain', 2, 'drain: which endpoint?'],
    ['drain main', 2, '"main" is no <pool>/<endpoint>'],
    ['drain /a', 2, '"/a" is no <pool>/<endpoint>'],
    ['drain main/', 2, '"main/" is no <pool>/<endpoint>'],
    ['drain main/a b', 2, 'unexpected b'],
    ['drain main/a --max 5m', 2, '--max goes with --watch'],
    ['drain main/a --watch --max soon', 2, 'expected a duration, found text "soon"'],
    ['ready main/a b', 2, 'unexpected b'],
    ['maintenance', 2, 'maintenance: which endpoint?'],
    ['weight main/a', 2, 'which weight?'],
    ['weight main/a much', 2, '"much" is no weight'],
    ['weight main/a 65536', 2, '"65536" is no weight'],
    ['weight main/a 1.5', 2, '"1.5" is no weight'],
    ['weight main/a 1 2', 2, 'unexpected 2'],
    ['status main other', 2, 'not also other'],
    ['status --admin ftp://x', 2, '"ftp://x" is no address'],
    ['status --weigths', 2, '--weigths'],
  ])('%s: %d', async (line, code, message) => {
    const result = await type(line);
    expect([result.code, result.out]).toEqual([code, '']);
    expect(result.err).toContain(message);
    if (code === 2) expect(result.err).toContain('usage: equipoise');
  });

  test.each([
    [{}, 'wants a token; give it in EQUIPOISE_TOKEN or by --token'],
    [{ EQUIPOISE_TOKEN: 'wrong' }, 'does not know this token'],
    [{ EQUIPOISE_TOKEN: 'look' }, 'this token may only read'],
  ])('tokens: %j', async (env, message) => {
    const result = await type('drain main/127.0.0.1:1', { EQUIPOISE_ADMIN: url, ...env });
    expect([result.code, result.out]).toEqual([1, '']);
    expect(result.err).toContain(message);
    expect(endpoint(0).mode).toBe('ready');
  });

  test('a token and an address on the command line beat the environment', async () => {
    const env = { EQUIPOISE_ADMIN: 'http://127.0.0.1:1', EQUIPOISE_TOKEN: 'wrong' };
    expect((await type(`status --admin ${url} --token look`, env)).code).toBe(0);
  });

  test('nobody listens', async () => {
    for (const place of ['http://127.0.0.1:1', '1', 'unix:/nowhere/admin.sock']) {
      const { code, err } = await type('status', { EQUIPOISE_ADMIN: place });
      expect(code).toBe(1);
      expect(err).toMatch(
        /^equipoise: status: nobody listens at (http:\/\/127\.0\.0\.1:1|unix:\/nowhere\/admin\.sock);.*--admin/,
      );
    }
  });

  test.each<[string, RequestListener, RegExp]>([
    ['a page', (_, response) => response.end('<html>'), /is no admin server of equipoise \(status 200\)/],
    ['a page that is not there', (_, response) => response.writeHead(404).end('no'), /is no admin server .*status 404/],
    ['a number', (_, response) => response.end('7'), /is no admin server/],
    ['nothing', (request) => request.socket.destroy(), /cannot be asked: .*--admin/],
  ])('something else listens: %s', async (_what, answer, message) => {
    const { code, err } = await type('status', { EQUIPOISE_ADMIN: await listen(answer) });
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});

test('by a unix socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-ops-'));
  const path = join(folder, 'admin.sock');
  const local = await startAdmin(
    { bind: { kind: 'unix', path } },
    adminDeps(() => server),
  );
  expect((await type(`status other --admin unix:${path}`, {})).out).toContain('pool other');
  local.close();
  rmSync(folder, { recursive: true });
});

test.each([
  ['9900', 'http://127.0.0.1:9900'],
  ['10.0.0.1:9900', 'http://10.0.0.1:9900'],
  ['[::1]:9900', 'http://[::1]:9900'],
  ['https://lb.example/', 'https://lb.example'],
  ['unix:/run/a.sock', 'unix:/run/a.sock'],
])('--admin %s is %s', (text, name) => expect(readTarget(text, '')).toMatchObject({ name }));

test.each([
  ['main', { pool: 'main' }],
  ['main/a', { pool: 'main', endpoint: 'a' }],
  ['main/10.0.0.1:80', { pool: 'main', endpoint: '10.0.0.1:80' }],
  ['main/[::1]:80', { pool: 'main', endpoint: '[::1]:80' }],
  ['main/unix:/run/x.sock', { pool: 'main', endpoint: 'unix:/run/x.sock' }],
  ['', undefined],
  ['main/', undefined],
  ['/a', undefined],
])('%j names %j', (text, want) => expect(readSubject(text)).toEqual(want));

test('columns are as wide as they must be, numbers at the right', () => {
  expect(
    table(
      ['a', 'long', 'n'],
      [
        ['xyz', 'b', 5],
        ['x', 'c', 1234],
      ],
    ),
  ).toBe('  a    long     n\n  xyz  b        5\n  x    c     1234\n');
});

function listen(answer: RequestListener): Promise<string> {
  const front = createServer(answer);
  stops.push(() => {
    front.close();
    front.closeAllConnections();
  });
  return new Promise((resolve) => {
    front.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(front.address() as { port: number }).port}`));
  });
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLines } from '../server/testing/start.ts';
import { startAdmin } from './admin.ts';
import { createPage, type Page } from './page.ts';
import { adminDeps, ask } from './testing/ask.ts';
import { Overview } from './wire.ts';

let folder: string;
let page: Page;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'page-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<script src="./assets/index-x1.js"></script>');
  writeFileSync(join(folder, 'assets/index-x1.js'), 'run()');
  writeFileSync(join(folder, 'assets/secret.txt'), 'not of the page');
  page = createPage([join(folder, 'nowhere'), folder]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const get = (path: string, headers: Record<string, string> = {}) => page.answer(path, { headers });

describe('page', () => {
  test('its start is asked for again each time, and lets nothing foreign in', () => {
    const answer = get('/')!;
    expect([answer.status, answer.type]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-cache', etag: '"x1"' });
    const policy = answer.headers?.['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|\*|http/);
    expect(get('/', { 'if-none-match': '"x1"' })).toMatchObject({ status: 304, body: '' });
  });

  test('its files are kept for good under their names', () => {
    expect(get('/assets/index-x1.js')?.headers?.['cache-control']).toContain('immutable');
  });

  test.each([
    { accepted: 'gzip, br', packed: true },
    { accepted: 'gzip;q=0.5', packed: true },
    { accepted: 'gzip;q=0, br', packed: false },
    { accepted: '', packed: false },
  ])('Accept-Encoding "$accepted": packed $packed', ({ accepted, packed }) => {
    const { body, headers } = get('/assets/index-x1.js', { 'accept-encoding': accepted })!;
    expect(headers?.['content-encoding']).toBe(packed ? 'gzip' : undefined);
    expect((packed ? gunzipSync(body) : Buffer.from(body)).toString()).toBe('run()');
    expect(headers?.['vary']).toBe('accept-encoding');
  });

  test.each(['/assets/', '/assets/secret.txt', '/assets/../index.html', '/assets/%2e%2e/index.html', '/index.html'])(
    '%s is no file of it',
    (path) => expect(get(path)).toBeUndefined(),
  );

  test('where it is not built it says how to build it, and is there once it is', () => {
    const late = join(folder, 'late');
    const waiting = createPage([late]);
    expect(waiting.answer('/', { headers: {} })).toMatchObject({
      status: 503,
      body: expect.stringContaining('npm run build'),
    });
    mkdirSync(join(late, 'assets'), { recursive: true });
    writeFileSync(join(late, 'index.html'), 'now');
    expect(waiting.answer('/', { headers: {} })?.status).toBe(200);
  });
});

type RouteInput = NonNullable<NonNullable<Parameters<typeof startLines>[0]['listeners']>[string]['routes']>[number];

describe('overview', () => {
  test('as its schema says, with what was counted for each endpoint', async () => {
    const web = { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' } as const;
    const server = await startLines({
      listeners: { web },
      pools: { main: { endpoints: ['127.0.0.1:1', '127.0.0.1:2'] } },
    });
    const bind = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
    const admin = await startAdmin(
      { bind, token: 'secret' },
      adminDeps(() => server),
    );
    const traffic = (await server.collect()).pool('web', 'main');
    for (const ms of [3, 3, 40]) traffic.request(1, 200, ms);
    // The page holds no secret and is given to anybody; what it asks for is not.
    expect((await ask(admin, '/')).type).toBe('text/html; charset=utf-8');
    expect((await ask(admin, '/', { method: 'POST' })).status).toBe(405);
    expect((await ask(admin, '/api/v1/overview')).status).toBe(401);
    const { json } = await ask(admin, '/api/v1/overview', { headers: { authorization: 'Bearer secret' } });
    const overview = Overview.parse(json);
    expect(overview).toEqual(json);
    const [idle, busy] = overview.pools[0]!.endpoints;
    expect(idle!.latencySteps.counts).toEqual([]);
    const { first, counts } = busy!.latencySteps;
    const bounds = overview.latencyBoundsMs;
    expect(counts.flatMap((count, i) => (count > 0 ? [[bounds[first + i], count]] : []))).toEqual([
      [3, 2],
      [40, 1],
    ]);
    expect(overview.listeners[0]).toMatchObject({
      name: 'web',
      routes: [{ name: '*', match: [], pools: [{ pool: 'main', share: 1 }] }],
      traffic: [{ pool: 'main', requests: { '2xx': 3 } }],
    });
    expect(overview).not.toHaveProperty('refusal');
    admin.close();
    await server.close();
  });

  test('what went through each route, the first of a name for all that have it; and who may only look', async () => {
    const routes: RouteInput[] = [
      { match: { path: '/a/*' }, pool: 'one' },
      {
        match: { path: '/b/*' },
        pools: [
          { pool: 'one', weight: 3 },
          { pool: 'two', weight: 1 },
        ],
      },
      { match: { path: '/a/*' }, role: 'replica', pool: 'two' },
      { pool: 'two' },
    ];
    const server = await startLines({
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http', routes } },
      pools: { one: { endpoints: ['127.0.0.1:1'] }, two: { endpoints: ['127.0.0.1:2'] } },
    });
    const bind = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
    const admin = await startAdmin(
      { bind, token: 'secret', readToken: 'look' },
      adminDeps(() => server),
    );
    const counters = await server.collect();
    counters.pool('web', 'one').route('/a/*').request(0, 200, 1);
    counters.pool('web', 'one').route('/b/*').request(0, 503, 1);
    counters.pool('web', 'two').route('/b/*').request(0, 200, 1);
    const { json } = await ask(admin, '/api/v1/overview', { headers: { authorization: 'Bearer look' } });
    const overview = Overview.parse(json);
    expect(overview.refusal).toContain('may only read');
    const told = overview.listeners[0]!.routes.map(({ traffic }) =>
      traffic?.map(({ pool, requests }) => [pool, requests['2xx'], requests['5xx']]),
    );
    expect(told).toEqual([
      [['one', 1, 0]],
      [
        ['one', 0, 1],
        ['two', 1, 0],
      ],
      undefined,
      [],
    ]);
    // Beyond 200 routes of a pool the others are counted together: 0 would be a lie.
    counters.pool('web', 'two').route('other').request(0, 200, 1);
    const later = await ask(admin, '/api/v1/overview', { headers: { authorization: 'Bearer look' } });
    expect(Overview.parse(later.json).listeners[0]!.routes[3]).not.toHaveProperty('traffic');
    admin.close();
    await server.close();
  });
});

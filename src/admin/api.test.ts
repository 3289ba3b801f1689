// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax under test
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { AdminOptions } from '../config/config.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { ServerEvent } from '../server/events.ts';
import type { RunningServer } from '../server/server.ts';
import { startLines } from '../server/testing/start.ts';
import { type Admin, type AdminDeps, startAdmin } from './admin.ts';
import { adminDeps, ask, type Question } from './testing/ask.ts';
import { PoolList, PoolState } from './wire.ts';

const bind = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
const input = {
  listeners: { web: { bind: '127.0.0.1:0', protocol: 'tcp' as const, pool: 'main' } },
  pools: {
    main: {
      policy: 'round-robin' as const,
      endpoints: ['127.0.0.1:1', { id: 'b/x:2', address: '127.0.0.1:2', weight: 3, zone: 'z', maxConnections: 7 }],
    },
  },
};
let server: RunningServer;
let admin: Admin;
let heard: ServerEvent[];

beforeEach(async () => {
  server = await startLines(input);
  heard = [];
  server.events.subscribe((event) => heard.push(event));
  admin = await start();
});
afterEach(async () => {
  admin.close();
  await server.close();
});

const start = (options: Partial<AdminOptions> = {}, deps: Partial<AdminDeps> = {}) =>
  startAdmin(
    { bind, ...options },
    adminDeps(() => server, deps),
  );

const main = '/api/v1/pools/main';
const call = (method: string, path: string, body?: unknown, question: Question = {}) =>
  ask(admin, path, { method, ...(body !== undefined && { body }), ...question });
const audits = () => heard.flatMap((event) => (event.kind === 'audit' ? [event.what] : []));

describe('pools', () => {
  test('all of them, as the schema says', async () => {
    const { status, json } = await call('GET', '/api/v1/pools');
    expect(status).toBe(200);
    expect(PoolList.parse(json)).toEqual(json);
    expect(json.pools[0].endpoints.map((each: { id: string }) => each.id)).toEqual(['127.0.0.1:1', 'b/x:2']);
  });

  test('one, with what was counted', async () => {
    const traffic = (await server.collect()).pool('web', 'main');
    for (const latencyMs of [1, 2, 300]) traffic.request(1, 200, latencyMs);
    traffic.request(1, 503, 2);
    traffic.failed(1, 'status');
    traffic.failed(1, 'closed');
    traffic.connectFailed(0);
    traffic.retried(1);
    const { json } = await call('GET', main);
    expect(PoolState.parse(json)).toEqual(json);
    expect(json).toMatchObject({
      ...{ name: 'main', policy: 'round-robin', eligible: 2, inFlight: 0, retries: 1, connectFailures: 1, failures: 3 },
      requests: { '2xx': 3, '5xx': 1, '4xx': 0 },
      endpoints: [
        {
          connectFailures: 1,
          failures: 1,
          requests: { '2xx': 0 },
          weight: { configured: 1, effective: 1, origin: 'file' },
        },
        {
          zone: 'z',
          maxConnections: 7,
          requests: { '2xx': 3, '5xx': 1 },
          failures: 2,
          retries: 1,
          reasons: [],
          eligible: true,
        },
      ],
    });
    expect(json.latencyMs.count).toBe(4);
    // Buckets are 1/16 wide.
    expect(json.latencyMs.p50 / 2).toBeCloseTo(1, 1);
    expect(json.latencyMs.p99 / 300).toBeCloseTo(1, 1);
  });

  test('what is not there is named, with the nearest', async () => {
    const { status, type, json } = await call('GET', '/api/v1/pools/mian');
    expect([status, type]).toEqual([404, 'application/problem+json']);
    expect(json).toMatchObject({ detail: 'there is no pool "mian"', fix: 'did you mean "main"?' });
  });

  test.each([
    '__proto__',
    'constructor',
    '..',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '%00',
    '%F0%9F%A6%8A',
    'a'.repeat(9000),
  ])('no pool %s', async (name) => expect((await call('GET', `/api/v1/pools/${name}`)).status).toBe(404));

  test('while the program starts', async () => {
    const starting = await startAdmin(
      { bind },
      adminDeps(() => undefined),
    );
    const { status, json } = await ask(starting, '/api/v1/pools');
    expect([status, json.detail]).toEqual([503, 'the program is starting']);
    starting.close();
  });
});

describe('PATCH an endpoint', () => {
  const path = `${main}/endpoints/127.0.0.1:1`;

  test('mode and weight are in force when it answers, and audited', async () => {
    const { status, json } = await call('PATCH', path, { mode: 'draining', weight: 5 });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      ...{ mode: 'draining', eligible: false, reasons: ['mode is draining'], inFlight: 0 },
      weight: { configured: 1, effective: 5, origin: 'api' },
    });
    expect(server.pools()[0]!.endpoints[0]).toMatchObject({ mode: 'draining', weight: 5 });
    expect(audits()).toEqual(['pool main: endpoint 127.0.0.1:1: mode draining, weight 5']);
    expect(heard.find((event) => event.kind === 'audit')).toMatchObject({ from: '127.0.0.1', credential: 'none' });
    const back = await call('PATCH', path, { mode: 'ready', weight: 0 });
    expect(back.json).toMatchObject({ mode: 'ready', eligible: false, reasons: ['weight is 0'] });
  });

  test('an id with a slash, escaped or not', async () => {
    for (const id of ['b%2Fx%3A2', 'b/x:2']) {
      expect((await call('PATCH', `${main}/endpoints/${id}`, { weight: 9 })).status).toBe(200);
    }
  });

  test.each<[string, unknown, number, string]>([
    ['an unknown mode', { mode: 'drainin' }, 400, 'did you mean \\"draining\\"?'],
    ['a weight too large', { weight: 65_536 }, 400, 'the most is 65535'],
    ['a weight below 0', { weight: -1 }, 400, 'the least is 0'],
    ['a fraction', { weight: 1.5 }, 400, 'a whole number'],
    ['a text', { weight: '5' }, 400, 'expected a number, found text \\"5\\"'],
    ['nothing', {}, 400, 'nothing is to be changed'],
    ['null', 'null', 400, 'expected a mapping, found nothing'],
    ['a list', [], 400, 'expected a mapping, found a list'],
    ['another key', { mod: 'ready' }, 400, 'did you mean \\"mode\\"?'],
    ['a prototype', '{"mode":"draining","__proto__":{"weight":1}}', 400, 'unknown key \\"__proto__\\"'],
    ['a constructor', '{"mode":"draining","constructor":{}}', 400, 'unknown key \\"constructor\\"'],
    ['no JSON', '{mode: draining}', 400, 'the body is not JSON'],
    ['an empty body', '', 400, 'the body is not JSON'],
    ['deep nesting', '['.repeat(500_000), 400, 'the body is not JSON'],
  ])('%s: $2', async (_why, body, status, text) => {
    const headers = { 'content-type': 'application/json' };
    const reply = await call('PATCH', path, body, { headers });
    expect([reply.status, reply.type]).toEqual([status, 'application/problem+json']);
    expect(reply.text).toContain(text);
    expect(server.pools()[0]!.endpoints[0]).toMatchObject({ mode: 'ready', weight: 1 });
    expect(audits()).toEqual([]);
  });

  test('every mistake is listed', async () => {
    const { json } = await call('PATCH', path, { mode: 'x', weight: -1, y: 1 });
    expect(json.problems.map((each: { path: string }) => each.path)).toEqual(['y', 'mode', 'weight']);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '',
    'application/jsonp',
  ])('a body that a form could send is refused: %s', async (type) => {
    const { status, json } = await call('PATCH', path, '{"mode":"draining"}', { headers: { 'content-type': type } });
    expect([status, json.fix]).toEqual([415, 'send Content-Type: application/json']);
    expect(server.pools()[0]!.endpoints[0]!.mode).toBe('ready');
  });

  test('bytes that are no UTF-8, and a packed body', async () => {
    const type = { 'content-type': 'application/json; charset=utf-8' };
    const latin = await call('PATCH', path, Buffer.from([0x22, 0xff, 0x22]).toString('latin1'), { headers: type });
    expect(latin.status).toBe(400);
    const packed = await call('PATCH', path, '{}', { headers: { ...type, 'content-encoding': 'gzip' } });
    expect(packed.status).toBe(415);
  });

  test('unknown endpoints and pools', async () => {
    const near = await call('PATCH', `${main}/endpoints/127.0.0.1:3`, { mode: 'ready' });
    expect([near.status, near.json.detail]).toEqual([404, 'pool main has no endpoint "127.0.0.1:3"']);
    expect(near.json.fix).toContain('did you mean "127.0.0.1:');
    expect((await call('PATCH', '/api/v1/pools/x/endpoints/a', { mode: 'ready' })).json.detail).toContain(
      'no pool "x"',
    );
  });

  test('not while the program ends', async () => {
    await server.drain();
    const { status, json } = await call('PATCH', path, { mode: 'draining' });
    expect([status, json.detail]).toEqual([409, 'the program is closed and takes no changes']);
  });
});

describe('POST and DELETE an endpoint', () => {
  test('it comes, may be changed, and goes', async () => {
    const added = await call('POST', `${main}/endpoints`, { id: 'n', address: '127.0.0.1:9', weight: 2, zone: 'q' });
    expect([added.status, added.headers['location']]).toEqual([201, `${main}/endpoints/n`]);
    expect(added.json).toMatchObject({
      ...{ id: 'n', zone: 'q', eligible: true, addedAtRuntime: true },
      weight: { configured: 2, effective: 2, origin: 'api' },
    });
    expect((await call('PATCH', `${main}/endpoints/n`, { weight: 4 })).json.weight.effective).toBe(4);
    const removed = await call('DELETE', `${main}/endpoints/n`);
    expect([removed.status, removed.json]).toEqual([200, { pool: 'main', id: 'n', inFlight: 0 }]);
    expect(server.pools()[0]!.endpoints).toHaveLength(2);
    expect((await call('DELETE', `${main}/endpoints/n`)).status).toBe(404);
    expect(audits()).toEqual([
      'pool main: endpoint n added',
      'pool main: endpoint n: weight 4',
      'pool main: endpoint n removed',
    ]);
  });

  test('an address alone, as in a file', async () => {
    const { status, headers } = await call('POST', `${main}/endpoints`, '"unix:/run/x.sock"', {
      headers: { 'content-type': 'application/json' },
    });
    expect([status, headers['location']]).toEqual([201, `${main}/endpoints/unix%3A%2Frun%2Fx.sock`]);
  });

  test.each<[string, unknown, number, string]>([
    ['one that is there', { id: 'b/x:2', address: '127.0.0.1:9' }, 409, 'has an endpoint \\"b/x:2\\" already'],
    ['no address', { id: 'n' }, 400, 'address: is required'],
    ['a bad address', { address: 'http://x:1/' }, 400, 'write \\"x:1\\"'],
    ['an id of other letters', { id: 'é', address: 'h:1' }, 400, 'use visible ASCII'],
    ['an unknown key', { address: 'h:1', wieght: 3 }, 400, 'did you mean \\"weight\\"?'],
    ['a substitution', { address: '${HOME}:1' }, 400, 'is neither an IP address nor a host name'],
  ])('%s is refused', async (_why, body, status, text) => {
    const reply = await call('POST', `${main}/endpoints`, body);
    expect(reply.status).toBe(status);
    expect(reply.text).toContain(text);
    expect(server.pools()[0]!.endpoints).toHaveLength(2);
  });

  test('to no pool', async () => {
    expect((await call('POST', '/api/v1/pools/x/endpoints', { address: 'h:1' })).status).toBe(404);
  });
});

describe('configuration', () => {
  const yaml = { headers: { 'content-type': 'application/yaml' } };
  const file = (pool: string, top = '') =>
    `${top}\nlisteners:\n  web: { bind: 127.0.0.1:0, protocol: tcp, pool: main }\npools:\n  main: { ${pool} }\n`;
  const put = (text: string, question: Question = yaml) => call('PUT', '/api/v1/config', text, question);
  /** Reloading wants the listeners' protocol, which the line server does not have. */
  const accepted: unknown[] = [];
  beforeEach(() => {
    accepted.length = 0;
    server.reload = (config) => {
      accepted.push(config);
      return Promise.resolve({ changes: ['pool main: changed'], needsRestart: [] });
    };
  });

  test('by Accept, with secrets hidden', async () => {
    Object.defineProperty(server, 'config', {
      value: { ...server.config, admin: { bind, token: 'hush', readToken: 'psst' } },
    });
    const json = await call('GET', '/api/v1/config');
    expect(json.json.pools.main.endpoints[1]).toMatchObject({ id: 'b/x:2', address: '127.0.0.1:2' });
    const text = await call('GET', '/api/v1/config', undefined, { headers: { accept: 'application/yaml' } });
    expect(text.type).toBe('application/yaml');
    expect(parse(text.text)).toEqual(json.json);
    for (const { text: shown } of [json, text]) expect(shown).not.toMatch(/hush|psst|# default/);
    const none = await call('GET', '/api/v1/config', undefined, { headers: { accept: 'text/html, image/*' } });
    expect(none.status).toBe(406);
  });

  test.each(['application/yaml', 'text/yaml', 'application/x-yaml; charset=utf-8', 'application/json'])(
    'is replaced, by %s',
    async (type) => {
      const text = type.includes('json') ? JSON.stringify(parse(file('endpoints: [1]'))) : file('endpoints: [1]');
      const { status, json } = await put(text, { headers: { 'content-type': type } });
      expect([status, json]).toEqual([200, { changes: ['pool main: changed'], needsRestart: [], warnings: [] }]);
      expect(accepted).toHaveLength(1);
      expect(audits()).toEqual(['configuration replaced: pool main: changed']);
    },
  );

  test('every mistake is said with path, line and fix', async () => {
    const { status, json } = await put(file('polcy: p2c, endpoints: [{ address: 1, weight: x }]'));
    expect(status).toBe(400);
    expect(json.problems).toEqual([
      { line: 5, column: 11, path: 'pools.main.polcy', message: 'unknown key "polcy"', fix: 'did you mean "policy"?' },
      { line: 5, column: 57, path: 'pools.main.endpoints[0].weight', message: 'expected a number, found text "x"' },
    ]);
    expect(accepted).toEqual([]);
  });

  test('warnings come with it', async () => {
    const { json } = await put(`${file('endpoints: [1]')}  other: { endpoints: [2] }\n`);
    expect(json.warnings).toEqual([
      { line: 6, column: 3, path: 'pools.other', message: 'no route leads to this pool' },
    ]);
  });

  test('a reload that fails is a conflict', async () => {
    server.reload = () => Promise.reject(new EquipoiseError('listen-failed', '127.0.0.1:80 is in use'));
    const { status, json } = await put(file('endpoints: [1]'));
    expect(status).toBe(409);
    expect(json.detail).toBe('nothing was changed: 127.0.0.1:80 is in use');
    expect(audits()).toEqual([]);
  });

  test.each<[string, string]>([
    ['empty', ''],
    ['no mapping', '7'],
    ['a bomb of aliases', `a: &a [x]\nb: &b [${'*a,'.repeat(2000)}]`],
    ['nested deeply', '{a: '.repeat(20_000)],
    ['a prototype', '__proto__: { listeners: {} }'],
  ])('hostile: %s', async (_why, text) => {
    const { status, json } = await put(text);
    expect(status).toBe(400);
    expect(json.problems.length).toBeGreaterThan(0);
  });

  describe('without a token, nothing that only this process may do', () => {
    const folder = mkdtempSync(join(tmpdir(), 'equipoise-admin-'));
    writeFileSync(join(folder, 'secret'), 'top-secret');
    writeFileSync(join(folder, 'run.mjs'), 'globalThis.ranForStrangers = true; export const pick = () => 0;');
    const deps = { configFile: join(folder, 'lb.yaml'), env: { SECRET: 'top-secret' } };
    const host = (value: string) => file(`endpoints: [1], host: "${value}"`);

    test.each([
      ['the environment', host('${SECRET}')],
      ['the environment, with a default', host('${SECRET:-x}')],
      ['the environment, disguised', host('\\u0024{SECRET}')],
      ['a file', host('${file:secret}')],
      ['a module', file('endpoints: [1], policy: { module: ./run.mjs#pick }')],
    ])('%s', async (_why, text) => {
      admin.close();
      admin = await start({}, deps);
      const reply = await put(text);
      expect(reply.status).toBe(403);
      expect(reply.json.fix).toContain('set admin.token');
      expect(reply.text).not.toContain('top-secret');
      expect(accepted).toEqual([]);
      expect('ranForStrangers' in globalThis).toBe(false);
    });

    test('with it they are', async () => {
      admin.close();
      admin = await start({ token: 't' }, deps);
      const headers = { ...yaml.headers, authorization: 'Bearer t' };
      expect((await put(host('${file:secret}'), { headers })).status).toBe(200);
      expect((await put(file('endpoints: [1], policy: { module: ./run.mjs#pick }'), { headers })).status).toBe(200);
      expect(heard.findLast((event) => event.kind === 'audit')).toMatchObject({ credential: 'token' });
      rmSync(folder, { recursive: true });
    });
  });

  test('hidden secrets that come back are those in force', async () => {
    const inForce = { bind: { ...bind, port: 9900 }, token: 'hush', readToken: 'psst' };
    Object.defineProperty(server, 'config', { value: { ...server.config, admin: inForce } });
    const top = 'admin: { bind: 127.0.0.1:9900, token: "***", readToken: "***" }';
    expect((await put(file('endpoints: [1]', top))).status).toBe(200);
    expect(accepted[0]).toMatchObject({ admin: inForce });
  });

  test('a key in a URL is shown to nobody, and a hidden one goes to no other collector', async () => {
    const inForce = {
      ...{ endpoint: 'http://c:1/v1?key=hush', headers: { 'x-key': 'psst' }, sampleRate: 0.1, parentBased: 'all' },
      ...{ serviceName: 'equipoise', hideQuery: 'all' },
    };
    Object.defineProperty(server, 'config', { value: { ...server.config, tracing: inForce } });
    for (const accept of ['application/json', 'application/yaml']) {
      const { text } = await call('GET', '/api/v1/config', undefined, { headers: { accept } });
      expect(text).toContain('http://c:1/v1?key=***');
      expect(text).not.toMatch(/hush|psst/);
    }
    const hidden = (endpoint: string) =>
      put(file('endpoints: [1]', `tracing: { endpoint: "${endpoint}", headers: { x-key: "***" } }`));
    expect((await hidden('http://c:1/v1?key=***')).status).toBe(200);
    expect(accepted[0]).toMatchObject({ tracing: inForce });
    const { status, json } = await hidden('http://thief:1/v1?key=***');
    expect(status).toBe(400);
    const paths = (json.problems as { path: string }[]).map(({ path }) => path);
    expect([paths, accepted.length]).toEqual([['tracing.endpoint', 'tracing.headers.x-key'], 1]);
  });
});

describe('the edges', () => {
  test('a body above 1 MiB, announced or not, ends with 413', async () => {
    const headers = { 'content-type': 'application/yaml' };
    const huge = `#${'x'.repeat(3 * 1024 * 1024)}`;
    for (const extra of [{}, { 'transfer-encoding': 'chunked' }]) {
      const { status } = await call('PUT', '/api/v1/config', huge, { headers: { ...headers, ...extra } });
      expect(status).toBe(413);
    }
    const fits = `#${'x'.repeat(1024 * 1024 - 1)}`;
    expect((await call('PUT', '/api/v1/config', fits, { headers })).status).toBe(400);
  });

  test('scopes', async () => {
    admin.close();
    admin = await start({ token: 'all', readToken: 'look' });
    const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    const path = `${main}/endpoints/127.0.0.1:1`;
    const patch = (token: string) =>
      call(
        'PATCH',
        path,
        { mode: 'draining' },
        {
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        },
      );
    expect((await call('GET', main)).status).toBe(401);
    expect((await call('GET', main, undefined, as('look'))).status).toBe(200);
    expect((await patch('look')).json).toMatchObject({ status: 403, detail: expect.stringContaining('only read') });
    expect((await patch('al')).status).toBe(401);
    expect((await patch('all')).status).toBe(200);
    // What is not there is not told to strangers.
    expect((await call('GET', '/nothing')).status).toBe(401);
  });

  test.each(['OPTIONS', 'POST', 'DELETE', 'TRACE'])('%s of what can be read', async (method) => {
    const { status, headers } = await call(method, '/api/v1/pools');
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  test('nothing lets a page of another site read', async () => {
    const { headers } = await call('GET', main);
    expect(headers).toMatchObject({
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('HEAD has no body', async () => {
    const { status, text } = await call('HEAD', main);
    expect([status, text]).toEqual([200, '']);
  });
});

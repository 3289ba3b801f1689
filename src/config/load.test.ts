// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax under test
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Config } from './config.ts';
import { configFromValue, loadConfig, parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const directory = mkdtempSync(join(tmpdir(), 'equipoise-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

const env = { PORT: '8081', EMPTY: '', YES: 'true', INTERVAL: '300', SLOW: '2m' };

function good(text: string): Config {
  const result = parseConfig(text, { file: 'good.yaml', env });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.config;
}

function problemsOf(text: string): string[] {
  const result = parseConfig(text, { file: 'f', env });
  return result.ok ? [] : result.problems.map(formatProblem);
}

function warningsOf(text: string): string[] {
  const result = parseConfig(text, { file: 'f', env });
  return result.ok ? result.warnings.map(formatProblem) : ['not ok'];
}

/** A file that is good but for what is put into its listener, its pool, or its top. */
const file = ({ top = '', listener = '', route = 'pool: a', pool = '', endpoints = '[127.0.0.1:2]' }) =>
  `${top}\nlisteners:\n  web: { bind: 127.0.0.1:1, ${listener} routes: [{ ${route} }] }\npools:\n  a: { ${pool} endpoints: ${endpoints} }\n`;

describe('defaults', () => {
  test('an almost empty file gets the defaults of the contract', () => {
    expect(good('listeners: { web: { bind: 0.0.0.0:80, pool: a } }\npools: { a: { endpoints: [3000] } }')).toEqual({
      version: 1,
      workers: 'auto',
      drainTimeout: 30_000,
      limits: { connections: 100_000 },
      listeners: {
        web: {
          bind: [{ kind: 'tcp', host: '0.0.0.0', port: 80 }],
          protocol: 'http',
          trustedProxies: [],
          timeouts: { head: 10_000, body: 30_000, keepAlive: 60_000 },
          limits: { headBytes: 65_536, headerFields: 128, bodyBytes: 1_073_741_824, connections: 100_000 },
          routes: [{ pool: 'a' }],
        },
      },
      pools: {
        a: {
          policy: { type: 'adaptive' },
          endpoints: [
            { id: '3000', address: { kind: 'loopback', port: 3000 }, weight: 1, backup: false, mode: 'ready' },
          ],
          retries: {
            ...{ attempts: 1, budget: 0.2, backoff: 25, statuses: [], bufferBytes: 65_536, maxRetryAfter: 1000 },
          },
          timeouts: { connect: 5000, response: 60_000, idle: 60_000, tunnel: 3_600_000 },
          connections: { idle: 256, maxAge: 600_000, maxRequests: 100_000 },
          servedBy: false,
          forwarded: false,
          requestId: false,
        },
      },
    });
  });
});

describe('accepted values', () => {
  test.each<[string, string, (config: Config) => unknown, unknown]>([
    [
      'several binds',
      'listeners: { w: { bind: ["[::1]:1", unix:/run/x.sock, name:3], respond: {} } }'.replace(
        'respond: {}',
        'routes: [{ respond: {} }]',
      ),
      (c) => c.listeners.w!.bind,
      [
        { kind: 'tcp', host: '::1', port: 1 },
        { kind: 'unix', path: '/run/x.sock' },
        { kind: 'tcp', host: 'name', port: 3 },
      ],
    ],
    [
      'a response',
      file({ route: 'respond: { body: ok }' }),
      (c) => c.listeners.web!.routes[0]!.respond,
      { status: 200, body: 'ok', contentType: 'text/plain; charset=utf-8' },
    ],
    [
      'a redirect',
      file({ route: 'redirect: { to: "https://{host}{path}{query}", status: 308 }' }),
      (c) => c.listeners.web!.routes[0]!.redirect,
      { status: 308, to: 'https://{host}{path}{query}' },
    ],
    [
      'one of everything in a match',
      file({ route: 'match: { host: API.example.com, path: /v1/*, method: GET }, pool: a' }),
      (c) => c.listeners.web!.routes[0]!.match,
      { host: ['api.example.com'], path: ['/v1/*'], method: ['GET'] },
    ],
    [
      'lists in a match',
      file({ route: 'match: { host: ["*.b.c", "[::1]"], method: [GET, PURGE] }, pool: a' }),
      (c) => c.listeners.web!.routes[0]!.match,
      { host: ['*.b.c', '[::1]'], method: ['GET', 'PURGE'] },
    ],
    [
      'a route time-out',
      file({ route: 'pool: a, timeouts: { response: 1.5s }' }),
      (c) => c.listeners.web!.routes[0]!.timeouts,
      { response: 1500 },
    ],
    [
      'weighted pools',
      file({ route: 'pools: [{ pool: a, weight: 9 }]' }),
      (c) => c.listeners.web!.routes[0]!.pools,
      [{ pool: 'a', weight: 9 }],
    ],
    [
      'a lone address as a network',
      file({ listener: 'trustedProxies: [10.1.2.3, fd00::/8],' }),
      (c) => c.listeners.web!.trustedProxies,
      ['10.1.2.3/32', 'fd00::/8'],
    ],
    [
      'sizes',
      file({ listener: 'limits: { headBytes: 1kB, bodyBytes: 0.5MiB, perSource: 3 },' }),
      (c) => c.listeners.web!.limits,
      { headBytes: 1000, headerFields: 128, bodyBytes: 524_288, connections: 100_000, perSource: 3 },
    ],
    [
      'durations',
      file({ listener: 'timeouts: { head: 250ms, body: 1m, keepAlive: 7 },' }),
      (c) => c.listeners.web!.timeouts,
      { head: 250, body: 60_000, keepAlive: 7 },
    ],
    [
      'a policy with options',
      file({ pool: 'policy: { type: ring-hash, virtualNodes: 7 },' }),
      (c) => (c.pools.a!.policy as { virtualNodes?: number }).virtualNodes,
      7,
    ],
    [
      'a full endpoint',
      file({
        endpoints:
          '[{ id: x, address: "[fd00::1]:1", weight: 3, zone: z, maxConnections: 5, mode: draining, location: { latitude: -1.5, longitude: 2 } }]',
      }),
      (c) => c.pools.a!.endpoints[0],
      {
        id: 'x',
        address: { kind: 'tcp', host: 'fd00::1', port: 1 },
        weight: 3,
        zone: 'z',
        maxConnections: 5,
        mode: 'draining',
        backup: false,
        location: { latitude: -1.5, longitude: 2 },
      },
    ],
    ['a unix endpoint', file({ endpoints: '[unix:/a.sock]' }), (c) => c.pools.a!.endpoints[0]!.id, 'unix:/a.sock'],
    [
      'a tcp check',
      file({ pool: 'health: { type: tcp, interval: 5s },' }),
      (c) => c.pools.a!.health,
      {
        type: 'tcp',
        interval: 5000,
        timeout: 1000,
        rise: 2,
        fall: 3,
        initial: 'unknown',
        jitter: 0.1,
        skipWhileServing: false,
      },
    ],
    [
      'pool switches',
      file({ pool: 'servedBy: true, forwarded: true, requestId: true, host: x.y:8080,' }),
      (c) => [c.pools.a!.servedBy, c.pools.a!.forwarded, c.pools.a!.requestId, c.pools.a!.host],
      [true, true, true, 'x.y:8080'],
    ],
    [
      'an admin server on loopback',
      file({ top: 'admin: { bind: 127.0.0.1:9, token: "${EMPTY}" }' }),
      (c) => c.admin,
      { bind: { kind: 'tcp', host: '127.0.0.1', port: 9 } },
    ],
    [
      'an admin server beyond it with a token',
      file({ top: 'admin: { bind: 0.0.0.0:9, token: t }' }),
      (c) => c.admin?.token,
      't',
    ],
    [
      'an admin server on a unix socket',
      file({ top: 'admin: { bind: unix:/a.sock }' }),
      (c) => c.admin?.bind.kind,
      'unix',
    ],
    [
      'a tcp listener',
      'listeners: { t: { bind: "127.0.0.1:0", protocol: tcp, pool: a } }\npools: { a: { endpoints: [1] } }',
      (c) => c.listeners.t!.routes,
      [{ pool: 'a' }],
    ],
    [
      'anchors and merge keys',
      'listeners: { t: { bind: "127.0.0.1:0", pool: a } }\npools:\n  a: &p { endpoints: [1], servedBy: true }\n  b: { <<: *p, endpoints: [2] }',
      (c) => [c.pools.b!.servedBy, c.pools.b!.endpoints[0]!.id],
      [true, '2'],
    ],
    [
      'a number from the environment',
      file({ endpoints: '[{ address: "h:${PORT}", weight: "${PORT}", backup: "${NO:-false}" }]' }),
      (c) => c.pools.a!.endpoints[0]!.weight,
      8081,
    ],
    [
      'a bare port from the environment',
      file({ endpoints: '["${PORT}"]' }),
      (c) => c.pools.a!.endpoints[0]!.address,
      { kind: 'loopback', port: 8081 },
    ],
    ['a boolean from the environment', file({ pool: 'servedBy: "${YES}",' }), (c) => c.pools.a!.servedBy, true],
    [
      'durations from the environment',
      file({
        pool: 'health: { type: tcp, interval: "${INTERVAL}" }, timeouts: { connect: "${INTERVAL}", idle: "${SLOW}" },',
      }),
      (c) => [c.pools.a!.health?.interval, c.pools.a!.timeouts.connect, c.pools.a!.timeouts.idle],
      [300, 300, 120_000],
    ],
    [
      'a template is no substitution',
      file({ route: 'respond: { body: "{endpoint.id} $${PORT}" }' }),
      (c) => c.listeners.web!.routes[0]!.respond?.body,
      '{endpoint.id} ${PORT}',
    ],
    [
      'JSON, with tabs',
      '{\n\t"listeners": { "w": { "bind": "unix:/x", "pool": "a" } },\n\t"pools": { "a": { "endpoints": [1] } }\n}',
      (c) => Object.keys(c.pools),
      ['a'],
    ],
  ])('%s', (_why, text, read, want) => {
    expect(read(good(text))).toEqual(want);
  });
});

describe('problems', () => {
  test.each<[string, string, string[]]>([
    [
      'an unknown key, with its line',
      'listeners:\n  web: { bind: 127.0.0.1:1, pool: a }\npools:\n  a:\n    polcy: p2c\n    endpoints: [1]',
      ['f:5:5 pools.a.polcy: unknown key "polcy"; did you mean "policy"?'],
    ],
    [
      'a key by its foreign name',
      file({ top: 'backends: {}' }),
      ['f:1:1 backends: unknown key "backends"; did you mean "pools"?'],
    ],
    [
      'an unknown policy',
      file({ pool: 'policy: p3c,' }),
      ['f:5:16 pools.a.policy: unknown type "p3c"; did you mean "p2c"?'],
    ],
    [
      'an unknown option of a policy',
      file({ pool: 'policy: { type: ring-hash, virtualNode: 1 },' }),
      ['unknown key "virtualNode"; did you mean "virtualNodes"?'],
    ],
    [
      'an unknown option of a wrapped policy',
      file({ pool: 'policy: { type: bounded-load, policy: { type: ring-hash, virtualNode: 1 } },' }),
      ['f:5:65 pools.a.policy.policy.virtualNode: unknown key "virtualNode"; did you mean "virtualNodes"?'],
    ],
    [
      'a policy that cannot be wrapped',
      file({ pool: 'policy: { type: bounded-load, policy: p2c },' }),
      ['pools.a.policy.policy: bounded-load wraps hashing policies only; known here: ip-hash'],
    ],
    [
      'an unknown pool',
      file({ route: 'pool: b' }),
      ['f:3:47 listeners.web.routes[0].pool: there is no pool "b"; did you mean "a"?'],
    ],
    [
      'an unknown pool among weighted ones',
      file({ route: 'pools: [{ pool: a }, { pool: zzz }]' }),
      ['routes[0].pools[1].pool: there is no pool "zzz"'],
    ],
    [
      'a pool twice among weighted ones',
      file({ route: 'pools: [{ pool: a }, { pool: a }]' }),
      ['"a" is in this list twice'],
    ],
    ['weighted pools without weight', file({ route: 'pools: [{ pool: a, weight: 0 }]' }), ['every weight is 0']],
    ['a pool without endpoints', file({ endpoints: '[]' }), ['pools.a.endpoints: the pool has no endpoints; add one']],
    [
      'no endpoints key',
      'listeners: { w: { bind: "127.0.0.1:0", pool: a } }\npools:\n  a: {}',
      ['f:3:3 pools.a.endpoints: is required'],
    ],
    [
      'duplicate ids',
      file({ endpoints: '[h:1, { id: "h:1", address: h:2 }]' }),
      ['the id "h:1" is taken by endpoints[0]'],
    ],
    [
      'no weight at all',
      file({ endpoints: '[{ address: 1, weight: 0 }]' }),
      ['every weight is 0: nothing can be picked'],
    ],
    [
      'weight on backups only',
      file({ endpoints: '[{ address: 1, weight: 0 }, { address: 2, backup: true }]' }),
      ['only backups have a weight'],
    ],
    [
      'the same address twice',
      'listeners:\n  a: { bind: 127.0.0.1:1, pool: p }\n  b: { bind: [127.0.0.1:1], pool: p }\npools: { p: { endpoints: [1] } }',
      ['f:3:15 listeners.b.bind[0]: 127.0.0.1:1 is taken already by listener "a"; choose another port'],
    ],
    ['the address of admin', file({ top: 'admin: { bind: 127.0.0.1:1 }' }), ['127.0.0.1:1 is taken already by admin']],
    [
      'admin beyond loopback',
      file({ top: 'admin: { bind: 0.0.0.0:9, token: "" }' }),
      ['f:1:16 admin.bind: an admin server beyond loopback needs a token; add a token, or bind it to 127.0.0.1'],
    ],
    [
      'a bad network',
      file({ listener: 'trustedProxies: [10.0.0.0/33, x],' }),
      ['"10.0.0.0/33" has a prefix above 32', '"x" is not a network'],
    ],
    [
      'bad hosts',
      file({ route: 'match: { host: ["*", a*b, "h:80", "bücher.example"] }, pool: a' }),
      [
        '"*" is not a host pattern; leave host out',
        '"a*b" is not a host pattern',
        'leave the port out',
        'write it in ASCII: "xn--bcher-kva.example"',
      ],
    ],
    [
      'bad paths',
      file({ route: 'match: { path: [x, /a*, "/*/b", "/a?b", "/a b"] }, pool: a' }),
      [
        'does not start with a slash; write "/x"',
        '"/a*" has its *',
        '"/*/b" has its *',
        'a path pattern does not see the query',
        'percent-encoded',
      ],
    ],
    [
      'bad methods',
      file({ route: 'match: { method: [get, "G T"] }, pool: a' }),
      ['did you mean "GET"?', '"G T" is not a method'],
    ],
    ['an empty list', file({ route: 'match: { method: [] }, pool: a' }), ['routes[0].match.method: the list is empty']],
    [
      'a bad redirect',
      file({ route: 'redirect: { to: "/{pth}", status: 200 }' }),
      ['200 is too small', 'unknown template "{pth}"; did you mean "{path}"?'],
    ],
    [
      'a redirect status that is none',
      file({ route: 'redirect: { to: /, status: 305 }' }),
      ['expected a redirect status; write 301'],
    ],
    ['a bad response', file({ route: 'respond: { status: 99 }' }), ['99 is too small; the least is 200']],
    [
      'a body where none can be',
      file({ route: 'respond: { status: 204, body: x }' }),
      ['an answer with status 204 has no body'],
    ],
    ['a header that cannot be sent', file({ route: 'respond: { contentType: "a\\nb" }' }), ['no header may carry']],
    [
      'no destination',
      file({ route: 'match: { path: / }' }),
      ['routes[0]: has no destination; add one of pool, pools, redirect, respond'],
    ],
    ['two destinations', file({ route: 'pool: a, respond: {}' }), ['routes[0].respond: stands beside pool']],
    ['routes and pool', file({ listener: 'pool: a,' }), ['listeners.web.pool: stands beside routes']],
    ['neither', 'listeners:\n  w: { bind: 127.0.0.1:1 }', ['f:2:3 listeners.w: leads nowhere; add routes, or pool']],
    [
      'http keys on tcp',
      file({
        listener:
          'protocol: tcp, trustedProxies: [], timeouts: { head: 1s }, limits: { connections: 1, bodyBytes: 1 },',
        route: 'match: {}, pool: a',
      }),
      [
        'web.trustedProxies: means nothing to a tcp listener',
        'timeouts.head: means',
        'limits.bodyBytes: means',
        'routes[0].match: means',
      ],
    ],
    ['udp', file({ listener: 'protocol: udp,' }), ['"udp" is not built yet; now: http, tcp']],
    [
      'no number of workers',
      file({ top: 'workers: many' }),
      ['f:1:10 workers: expected auto or a number from 1 to 256, found text "many"'],
    ],
    ['no worker', file({ top: 'workers: 0' }), ['expected auto or a number from 1 to 256, found the number 0']],
    ['another version', file({ top: 'version: 2' }), ['expected 1, found the number 2']],
    [
      'bad durations',
      file({ listener: 'timeouts: { head: 5 parsecs, body: 0, keepAlive: 900h },' }),
      ['expected a duration, found text "5 parsecs"', '0ms is too small; the least is 1ms', '900h is too large'],
    ],
    [
      'bad sizes',
      file({ listener: 'limits: { headBytes: 64KB, bodyBytes: -1 },' }),
      ['expected a size, found text "64KB"', '-1B is too small'],
    ],
    [
      'wrong types',
      file({ endpoints: '[{ address: 1, weight: "3", backup: "yes", mode: down, id: 7, maxConnections: 1.5 }]' }),
      [
        'expected a number, found text "3"',
        'expected true or false, found text "yes"',
        'expected one of ready, draining, maintenance',
        'expected text, found the number 7; put it in quotes: "7"',
        'expected a whole number, found 1.5',
      ],
    ],
    [
      'bad addresses',
      file({ endpoints: '[99999, "::1:80", host, "http://h:1/", "unix:", "300.1.1.1:1", "h:0", true]' }),
      [
        '"99999" is not a port',
        'write "[::1:80]:8080"',
        '"host" has no port',
        'is a URL, not an address; write "h:1"',
        'names no socket',
        '"300.1.1.1" is neither',
        '"0" is not a port',
        'expected a mapping, found true',
      ],
    ],
    [
      'a bind without an address',
      'listeners: { w: { bind: 8080, pool: a } }\npools: { a: { endpoints: [1] } }',
      ['write "0.0.0.0:8080" for every address or "127.0.0.1:8080" for this machine only'],
    ],
    [
      'odd names',
      'listeners: { w: { bind: "127.0.0.1:0", pool: a/b } }\npools: { a/b: { endpoints: [1] }, __proto__: { endpoints: [1] } }',
      ['pools["a/b"]: "a/b" is not a name', '"__proto__" is not a name'],
    ],
    [
      'unset variables',
      file({ endpoints: '[{ address: "${NOPE}", weight: "${NOT_A}", id: "${lower}" }]' }),
      [
        'the environment variable NOPE is not set; set it, or write ${NOPE:-default}',
        'variable NOT_A is not set',
        '"${lower}" is no substitution',
      ],
    ],
    [
      'a missing secret',
      file({ top: 'admin: { bind: 127.0.0.1:9, token: "${file:no-such}" }' }),
      ['cannot be read (ENOENT)'],
    ],
    ['nothing listens', 'listeners: {}', ['listeners: nothing listens']],
    ['no listeners', 'pools: {}', ['listeners: is required']],
    ['an empty file', '# nothing\n', ['is empty; it needs listeners']],
    ['a list', '[]', ['expected a mapping, found a list']],
    ['an empty section', `${file({})}admin:\n`, ['f:6:1 admin: expected a mapping, found nothing']],
    [
      'repeated keys, and all else',
      `${file({})}pools: { b: { endpoints: [1], plicy: p2c } }\n`,
      [
        'f:3:47 listeners.web.routes[0].pool: there is no pool "a"',
        'f:6:1: this key is already there',
        'unknown key "plicy"',
      ],
    ],
    [
      'a syntax error, and what stands before it',
      'wrkers: 1\nlisteners: [\npools: 3',
      ['f:1:1 wrkers: unknown key "wrkers"; did you mean "workers"?', 'f:3'],
    ],
    ['two documents', 'version: 1\n---\nb: 1', ['multiple documents']],
    ['an alias without anchor', 'listeners: *nope', ['f:1:12: the alias *nope has no anchor before it']],
    ['an alias inside itself', 'listeners: &a { b: *a }', ['f:1:20: the alias *a stands inside what it stands for']],
  ])('%s', (_why, text, want) => {
    const found = problemsOf(text);
    for (const each of want) expect(found.some((problem) => problem.includes(each)) || found).toBe(true);
    // Nothing else is reported: `found` may only be longer where one entry of `want` stands for several lines.
    if (!want.includes('f:3')) expect(found).toHaveLength(want.length);
  });

  test('all mistakes of a file in one go, by line', () => {
    const found = problemsOf(
      'wrkers: 1\nlisteners:\n  w: { bind: x, pool: b }\npools:\n  a:\n    endpoints: [{ address: 1, weight: "${W}" }, 1]\n    retries: { attempt: 2 }\n',
    );
    expect(found.map((each) => each.split(':')[1])).toEqual(['1', '3', '3', '6', '6', '7']);
  });

  test('a value of the environment is not judged when it is not there', () => {
    expect(problemsOf(file({ pool: 'timeouts: { connect: "${NOPE}" },' }))).toHaveLength(1);
  });

  test('billion laughs end early', () => {
    const level = (n: number) => `l${n}: &l${n} [${new Array(9).fill(`*l${n - 1}`).join()}]`;
    const bomb = ['l0: &l0 [x]', ...Array.from({ length: 9 }, (_, n) => level(n + 1))].join('\n');
    expect(problemsOf(bomb).join()).toContain('Excessive alias count');
  });

  test.each(['[', '{a: ', '- ', '? ', 'a: '])('deep nesting of %s is refused at once', (open) => {
    expect(problemsOf(`a:\n ${open.repeat(20_000)}`)).toEqual(['f:1:1: is nested too deeply']);
  });
});

describe('not yet', () => {
  const places: [string, (key: string) => string, string[]][] = [
    ['', (key) => file({ top: `${key}: {}` }), ['errorPages']],
    ['listeners.web', (key) => file({ listener: `${key}: {},` }), ['tls', 'proxyProtocol']],
    ['listeners.web.routes[0]', (key) => file({ route: `pool: a, ${key}: {}` }), ['filters', 'mirror']],
    [
      'listeners.web.routes[0].match',
      (key) => file({ route: `pool: a, match: { ${key}: {} }` }),
      ['headers', 'query', 'from', 'contentLength'],
    ],
    ['pools.a', (key) => file({ pool: `${key}: {},` }), ['discovery', 'sticky', 'tls', 'http']],
    ['pools.a.endpoints[0]', (key) => file({ endpoints: `[{ address: 1, ${key}: x }]` }), ['slowStart']],
  ];
  const rows = places.flatMap(([at, text, keys]) =>
    keys.map((key) => [at === '' ? key : `${at}.${key}`, text(key), key] as const),
  );
  test.each(rows)('%s', (path, text, key) => {
    expect(problemsOf(text).map((each) => each.replace(/^f:\d+:\d+ /, ''))).toEqual([
      `${path}: "${key}" is not built yet; leave it out`,
    ]);
  });
});

describe('warnings', () => {
  test.each<[string, string, string]>([
    [
      'an unused pool',
      'listeners: { w: { bind: "127.0.0.1:0", pool: a } }\npools: { a: { endpoints: [1] }, b: { endpoints: [1] } }',
      'pools.b: no route leads to this pool',
    ],
    [
      'a slow check',
      file({ pool: 'health: { type: tcp, interval: 100ms },' }),
      'pools.a.health: a check may take 1s, longer than the 100ms between two',
    ],
    ['backups only', file({ endpoints: '[{ address: 1, backup: true }]' }), 'every endpoint is a backup'],
    [
      'weights that say nothing',
      file({ pool: 'policy: { type: round-robin },', endpoints: '[1, { address: 2, weight: 3 }]' }),
      'pools.a.endpoints[1].weight: round-robin ignores weights',
    ],
    [
      'the same, on the first',
      file({ pool: 'policy: random,', endpoints: '[{ address: 2, weight: 3 }, 1, { address: 3, weight: 0 }]' }),
      'pools.a.endpoints[0].weight: random ignores weights',
    ],
    ['nobody ready', file({ endpoints: '[{ address: 1, mode: maintenance }]' }), 'no endpoint with a weight is ready'],
    [
      'a wildcard over another',
      'listeners: { w: { bind: [0.0.0.0:1, 127.0.0.1:1], pool: a } }\npools: { a: { endpoints: [1] } }',
      '0.0.0.0:1 of listener "w" covers this address too',
    ],
    [
      'any of several',
      file({ route: 'match: { host: [g, h], path: /a/* }, pool: a }, { match: { host: h, path: /a/b }, pool: a' }),
      'routes[1]: can never match: routes[0]',
    ],
    [
      'a path below all hosts',
      file({ route: 'match: { path: [/z, /*] }, pool: a }, { match: { host: h, path: /a/b }, pool: a' }),
      'routes[1]: can never match: routes[0]',
    ],
    [
      'a wildcard of both families',
      'listeners: { w: { bind: ["[::]:1", 0.0.0.0:1], pool: a } }\npools: { a: { endpoints: [1] } }',
      'listeners.w.bind[1]: [::]:1 of listener "w" covers this address too',
    ],
    ['all is taken', file({ route: 'pool: a }, { pool: a' }), 'routes[1]: can never match: routes[0]'],
    [
      'a name below',
      file({ route: 'match: { host: "*.b" }, pool: a }, { match: { host: x.B }, pool: a' }),
      'routes[1]: can never match: routes[0]',
    ],
    [
      'a path below',
      file({ route: 'match: { path: /a/* }, pool: a }, { match: { host: h, path: [/a/b/*, /a/] }, pool: a' }),
      'routes[1]: can never match: routes[0]',
    ],
    [
      'the same again',
      file({
        route:
          'match: { host: h, path: /a, method: GET }, pool: a }, { match: { host: h, path: /a, method: GET }, pool: a',
      }),
      'routes[1]: can never match: routes[0]',
    ],
  ])('%s', (_why, text, want) => {
    const found = warningsOf(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(want);
  });

  test.each(['[{ address: 1, weight: 3 }, { address: 2, weight: 3 }]', '[{ address: 1, weight: 0 }, 2]'])(
    'none where weights that are ignored are alike: %s',
    (endpoints) => {
      expect(warningsOf(file({ pool: 'policy: round-robin,', endpoints }))).toEqual([]);
    },
  );

  test('none where 0.0.0.0 stands beside an address of IPv6', () => {
    const text = 'listeners: { w: { bind: [0.0.0.0:1, "[::1]:1"], pool: a } }\npools: { a: { endpoints: [1] } }';
    expect(warningsOf(text)).toEqual([]);
  });

  test.each([
    ['another path', 'match: { path: /a/* }, pool: a }, { match: { path: /a }, pool: a'],
    ['another host', 'match: { host: "*.b.c" }, pool: a }, { match: { host: b.c }, pool: a'],
    ['one of two methods', 'match: { method: GET }, pool: a }, { match: { method: [GET, PUT] }, pool: a'],
    ['another first segment', 'match: { path: [/a/*, /b/*] }, pool: a }, { match: { path: [/b/c, /d] }, pool: a'],
    ['the rest', 'match: { host: h }, pool: a }, { pool: a'],
  ])('none where a later route still matches: %s', (_why, route) => {
    expect(warningsOf(file({ route }))).toEqual([]);
  });
});

describe('loadConfig', () => {
  const write = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };

  test('a secret beside the file, without its last newline', async () => {
    write('token', ' se cret \n');
    const result = await loadConfig(
      write('secret.yaml', file({ top: 'admin: { bind: 0.0.0.0:9, token: "${file:token}" }' })),
      { env },
    );
    expect(result.ok && result.config.admin?.token).toBe(' se cret ');
  });

  test('a module, anew when it changed', async () => {
    const text = (port: number) =>
      `export default { listeners: { w: { bind: '127.0.0.1:1', pool: 'a' } }, pools: { a: { endpoints: [${port}], servedBy: '\${YES}' } } };`;
    const path = write('module.mts', text(1));
    const first = await loadConfig(path, { env });
    write('module.mts', text(2));
    const second = await loadConfig(path, { env });
    expect(first.ok && [first.config.pools.a!.endpoints[0]!.id, first.config.pools.a!.servedBy]).toEqual(['1', true]);
    expect(second.ok && second.config.pools.a!.endpoints[0]!.id).toBe('2');
  });

  test.each([
    ['problems.mjs', 'export default { listeners: {}, x: 1 }', ['x: unknown key "x"', 'listeners: nothing listens']],
    ['no-default.mjs', 'export const config = 1', ['has no default export']],
    ['broken.mjs', 'export default {', ['cannot be read']],
    ['circle.mjs', 'const a = {}; a.listeners = a; export default a', ['nested too deeply']],
  ])('a module that is wrong: %s', async (name, text, want) => {
    const result = await loadConfig(write(name, text), { env });
    const found = result.ok ? [] : result.problems.map(formatProblem);
    for (const each of want) expect(found.join('\n')).toContain(each);
    expect(found.every((each) => !/:\d+:\d+ /.test(each))).toBe(true);
  });

  test('a file that is not there', async () => {
    const result = await loadConfig(join(directory, 'nope.yaml'), { env });
    expect(!result.ok && result.problems[0]?.message).toBe('cannot be read: there is no such file');
  });

  test('the reader that it is given', async () => {
    const result = await loadConfig('x.yaml', { env, readFile: () => file({}) });
    expect(result.ok).toBe(true);
  });
});

describe('whatever comes in', () => {
  const keys = [
    'listeners',
    'pools',
    'a',
    'bind',
    'routes',
    'pool',
    'pools',
    'match',
    'host',
    'path',
    'endpoints',
    'address',
    'weight',
    'health',
    'type',
    'policy',
    '__proto__',
    'constructor',
    'admin',
    'token',
    'redirect',
    'to',
    '<<',
  ];
  const leaf = fc.oneof(
    fc.constantFrom('a', 'tcp', 'http', '127.0.0.1:1', '${PORT}', '${X', '/x/*', '*.a', '2s', '1KiB', ''),
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 5 }),
    ),
  }));
  const settled = (text: string) => {
    const result = parseConfig(text, { file: 'f', env, readFile: () => 'secret' });
    return (
      result.ok ||
      (result.problems.length > 0 && result.problems.every((each) => each.line! >= 1 && each.message !== ''))
    );
  };

  test('values never throw, and problems have lines', () => {
    fc.assert(
      fc.property(tree, (value) => settled(stringify(value))),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(tree, (value) => settled(JSON.stringify(value))),
      { numRuns: 500 },
    );
  });

  test('values of modules never throw', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSparseArray: true }),
        (value) => !configFromValue(value, { file: 'f', env }).ok,
      ),
    );
  });

  test('bytes never throw, whole or with a piece missing', () => {
    const sound = file({ top: 'admin: { bind: 127.0.0.1:9 }', pool: 'health: { type: http },' });
    fc.assert(
      fc.property(fc.nat(sound.length), fc.nat(20), fc.string(), (at, length, text) =>
        settled(sound.slice(0, at) + text + sound.slice(at + length)),
      ),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'&*<:-[]{}|>%@`"\'#!? \n\tab0') }), settled), {
      numRuns: 1000,
    });
  });
});

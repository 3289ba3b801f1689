// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax under test
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { effectiveConfig } from './effective.ts';
import { parseConfig } from './load.ts';

/** Every key that is built, each with a value that is not its default, in its short form where there is one. */
const full = `
version: 1
workers: 1
drainTimeout: 90s
limits: { connections: 5 }
stateFile: /var/lib/equipoise/state.json
admin: { bind: 0.0.0.0:9900, token: hush, readToken: hushed }
listeners:
  web:
    bind: 127.0.0.1:1
    protocol: http
    trustedProxies: [10.0.0.0/8]
    timeouts: { head: 1500ms, body: 2m, keepAlive: 3h }
    limits: { headBytes: 1000, headerFields: 7, bodyBytes: 2MiB, connections: 6, perSource: 2 }
    routes:
      - match: { host: "*.example.com", path: [/a, /b/*], method: PUT }
        pools: [{ pool: a, weight: 2 }, { pool: b, weight: 3 }]
        timeouts: { response: 4s }
      - { match: { path: /old }, redirect: { status: 301, to: "/new{query}" } }
      - { match: { path: /ok }, respond: { status: 201, body: 'plain $\${dollars}', contentType: text/html } }
      - pool: a
  mysql: { bind: ["[::1]:3306", unix:/run/m.sock], protocol: tcp, pool: b }
pools:
  a:
    policy: { type: ring-hash, virtualNodes: 9 }
    endpoints:
      - { id: x, address: h:1, weight: 3, zone: z, location: { latitude: 1, longitude: 2 }, maxConnections: 4, backup: false, mode: draining }
      - 3001
      - unix:/run/a.sock
    health:
      type: http
      path: /h
      method: HEAD
      headers: { address: text, timeout: more }
      status: [200, 300-302]
      interval: 3s
      timeout: 20ms
      rise: 4
      fall: 5
      initial: down
      jitter: 0.5
    circuitBreaker: { failures: 2, openFor: 3s, halfOpen: 4 }
    outliers: { consecutiveFailures: 2, interval: 3s, minRequests: 4, deviations: 2.5, failureRate: 0.6, baseEjection: 7s, maxEjection: 8m, maxEjected: 0.9 }
    slowStart: 15s
    panic: { below: 0.25 }
    retries: { attempts: 3 }
    timeouts: { connect: 1s, response: 2s, idle: 3s, tunnel: 4s }
    connections: { idle: 5, maxAge: 6s, maxRequests: 7 }
    servedBy: true
    host: x.y
    forwarded: true
    requestId: true
  b: { policy: p2c, endpoints: [h:2], health: { type: redis, password: hush, fastInterval: 300ms, downInterval: 7s } }
`;

function load(text: string) {
  const result = parseConfig(text, { file: 'f', env: {} });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

describe('effectiveConfig', () => {
  const { config, origin } = load(full);
  const text = effectiveConfig(config, origin);

  test('reads back as the same configuration, but for the secrets', () => {
    expect(load(text).config).toEqual({
      ...config,
      admin: { ...config.admin!, token: '***', readToken: '***' },
      pools: { ...config.pools, b: { ...config.pools.b!, health: { ...config.pools.b!.health!, password: '***' } } },
    });
    expect(text).not.toContain('hush');
  });

  test('marks no value that was written', () => {
    const defaults = text.split('\n').filter((line) => line.endsWith('# default'));
    // Three endpoints are given by their address alone: id, weight, backup and mode are left out.
    expect(defaults.filter((line) => /mode|weight|backup|id:/.test(line))).toHaveLength(12);
    expect(text).toMatch(/drainTimeout: 90s$/m);
    expect(text).toMatch(/type: p2c$/m);
  });

  test('marks every value that was not', () => {
    const small = load('listeners: { w: { bind: 127.0.0.1:1, pool: a } }\npools: { a: { endpoints: [1] } }');
    const lines = effectiveConfig(small.config, small.origin).split('\n');
    const written = lines.filter((line) => /[^:]$/.test(line) && !line.endsWith('# default'));
    expect(written.map((line) => line.trim())).toEqual(['- 127.0.0.1:1', '- pool: a', 'address: "1"']);
    expect(lines).toContain('    trustedProxies: [] # default');
    expect(lines).toContain('      headBytes: 64KiB # default');
  });

  test('is plain YAML', () => expect(parse(text)).toHaveProperty('pools.a.retries.attempts', 3));
});

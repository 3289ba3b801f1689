import { expect, test } from 'vitest';
import { defineConfig } from './define-config.ts';
import { configFromValue } from './load.ts';

const good = defineConfig({
  drainTimeout: '10s',
  listeners: {
    web: {
      bind: ['127.0.0.1:1', 'unix:/x'],
      timeouts: { head: 500 },
      routes: [
        { match: { host: '*.example.com', method: ['GET'] }, pools: [{ pool: 'a', weight: 9 }, { pool: 'b' }] },
        { match: { path: '/x' }, redirect: { to: '/y' } },
        { pool: 'b' },
      ],
    },
    db: { bind: '127.0.0.1:3306', protocol: 'tcp', pool: 'a' },
  },
  pools: {
    a: {
      policy: { type: 'ring-hash', virtualNodes: 9 },
      endpoints: [3001, '10.0.0.1:80', { address: 'h:1', weight: 2 }],
    },
    c: { policy: { type: 'bounded-load', policy: 'ip-hash' }, endpoints: [3003] },
    d: { policy: { type: 'bounded-load', factor: 2, policy: { type: 'ring-hash' } }, endpoints: [3004] },
    b: { policy: 'p2c', endpoints: [3002], health: { type: 'http', path: '/health', interval: '2s' } },
  },
});

test('what the compiler accepts is accepted', () => {
  const result = configFromValue(good, { file: 'f', env: {} });
  expect(result.ok || result.problems).toBe(true);
});

const pools = { a: { endpoints: [1] } };
const bind = '127.0.0.1:1';

/** Never run: each marked line must be a type error, or `tsc` reports the mark. */
export const refused = () => [
  // @ts-expect-error: there is no pool "b"
  defineConfig({ listeners: { w: { bind, routes: [{ pool: 'b' }] } }, pools }),
  // @ts-expect-error: there is no pool "b" among the weighted
  defineConfig({ listeners: { w: { bind, routes: [{ pools: [{ pool: 'b' }] }] } }, pools }),
  // @ts-expect-error: nor for a listener's short form
  defineConfig({ listeners: { w: { bind, pool: 'b' } }, pools }),
  // @ts-expect-error: an unknown key of a pool
  defineConfig({ listeners: { w: { bind, pool: 'a' } }, pools: { a: { polcy: 'p2c', endpoints: [1] } } }),
  // @ts-expect-error: an unknown policy
  defineConfig({ listeners: { w: { bind, pool: 'a' } }, pools: { a: { policy: 'p3c', endpoints: [1] } } }),
  defineConfig({
    listeners: { w: { bind, pool: 'a' } },
    // @ts-expect-error: an option of another policy
    pools: { a: { policy: { type: 'p2c', virtualNodes: 1 }, endpoints: [1] } },
  }),
  defineConfig({
    listeners: { w: { bind, pool: 'a' } },
    // @ts-expect-error: a policy that cannot be wrapped
    pools: { a: { policy: { type: 'bounded-load', policy: 'p2c' }, endpoints: [1] } },
  }),
  // @ts-expect-error: an unknown protocol
  defineConfig({ listeners: { w: { bind, protocol: 'udp', pool: 'a' } }, pools }),
  // @ts-expect-error: an unknown key at the top
  defineConfig({ listners: {}, listeners: { w: { bind, pool: 'a' } }, pools }),
  // @ts-expect-error: no address
  defineConfig({ listeners: { w: { pool: 'a' } }, pools }),
];

import { expect, test } from 'vitest';
import { parseConfig } from '../config/load.ts';
import type { RunningServer } from '../server/server.ts';
import { announce, firstSteps } from './listening-lines.ts';

const text = `
listeners:
  web: { bind: 127.0.0.1:1, protocol: http, routes: [{ pool: a }] }
pools:
  a: { endpoints: [1, 2, 3] }
  b: { endpoints: [4], policy: p2c }
`;
const loaded = parseConfig(text, { file: 'x.yaml', env: {} });
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const { config } = loaded;

test('a line per address, with its pools', () => {
  const tcp = (port: number) => ({ kind: 'tcp', host: '127.0.0.1', port }) as const;
  const listeners = [
    { name: 'web', protocol: 'http', address: tcp(8080), pools: ['a', 'b'] },
    { name: 'db', protocol: 'tcp', address: { kind: 'tcp', host: '::1', port: 3306 }, pools: ['b'] },
    { name: 'old', protocol: 'http', address: { kind: 'unix', path: '/run/x.sock' }, pools: [] },
  ] as const;
  const lines = announce(config, { listeners } as unknown as RunningServer, tcp(9900));
  expect(lines).toBe(
    [
      'listening web http://127.0.0.1:8080 → pools: a (3 endpoints, adaptive), b (1 endpoint, p2c)',
      'listening db tcp://[::1]:3306 → pools: b (1 endpoint, p2c)',
      'listening old unix:/run/x.sock → no pool',
      'listening admin http://127.0.0.1:9900 → dashboard, /livez, /readyz, /metrics',
      '',
    ].join('\n'),
  );
});

test.each([
  {
    protocol: 'http',
    admin: 9900,
    want: '  try: curl -i http://127.0.0.1:8080/   dashboard: http://127.0.0.1:9900/   Ctrl-C ends\n',
  },
  {
    protocol: 'http',
    admin: undefined,
    want: '  try: curl -i http://127.0.0.1:8080/   dashboard: with --admin 9900   Ctrl-C ends\n',
  },
  { protocol: 'tcp', admin: undefined, want: '  dashboard: with --admin 9900   Ctrl-C ends\n' },
])('first steps: $protocol, admin at $admin', ({ protocol, admin, want }) => {
  const at = (port: number) => ({ kind: 'tcp', host: '127.0.0.1', port }) as const;
  const server = { listeners: [{ name: 'main', protocol, address: at(8080), pools: [] }] } as unknown as RunningServer;
  expect(firstSteps(server, admin === undefined ? undefined : at(admin))).toBe(want);
});

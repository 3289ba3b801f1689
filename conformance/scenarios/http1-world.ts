import { type RecordingBackend, recordingBackend } from '../harness/backend.ts';
import { type Balancer, startBalancer, type TransportName } from '../harness/balancer.ts';
import { freePort } from '../harness/sockets.ts';

const LISTENERS = [
  ...['main', 'trusting', 'strict', 'source', 'dressed', 'failover', 'capped', 'backup', 'routed', 'shared', 'full'],
  ...['quick', 'dead'],
] as const;

export type ListenerName = (typeof LISTENERS)[number];

/** One balancer with a listener for each thing to be seen, in front of two backends. */
export interface World {
  readonly port: Readonly<Record<ListenerName, number>>;
  readonly a: RecordingBackend;
  readonly b: RecordingBackend;
  readonly balancer: Balancer;
}

export type WorldScenario = (world: World) => Promise<void>;

/** What the strict listener allows; scenarios pass these on purpose. */
export const STRICT = { headBytes: 2048, headerFields: 16, bodyBytes: 1024, timeoutMs: 400 } as const;

export async function startWorld(
  transport: TransportName,
  keep: (thing: { close(): unknown }) => void,
): Promise<World> {
  const [a, b] = [await recordingBackend(), await recordingBackend()];
  keep(a);
  keep(b);
  const port = {} as Record<ListenerName, number>;
  for (const name of LISTENERS) port[name] = await freePort();
  const dead = `127.0.0.1:${await freePort()}`;
  const config = { version: 1, workers: 1, listeners: listeners(port), pools: pools(a.address, b.address, dead) };
  const balancer = await startBalancer(config, transport, Object.values(port));
  keep({ close: () => balancer.stop() });
  return { port, a, b, balancer };
}

function listeners(port: Readonly<Record<ListenerName, number>>): object {
  const web = (name: ListenerName, pool: string, more: object = {}): object => ({
    ...{ bind: `127.0.0.1:${port[name]}`, protocol: 'http', routes: [{ pool }] },
    ...more,
  });
  const { timeoutMs, ...limits } = STRICT;
  return {
    main: web('main', 'a'),
    trusting: web('trusting', 'dressed', { trustedProxies: ['127.0.0.0/8'] }),
    strict: web('strict', 'a', { limits, timeouts: { head: timeoutMs, body: timeoutMs, keepAlive: timeoutMs } }),
    source: web('source', 'a', { limits: { perSource: 2 } }),
    full: web('full', 'a', { limits: { connections: 2 } }),
    dressed: web('dressed', 'dressed'),
    quick: web('quick', 'quick'),
    failover: web('failover', 'failover'),
    capped: web('capped', 'capped'),
    backup: web('backup', 'backup'),
    dead: web('dead', 'dead'),
    shared: web('shared', 'a', {
      routes: [
        {
          pools: [
            { pool: 'a', weight: 3 },
            { pool: 'b', weight: 1 },
          ],
        },
      ],
    }),
    routed: web('routed', 'a', { routes: ROUTES }),
  };
}

const ROUTES = [
  { match: { host: 'exact.example', path: '/only' }, respond: { status: 200, body: 'exact path' } },
  { match: { host: 'exact.example', path: '/below/*' }, respond: { status: 201, body: 'below' } },
  { match: { host: 'exact.example', method: 'POST' }, respond: { status: 202, body: 'post' } },
  { match: { host: '*.wild.example' }, respond: { status: 203, body: 'wild', contentType: 'text/x-wild' } },
  { match: { path: ['/one', '/two/*'], method: ['GET', 'PUT'] }, pool: 'b' },
  { match: { path: '/two/*' }, respond: { status: 404, body: 'second match' } },
  { match: { path: '/old/*' }, redirect: { status: 308, to: 'https://{host}{path}{query}' } },
  { match: { path: '/moved' }, redirect: { to: '/new' } },
  { match: { path: '/slow' }, pool: 'a', timeouts: { response: '200ms' } },
  { match: { host: 'last.example' }, pool: 'a' },
  { match: { host: 'roles.example', method: 'POST' }, pool: 'roles', role: 'primary' },
  { match: { host: 'roles.example' }, pools: [{ pool: 'roles' }], role: 'replica' },
];

function pools(a: string, b: string, dead: string): object {
  const policy = 'round-robin';
  return {
    a: { endpoints: [a] },
    b: { endpoints: [b] },
    dressed: {
      endpoints: [{ id: 'first', address: a }],
      servedBy: true,
      requestId: true,
      forwarded: true,
      host: 'internal.example',
    },
    quick: { endpoints: [a], timeouts: { response: '300ms', idle: '300ms', tunnel: '300ms' } },
    failover: { policy, endpoints: [dead, a] },
    capped: { endpoints: [{ address: a, maxConnections: 2 }] },
    backup: { endpoints: [dead, { address: b, backup: true }] },
    dead: { endpoints: [dead] },
    roles: {
      endpoints: [
        { address: a, role: 'primary' },
        { address: b, role: 'replica' },
      ],
    },
  };
}

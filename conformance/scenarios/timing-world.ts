import { type Admin, adminAt } from '../harness/admin.ts';
import { type RecordingBackend, recordingBackend } from '../harness/backend.ts';
import { type Balancer, startBalancer, type TransportName } from '../harness/balancer.ts';
import type { RawClient } from '../harness/client.ts';
import { freePort, sleep } from '../harness/sockets.ts';

/** A scenario that takes seconds, with a listener, a pool and a backend of its own: all of them run at one time. */
export interface TimingCase {
  readonly name: string;
  /** What went wrong without it. */
  readonly why: string;
  /** Default http. */
  readonly protocol?: 'http' | 'tcp';
  /** The listener's own. */
  readonly listener?: { readonly timeouts: Readonly<Record<string, string>> };
  /** Routes before the one to the pool. */
  readonly routes?: readonly object[];
  readonly pool?: PoolPart | ((transport: TransportName) => PoolPart);
  /** How often the backend is an endpoint of the pool. Default 1. */
  readonly endpoints?: number;
  readonly run: (site: Site) => Promise<void>;
}

/** The pool's own. */
interface PoolPart {
  readonly policy?: string;
  readonly timeouts: Readonly<Record<string, string>>;
}

export interface Site {
  readonly transport: TransportName;
  readonly port: number;
  readonly backend: RecordingBackend;
  /** The sum of a metric's samples for this scenario's listener. */
  readonly sum: (metric: string, ...labels: string[]) => Promise<number>;
}

export interface TimingWorld {
  readonly balancer: Balancer;
  /** By the names of the cases. */
  readonly sites: ReadonlyMap<string, Site>;
}

/** One balancer for all cases. */
export async function startTimingWorld(
  cases: readonly TimingCase[],
  transport: TransportName,
  keep: (thing: { close(): unknown }) => void,
): Promise<TimingWorld> {
  const backends: RecordingBackend[] = [];
  for (const _ of cases) backends.push(await recordingBackend());
  for (const backend of backends) keep(backend);
  // Last, since whoever opens a socket might get a port that is free.
  const ports: number[] = [];
  for (const _ of cases) ports.push(await freePort());
  const adminPort = await freePort();
  const admin = adminAt(adminPort);
  const [listeners, pools] = [{} as Record<string, object>, {} as Record<string, object>];
  const sites = new Map<string, Site>();
  for (const [index, each] of cases.entries()) {
    const [name, port, backend] = [`case-${index}`, ports[index]!, backends[index]!];
    listeners[name] = listenerOf(each, name, port);
    pools[name] = poolOf(each, transport, backend);
    sites.set(each.name, { transport, port, backend, sum: sumOf(admin, name) });
  }
  const config = { version: 1, workers: 1, admin: { bind: `127.0.0.1:${adminPort}` }, listeners, pools };
  const balancer = await startBalancer(
    config,
    transport,
    [...sites.values()].map(({ port }) => port),
  );
  keep({ close: () => balancer.stop() });
  return { balancer, sites };
}

function listenerOf({ protocol = 'http', routes = [], listener = undefined }: TimingCase, pool: string, port: number) {
  const where = protocol === 'tcp' ? { pool } : { routes: [...routes, { pool }] };
  return { bind: `127.0.0.1:${port}`, protocol, ...where, ...listener };
}

function poolOf(each: TimingCase, transport: TransportName, { address }: RecordingBackend): object {
  const { endpoints = 1, pool } = each;
  const part = typeof pool === 'function' ? pool(transport) : pool;
  return { endpoints: Array.from({ length: endpoints }, (_, index) => ({ id: `e${index}`, address })), ...part };
}

function sumOf(admin: Admin, listener: string): Site['sum'] {
  return (metric, ...labels) => admin.sum(metric, `listener="${listener}"`, ...labels);
}

/** Reads at this pace until `over`: the rest is held back by the kernels, and then by the balancer. */
export async function readSteadily(client: RawClient, bytesPerSecond: number, over: () => boolean): Promise<void> {
  const turnMs = 50;
  let allowance = 0;
  client.socket.on('data', (bytes: Buffer) => {
    allowance -= bytes.length;
    if (allowance <= 0) client.pause();
  });
  while (!over()) {
    allowance += (bytesPerSecond * turnMs) / 1000;
    if (allowance > 0) client.resume();
    await sleep(turnMs);
  }
}

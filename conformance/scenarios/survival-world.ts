import { type Admin, adminAt } from '../harness/admin.ts';
import { type RecordingBackend, recordingBackend } from '../harness/backend.ts';
import { type Balancer, startBalancer, type TransportName } from '../harness/balancer.ts';
import { freePort } from '../harness/sockets.ts';

const POOLS = [
  ...['retried', 'alone', 'patient', 'quick', 'whole', 'small', 'budgeted'],
  ...['queued', 'urgent', 'brief', 'hedged', 'shed', 'shedQueued'],
] as const;

export type SurvivalPool = (typeof POOLS)[number] | 'tcp';

/** One balancer with a pool and a listener for each rule, in front of three backends that are asked in their order. */
export interface SurvivalWorld {
  readonly port: Readonly<Record<SurvivalPool, number>>;
  readonly a: RecordingBackend;
  readonly b: RecordingBackend;
  readonly c: RecordingBackend;
  readonly balancer: Balancer;
  readonly admin: Admin;
}

export type SurvivalScenario = (world: SurvivalWorld) => Promise<void>;

/** Of the pools that wait: `brief` drops who has waited this long. */
export const BRIEF_MS = 400;
/** When a second try is made. */
export const HEDGE_MS = 60;
/** Of `quick`, for a first byte; of `whole`, for everything before it. */
export const RESPONSE_MS = 300;

export async function startSurvivalWorld(
  transport: TransportName,
  keep: (thing: { close(): unknown }) => void,
): Promise<SurvivalWorld> {
  const [a, b, c] = [await recordingBackend(), await recordingBackend(), await recordingBackend()];
  for (const backend of [a, b, c]) keep(backend);
  const port = {} as Record<SurvivalPool, number>;
  for (const name of [...POOLS, 'tcp'] as const) port[name] = await freePort();
  const adminPort = await freePort();
  const listeners = Object.fromEntries(
    Object.entries(port).map(([name, each]) => [
      name,
      { bind: `127.0.0.1:${each}`, protocol: name === 'tcp' ? 'tcp' : 'http', pool: name },
    ]),
  );
  const pools = poolsOf(
    { id: 'a', address: a.address },
    { id: 'b', address: b.address },
    { id: 'c', address: c.address },
  );
  const config = { version: 1, workers: 1, admin: { bind: `127.0.0.1:${adminPort}` }, listeners, pools };
  const balancer = await startBalancer(config, transport, [...Object.values(port), adminPort]);
  keep({ close: () => balancer.stop() });
  return { port, a, b, c, balancer, admin: adminAt(adminPort) };
}

function poolsOf(a: object, b: object, c: object): Readonly<Record<SurvivalPool, object>> {
  const first = (endpoints: readonly object[], more: object = {}) => ({ policy: 'first', endpoints, ...more });
  const one = [{ ...a, maxConnections: 1 }];
  const statuses = [503, 429, 502];
  return {
    retried: first([a, b], { retries: { attempts: 1, statuses } }),
    alone: first([a], { retries: { attempts: 2, statuses } }),
    patient: first([a, b, c], { retries: { attempts: 2, statuses, backoff: '20ms' } }),
    quick: first([a, b], { timeouts: { response: RESPONSE_MS } }),
    whole: first([a, b], { timeouts: { request: RESPONSE_MS } }),
    small: first([a, b], { retries: { bufferBytes: '1KiB' } }),
    budgeted: first([a, b], { retries: { attempts: 1, statuses, budget: 0.2 } }),
    queued: first(one, { queue: {} }),
    urgent: first(one, { queue: { priority: 'header:Priority' } }),
    brief: first(one, { queue: { size: 2, timeout: BRIEF_MS } }),
    hedged: first([a, b], { hedge: { after: HEDGE_MS }, retries: { attempts: 0 } }),
    shed: first([a], { adaptiveLimit: { initial: 2, min: 1, max: 2 } }),
    shedQueued: first([a], { adaptiveLimit: { initial: 2, min: 1, max: 2 }, queue: {} }),
    tcp: first(one, { queue: { timeout: BRIEF_MS } }),
  };
}

import { type Exchange, type RecordingBackend, recordingBackend } from '../harness/backend.ts';
import { type Balancer, startBalancer, type TransportName } from '../harness/balancer.ts';
import { type ClientOptions, get, type RawClient, rawClient, request } from '../harness/client.ts';
import { value } from '../harness/message-reader.ts';
import { freePort } from '../harness/sockets.ts';

const LISTENERS = [
  ...['header', 'cookie', 'query', 'path', 'host', 'wrapped', 'trusting', 'retried', 'tcp'],
  ...['costly', 'sized', 'costlyRetried', 'reported', 'unreported'],
] as const;

export type PolicyListener = (typeof LISTENERS)[number];

/** One balancer with a pool for each thing that policies are told, in front of four backends, `e0` to `e3`. */
export interface PolicyWorld {
  readonly port: Readonly<Record<PolicyListener, number>>;
  readonly backends: readonly RecordingBackend[];
  readonly balancer: Balancer;
}

export type PolicyScenario = (world: PolicyWorld) => Promise<void>;

export async function startPolicyWorld(
  transport: TransportName,
  keep: (thing: { close(): unknown }) => void,
): Promise<PolicyWorld> {
  const backends = await Promise.all([0, 1, 2, 3].map(() => recordingBackend()));
  for (const backend of backends) keep(backend);
  const port = {} as Record<PolicyListener, number>;
  for (const name of LISTENERS) port[name] = await freePort();
  const all = backends.map(({ address }, index) => ({ id: `e${index}`, address }));
  const dead = { id: 'dead', address: `127.0.0.1:${await freePort()}` };
  const listeners = Object.fromEntries(LISTENERS.map((name) => [name, listener(name, port[name])]));
  const pools = poolsOf(all, dead);
  const balancer = await startBalancer({ version: 1, workers: 1, listeners, pools }, transport, Object.values(port));
  keep({ close: () => balancer.stop() });
  return { port, backends, balancer };
}

function listener(name: PolicyListener, port: number): object {
  const bind = `127.0.0.1:${port}`;
  if (name === 'tcp') return { bind, protocol: 'tcp', pool: 'header' };
  if (name === 'trusting') return { bind, protocol: 'http', pool: 'header', trustedProxies: ['127.0.0.0/8'] };
  return { bind, protocol: 'http', pool: name };
}

function poolsOf(all: readonly object[], dead: object): object {
  const served = (endpoints: readonly object[], policy: unknown, more: object = {}) => ({
    ...{ policy, endpoints, servedBy: true },
    ...more,
  });
  const keyed = (key: string) => served(all, { type: 'ring-hash', key });
  const two = all.slice(0, 2);
  return {
    header: keyed('header:X-User'),
    cookie: keyed('cookie:sid'),
    query: keyed('query:user'),
    path: keyed('path'),
    host: keyed('host'),
    wrapped: served(all, { type: 'bounded-load', policy: { type: 'maglev', key: 'header:X-User' } }),
    retried: served([dead, ...all], { type: 'rendezvous', key: 'header:X-User' }),
    costly: served(two, 'least-connections', { cost: 'header:X-Cost' }),
    sized: served(two, 'least-connections', { cost: 'content-length' }),
    // With its high cost the dead one would be taken as often as the others if a try's cost were not given back.
    costlyRetried: served([dead, ...two], 'least-connections', { cost: 'header:X-Cost', retries: { attempts: 2 } }),
    reported: served(two, 'prequal'),
    unreported: served(two, 'round-robin'),
  };
}

/** Who answered. */
export async function servedBy(port: number, bytes: string, options: ClientOptions = {}): Promise<string> {
  return value((await request(port, bytes, options)).fields, 'x-served-by') ?? '';
}

/** Requests that are under way, each on a connection of its own, until they are answered or given up. */
export interface Held {
  readonly client: RawClient;
  /** The index of the backend that has it. */
  readonly at: number;
  readonly exchange: Exchange;
}

/** Holds a request at whatever backend it reaches; its target must be its own. */
export async function hold({ backends }: PolicyWorld, port: number, bytes: string): Promise<Held> {
  const target = bytes.split(' ')[1]!;
  const client = await rawClient(port);
  return new Promise((resolve) => {
    for (const [at, backend] of backends.entries()) {
      const others = backend.onHead;
      backend.onRequest = () => {};
      backend.onHead = (exchange) => {
        if (exchange.request.start[1] === target) resolve({ client, at, exchange });
        else others(exchange);
      };
    }
    void client.send(bytes);
  });
}

let held = 0;

/** A GET with a target of its own. */
export const getHeld = (...lines: string[]): string => get(`/held-${held++}`, ...lines);

export async function answerHeld({ client, exchange }: Held): Promise<void> {
  await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  await client.response();
  client.close();
}

/** Packages that do a policy's job in JavaScript, each reduced to its selection: no request is sent. */
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import HashRing from 'hashring';
import { P2cBalancer, RandomBalancer } from 'load-balancers';
import type { PolicyChoice } from '../../src/core/policies/registry.ts';
import { clientsOf, type PickLoop } from './pick-loop.ts';

export interface Peer {
  readonly package: string;
  readonly what: string;
  /** Work of ours that it does not do: where it is near or ahead, this is why. */
  readonly omits: string;
  /** Ours that do its job. */
  readonly policies: readonly PolicyChoice[];
  readonly clients: readonly string[];
  /** Building it for more takes minutes. */
  readonly mostEndpoints: number;
  readonly create: (size: number) => PickLoop;
}

/** hashring remembers the answers for 5,000 keys: these are more, those are few enough. */
const manyClients = clientsOf(65_536);
const fewClients = clientsOf(1024);

export const peers: readonly Peer[] = [
  {
    package: 'hashring',
    what: 'MD5 ring of 160 points, 65,536 clients',
    omits: 'eligibility',
    policies: [{ type: 'ring-hash', hash: 'ketama' } as PolicyChoice, 'ring-hash'],
    clients: manyClients,
    mostEndpoints: 10_000,
    create: (size) => hashring(size, manyClients),
  },
  {
    package: 'hashring',
    what: 'the same, 1,024 clients: answers from its cache',
    omits: 'hash and ring (an answer is looked up by key), eligibility',
    policies: ['ring-hash'],
    clients: fewClients,
    mostEndpoints: 10_000,
    create: (size) => hashring(size, fewClients),
  },
  {
    package: 'undici',
    what: "BalancedPool's selection",
    omits: 'eligibility by event: it asks every Pool in turn whether it is busy',
    policies: ['weighted-round-robin', 'round-robin'],
    clients: fewClients,
    mostEndpoints: 10_000,
    create: balancedPool,
  },
  {
    package: 'load-balancers',
    what: 'P2cBalancer: counts assignments, not load',
    omits: 'load, weights, eligibility; one endpoint may be drawn twice',
    policies: ['p2c'],
    clients: fewClients,
    mostEndpoints: Number.POSITIVE_INFINITY,
    create: (size) =>
      loop(
        () => new P2cBalancer(size),
        fewClients,
        (balancer) => balancer.pick(),
      ),
  },
  {
    package: 'load-balancers',
    what: 'RandomBalancer: Math.random() × count',
    omits: 'eligibility, a seed',
    policies: ['random'],
    clients: fewClients,
    mostEndpoints: Number.POSITIVE_INFINITY,
    create: (size) =>
      loop(
        () => new RandomBalancer(size),
        fewClients,
        (balancer) => balancer.pick(),
      ),
  },
];

/** `pick` gives a number, so that no call is left out as useless. */
function loop<T>(create: () => T, clients: readonly string[], pick: (subject: T, client: string) => number): PickLoop {
  const started = performance.now();
  const subject = create();
  const buildMs = performance.now() - started;
  let at = 0;
  let used = 0;
  function run(count: number): number {
    for (let i = 0; i < count; i++) {
      const answer = pick(subject, clients[at]!);
      if (answer < 0) throw new Error('a pick found nobody');
      used ^= answer;
      at = at + 1 < clients.length ? at + 1 : 0;
    }
    return used;
  }
  return { buildMs, run };
}

function hashring(size: number, clients: readonly string[]): PickLoop {
  const servers = Array.from({ length: size }, (_, i) => `10.0.${i >> 8}.${i & 255}:80`);
  return loop(
    () => new HashRing(servers),
    clients,
    (ring, client) => ring.get(client).length,
  );
}

/**
 * The method by which BalancedPool chooses a Pool for a request, called directly; its Pools are objects that never connect.
 * From undici's own files: for the package's name Bun has a module of its own.
 */
function balancedPool(size: number): PickLoop {
  const files = createRequire(import.meta.url);
  const BalancedPool = files('undici/lib/dispatcher/balanced-pool.js');
  const { kGetDispatcher } = files('undici/lib/dispatcher/pool-base.js');
  const { kUrl } = files('undici/lib/core/symbols.js');
  const factory = (origin: string) => Object.assign(new EventEmitter(), { [kUrl]: { origin } });
  const origins = Array.from({ length: size }, (_, i) => `http://10.0.${i >> 8}.${i & 255}:80`);
  return loop(
    () => new BalancedPool(origins, { factory }),
    fewClients,
    (pool) => (pool[kGetDispatcher]() === undefined ? -Infinity : 1),
  );
}

/** As it is installed. */
export function versionOf(name: string): string {
  return createRequire(import.meta.url)(`${name}/package.json`).version;
}

import { type Dispatcher, Pool as UndiciPool } from 'undici';
import type { PoolEndpoint } from '../../control/pool/pick.ts';
import type { Pool } from '../../control/pool/pool.ts';

/** Makes what sends an endpoint's requests; `options` are undici's, with the unix socket filled in. */
export type ClientFactory = (origin: string, options: UndiciPool.Options, endpoint: PoolEndpoint) => Dispatcher;

export interface ClientsDeps {
  readonly pool: Pool;
  readonly options: UndiciPool.Options;
  readonly factory: ClientFactory;
  /** Hears of undici's events: `connect`, `disconnect`, `connectionError`, `drain`. */
  readonly onEvent: (name: string, args: readonly unknown[]) => void;
}

const EVENTS = ['connect', 'disconnect', 'connectionError', 'drain'];

/** One undici pool of connections for each endpoint, from its first request until it leaves. */
export class EndpointClients {
  readonly #deps: ClientsDeps;
  /** By the endpoint's own object, which is another when its address is. */
  readonly #clients = new Map<PoolEndpoint, Dispatcher>();
  readonly #unsubscribe: () => void;

  constructor(deps: ClientsDeps) {
    this.#deps = deps;
    this.#unsubscribe = deps.pool.subscribe(({ what }) => {
      // The event comes while the members are being replaced.
      if (what === 'membership') queueMicrotask(() => this.#closeLeft());
    });
  }

  of(endpoint: PoolEndpoint): Dispatcher {
    return this.#clients.get(endpoint) ?? this.#open(endpoint);
  }

  /** Resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }

  async destroy(error: Error | null): Promise<void> {
    this.#unsubscribe();
    await Promise.all([...this.#clients.values()].map((client) => client.destroy(error)));
  }

  #open(endpoint: PoolEndpoint): Dispatcher {
    const { factory, options, onEvent } = this.#deps;
    const socketPath = endpoint.address.startsWith('unix:') ? endpoint.address.slice('unix:'.length) : undefined;
    const client = factory(endpoint.origin, { ...options, ...(socketPath && { socketPath }) }, endpoint);
    for (const name of EVENTS) {
      client.on(name as 'connect', (...args: unknown[]) => onEvent(name, args));
    }
    this.#clients.set(endpoint, client);
    return client;
  }

  /** Requests under way end first: `close` waits for them. */
  #closeLeft(): void {
    const members = new Map(this.#deps.pool.endpoints.map((each) => [each.id, each]));
    for (const [endpoint, client] of this.#clients) {
      const member = members.get(endpoint.id);
      if (member?.address === endpoint.address && member.origin === endpoint.origin) continue;
      this.#clients.delete(endpoint);
      client.close().catch(() => {});
    }
  }
}

export const defaultFactory: ClientFactory = (origin, options) => new UndiciPool(origin, options);

import { Agent, Dispatcher, errors, type Pool as UndiciPool } from 'undici';
import { createPool } from '../../control/pool/create-pool.ts';
import type { Pool, PoolRequest } from '../../control/pool/pool.ts';
import type { PoolInput } from '../../control/pool/pool-input.ts';
import { systemClock } from '../../control/pool/system.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import { createRetries, type IsFailure, isServerError, type RetryOptions } from '../retries.ts';
import { type ClientFactory, defaultFactory, EndpointClients } from './clients.ts';
import { Exchange, type ExchangeDeps } from './exchange.ts';
import { present } from './legacy-handler.ts';

/** What `createDispatcher` takes. */
export interface DispatcherOptions {
  /** A pool, or what `createPool` makes one of; the dispatcher closes the one that it made. */
  readonly pool: Pool | PoolInput;
  /**
   * The origins that stand for the pool, such as `http://orders.internal`; requests to others go to `elsewhere`. Absent:
   * every request goes to the pool, wherever it was made to.
   */
  readonly origins?: readonly string[];
  /** Sends requests to other origins; only with `origins`. Default: an undici `Agent` of its own. */
  readonly elsewhere?: Dispatcher;
  /** Default: one further try, budget 0.2. */
  readonly retries?: RetryOptions;
  /** Which answers count as the endpoint's failures; they are passed on all the same. Default: each 5xx. */
  readonly isFailure?: IsFailure;
  /** What the policy is told of a request: `key`, `clientIp`, `zone`, `cost`. Default: nothing. */
  readonly describeRequest?: (options: Dispatcher.DispatchOptions) => PoolRequest;
  /** Of undici's pool of connections to each endpoint: `connections`, `headersTimeout`, `connect`, `allowH2`, … */
  readonly client?: UndiciPool.Options;
  /** Makes what sends an endpoint's requests. Default: undici's `Pool`. */
  readonly factory?: ClientFactory;
  /** Default: the runtime's monotonic clock. */
  readonly clock?: Clock;
}

/** An undici Dispatcher whose requests go to the endpoints of a pool. */
export interface PoolDispatcher extends Dispatcher {
  /** Whom it sends to: `pool.endpoints`, `pool.setMode(…)`, `pool.subscribe(…)`. */
  readonly pool: Pool;
  /** True once `close` or `destroy` was called. */
  readonly closed: boolean;
  /** True once nothing is under way any more. */
  readonly destroyed: boolean;
}

/**
 * Makes a Dispatcher for undici's `request`, `stream`, `pipeline`, `connect`, `upgrade` and `fetch`: each request goes to
 * the endpoint that the pool picks, and to another one where that is safe and the first failed (see `RetryOptions`).
 * Endpoints hear the Host of the origin that the request was made to; without one, their own address.
 *
 * Errors  throws `config-invalid` or `policy-unknown` like `createPool`. A request fails with `NoEndpointError` when no
 *         endpoint may serve it, else with undici's own errors.
 */
export function createDispatcher(options: DispatcherOptions): PoolDispatcher {
  return new BalancingDispatcher(options);
}

class BalancingDispatcher extends Dispatcher implements PoolDispatcher {
  readonly pool: Pool;
  readonly #ownsPool: boolean;
  readonly #origins: ReadonlySet<string> | undefined;
  #elsewhere: Dispatcher | undefined;
  readonly #ownsElsewhere: boolean;
  readonly #clients: EndpointClients;
  readonly #deps: ExchangeDeps;
  readonly #exchanges = new Set<Exchange>();
  #closing: Promise<void> | undefined;
  #destroying: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;
  #destroyed = false;

  constructor({
    pool,
    origins,
    elsewhere,
    retries = {},
    clock = systemClock,
    client = {},
    ...rest
  }: DispatcherOptions) {
    super();
    this.#ownsPool = !('pick' in pool);
    this.pool = 'pick' in pool ? pool : createPool(pool);
    this.#origins = origins && new Set(origins.map((each) => new URL(each).origin));
    this.#elsewhere = elsewhere;
    this.#ownsElsewhere = elsewhere === undefined;
    const { factory = defaultFactory, isFailure = isServerError, describeRequest = () => ({}) } = rest;
    const onEvent = (name: string, [origin, targets, ...args]: readonly unknown[]): void => {
      this.emit(name as 'connect', origin as URL, [this, ...((targets as Dispatcher[]) ?? [])], ...(args as []));
    };
    this.#clients = new EndpointClients({ pool: this.pool, options: client, factory, onEvent });
    this.#deps = {
      pool: this.pool,
      clientOf: (endpoint) => this.#clients.of(endpoint),
      clock,
      retries: createRetries(retries, clock),
      isFailure,
      requestOf: describeRequest,
      isOpen: () => this.#destroying === undefined,
      onEnd: (exchange) => this.#ended(exchange),
    };
  }

  get closed(): boolean {
    return this.#closing !== undefined || this.#destroying !== undefined;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | undefined {
    this.#closing ??= this.#close();
    return answer(this.#closing, callback);
  }

  override destroy(error?: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(first?: Error | null | (() => void), callback?: () => void): Promise<void> | undefined {
    const error = typeof first === 'function' ? null : (first ?? null);
    this.#destroying ??= this.#destroy(error);
    return answer(this.#destroying, typeof first === 'function' ? first : callback);
  }

  override dispatch(options: Dispatcher.DispatchOptions, given: Dispatcher.DispatchHandler): boolean {
    const handler = present(given);
    if (this.closed) {
      refuse(handler, this.#destroying ? new errors.ClientDestroyedError() : new errors.ClientClosedError());
      return false;
    }
    if (!this.#isOurs(options.origin)) return this.#agent().dispatch(options, handler);
    return this.#start(options, handler);
  }

  #start(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    let exchange: Exchange;
    try {
      exchange = new Exchange(this.#deps, options, handler);
    } catch (error) {
      refuse(handler, error as Error);
      return false;
    }
    this.#exchanges.add(exchange);
    return exchange.start();
  }

  #isOurs(origin: string | URL | undefined): boolean {
    return this.#origins === undefined || origin === undefined || this.#origins.has(new URL(origin).origin);
  }

  #agent(): Dispatcher {
    this.#elsewhere ??= new Agent();
    return this.#elsewhere;
  }

  #ended(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    if (this.#exchanges.size === 0) this.#onIdle?.();
  }

  /** Clients are closed last: a request under way may still need another one. */
  async #close(): Promise<void> {
    if (this.#exchanges.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    // What destroys in the meantime ends it all.
    if (this.#destroying !== undefined) return this.#destroying;
    await Promise.all([this.#clients.close(), this.#ownsElsewhere && this.#elsewhere?.close()]);
    this.#end();
  }

  async #destroy(error: Error | null): Promise<void> {
    await Promise.all([this.#clients.destroy(error), this.#ownsElsewhere && this.#elsewhere?.destroy(error)]);
    this.#end();
  }

  #end(): void {
    this.#destroyed = true;
    if (this.#ownsPool) this.pool.close();
  }
}

function answer(ended: Promise<void>, callback: (() => void) | undefined): Promise<void> | undefined {
  if (callback === undefined) return ended;
  void ended.then(callback);
  return undefined;
}

function refuse(handler: Dispatcher.DispatchHandler, error: Error): void {
  handler.onResponseError?.(undefined as never, error);
}

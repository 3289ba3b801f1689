import { createPool } from '../../control/pool/create-pool.ts';
import type { Pool, PoolRequest } from '../../control/pool/pool.ts';
import type { PoolInput } from '../../control/pool/pool-input.ts';
import { systemClock } from '../../control/pool/system.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import { createRetries, type IsFailure, isServerError, type RetryOptions } from '../retries.ts';
import { isPath, readCall } from './call.ts';
import { type Fetch, Tries } from './tries.ts';

/** What `createFetch` takes. */
export interface FetchOptions {
  /** A pool, or what `createPool` makes one of; `close` ends the one that is made here. */
  readonly pool: Pool | PoolInput;
  /**
   * The origins that stand for the pool, such as `http://orders.internal`; requests to others go where they say. Absent:
   * every request goes to the pool. A path alone (`/orders/7`) always does.
   */
  readonly origins?: readonly string[];
  /** Default: one further try, budget 0.2. */
  readonly retries?: RetryOptions;
  /** Milliseconds from a try's start to the answer's head, > 0; `Infinity`: no limit. Default 60,000. */
  readonly responseTimeoutMs?: number;
  /** Which answers count as the endpoint's failures; they are passed on all the same. Default: each 5xx. */
  readonly isFailure?: IsFailure;
  /** What the policy is told of a request: `key`, `clientIp`, `zone`, `cost`. Default: nothing. */
  readonly describeRequest?: (url: URL, init: RequestInit) => PoolRequest;
  /** Sends each try. Default: the runtime's `fetch`. */
  readonly fetch?: Fetch;
  /** Default: the runtime's monotonic clock. */
  readonly clock?: Clock;
}

/** A `fetch` whose requests go to the endpoints of a pool. */
export interface PoolFetch extends Fetch {
  /** Whom it sends to. */
  readonly pool: Pool;
  /** Closes the pool where it was made here; requests under way go on. */
  close(): void;
}

/**
 * Makes a `fetch` for Node, Bun and browsers: each request goes to the endpoint that the pool picks, and to another one
 * where that is safe and the first failed: nothing was sent (Node and Bun say so), or the method is idempotent and no head
 * came; and the body is no stream. A request is in flight until its answer's body was read, cancelled or dropped.
 *
 * Endpoints hear their own address as Host, for browsers allow no other; the runtime follows redirects by itself.
 *
 * Errors  throws `config-invalid` or `policy-unknown` like `createPool`. A call rejects with `NoEndpointError` when no
 *         endpoint may serve it, with a `TimeoutError`, else with what the runtime's `fetch` rejects with.
 */
export function createFetch(options: FetchOptions): PoolFetch {
  const { origins, describeRequest = () => ({}), clock = systemClock } = options;
  const pool = 'pick' in options.pool ? options.pool : createPool(options.pool);
  const send: Fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const tries = new Tries({
    pool,
    send,
    clock,
    retries: createRetries(options.retries ?? {}, clock),
    responseTimeoutMs: options.responseTimeoutMs ?? 60_000,
    isFailure: options.isFailure ?? isServerError,
  });
  const ours = origins && new Set(origins.map((each) => new URL(each).origin));

  async function balanced(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    if (ours !== undefined && !isPath(input) && !ours.has(originOf(input) ?? '')) return send(input, init);
    const call = readCall(input, init);
    return tries.run(call, describeRequest(call.url, call.init));
  }

  const close = (): void => {
    if (pool !== options.pool) pool.close();
  };
  return Object.assign(balanced, { pool, close });
}

/** In browsers a relative URL is the page's; that it is none elsewhere is the runtime's to say. */
function originOf(input: string | URL | Request): string | undefined {
  const url = input instanceof Request ? input.url : String(input);
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

import type { Location } from '../core/kernel/endpoint.ts';

/** Plain data that describes a pool, as `config` produces it: durations in milliseconds, every default filled in. */
export interface PoolOptions {
  /** A policy's options, told apart by `type`: `{ type: 'least-connections' }`; or a user's own function. */
  readonly policy: { readonly type: string } | ModulePolicyFields;
  readonly endpoints: readonly EndpointOptions[];
  /** Absent: no checks, every endpoint stays `unknown`. `type` names a probe. */
  readonly health?: HealthOptions;
  /** Absent: off. */
  readonly circuitBreaker?: CircuitBreakerFields;
  /** Absent: off. */
  readonly outliers?: OutlierFields;
  /** Milliseconds in which a new or recovered endpoint reaches its weight; absent: at once. */
  readonly slowStart?: number;
  /** Below which share of endpoints that are not down checks are not believed; absent: never. */
  readonly panic?: { readonly below: number };
  readonly retries: RetryFields;
  /** A second try where the first one is slow; absent: none. */
  readonly hedge?: HedgeFields;
  /** Absent: 503 at once when every endpoint is at its limit. */
  readonly queue?: QueueFields;
  /** Absent: off. */
  readonly adaptiveLimit?: AdaptiveLimitFields;
  readonly timeouts: PoolTimeouts;
  readonly connections: PoolConnections;
  /** What a request weighs in flight; absent: 1. */
  readonly cost?: CostOptions;
  /** Adds `X-Served-By: <endpoint id>` to answers. */
  readonly servedBy: boolean;
  /** Host sent to the endpoints; absent: the client's. */
  readonly host?: string;
  /** Adds `Forwarded` to requests. */
  readonly forwarded: boolean;
  /** Makes `X-Request-Id` where a trusted proxy has not sent one. */
  readonly requestId: boolean;
}

/** A function of the user's: `/etc/equipoise/policy.ts#pick`. */
export interface ModulePolicyFields {
  readonly type: 'module';
  readonly module: string;
}

/** By the length of the body, by a header that names it, or by a function of the user's: `/etc/equipoise/cost.ts#cost`. */
export type CostOptions = 'content-length' | `header:${string}` | { readonly module: string };

export interface EndpointOptions {
  /** Default: the address as written. Unique in the pool. */
  readonly id: string;
  readonly address: EndpointAddress;
  /** Default 1. */
  readonly weight: number;
  readonly zone?: string;
  readonly location?: Location;
  /** In-flight picks never pass this; absent: no limit. */
  readonly maxConnections?: number;
  /** Serves a request only when no other endpoint can: none is eligible, or each was tried or is at its limit. Default false. */
  readonly backup: boolean;
  /** As configured; what a check reports wins. Absent: none until one reports. */
  readonly role?: Role;
  /** What a person says. Default `ready`. */
  readonly mode: Mode;
}

/** `host` is an IP address or a name; a bare port is `loopback` and tries 127.0.0.1, then ::1. */
export type EndpointAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'loopback'; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** What a person says of an endpoint; only `ready` ones are picked. */
export type Mode = 'ready' | 'draining' | 'maintenance';
/** What an endpoint of a replicated store does: takes writes, or follows who does. */
export type Role = 'primary' | 'replica';
/** What checks say; `unknown` endpoints, not judged yet, are picked. */
export type Health = 'up' | 'down' | 'unknown';

/** Times in milliseconds. */
export interface RetryFields {
  /** Further tries on other endpoints; 0: none. Default 1. */
  readonly attempts: number;
  /** Further tries, hedges included, per request; see `core/guards/retry-budget.ts`. Default 0.2. */
  readonly budget: number;
  /** What the pause before the second and later retries is drawn from; 0: none. Default 25. */
  readonly backoff: number;
  /** Statuses of an answer that idempotent requests are tried again for. Default none. */
  readonly statuses: readonly number[];
  /** Bytes of a body that are kept to send it again; what comes in one read with its head is kept in any case. Default 65,536. */
  readonly bufferBytes: number;
  /** The longest `Retry-After` that is waited for; an answer that asks for more is passed on. Default 1000. */
  readonly maxRetryAfter: number;
}

/** At least one of the two; both: the later moment. */
export interface HedgeFields {
  /** Of the pool's latencies of late, above 0 and below 100. */
  readonly percentile?: number;
  /** Milliseconds. */
  readonly after?: number;
}

export interface QueueFields {
  /** Requests (tcp: connections) that may wait, in each worker. Default 1024. */
  readonly size: number;
  /** Milliseconds. Default 5000. */
  readonly timeout: number;
  /** Who is first: the urgency that this header names, 0 (first) to 7, 3 without it. Absent: who came first. */
  readonly priority?: `header:${string}`;
}

/** See `core/guards/adaptive-limit.ts`. */
export interface AdaptiveLimitFields {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  readonly tolerance: number;
}

/** See `core/guards/circuit-breaker.ts`; `openFor` in milliseconds. */
export interface CircuitBreakerFields {
  readonly failures: number;
  readonly openFor: number;
  readonly halfOpen: number;
}

/** See `core/guards/outlier-ejection.ts`; times in milliseconds. */
export interface OutlierFields {
  readonly consecutiveFailures: number;
  readonly interval: number;
  readonly minRequests: number;
  readonly deviations: number;
  readonly failureRate?: number;
  readonly baseEjection: number;
  readonly maxEjection: number;
  readonly maxEjected: number;
}

/** What every probe shares; the probe's own options lie beside these and belong to its file. */
export interface HealthOptions {
  readonly type: string;
  /** Milliseconds between two checks. Default 2000. */
  readonly interval: number;
  /** Milliseconds between two while a verdict is about to change. Absent: a quarter of `interval`. */
  readonly fastInterval?: number;
  /** Milliseconds between two while it is `down`. Absent: `interval`. */
  readonly downInterval?: number;
  /** No check while enough requests succeed and none fails. Absent: false. */
  readonly skipWhileServing?: boolean;
  /** Milliseconds. Default 1000. */
  readonly timeout: number;
  /** Successes in a row that make a `down` endpoint `up`; the first one makes an `unknown` endpoint `up`. Default 2. */
  readonly rise: number;
  /** Failures in a row that make it `down`. Default 3. */
  readonly fall: number;
  /** `unknown` is eligible until judged; `down` serves after `rise` successes. Default `unknown`. */
  readonly initial: 'unknown' | 'down';
  /** Share of the interval by which each check is moved at random, 0..1. Default 0.1. */
  readonly jitter: number;
}

/** Milliseconds. */
export interface PoolTimeouts {
  /** To a connection. Default 5000. */
  readonly connect: number;
  /** From the request's last sent byte to the answer's first, per try. Default 60000. */
  readonly response: number;
  /** From a request's head to the answer's first byte, waiting and every try included. Absent: no limit. */
  readonly request?: number;
  /** Without a byte in either direction while a message is under way; also tcp. Default 60000. */
  readonly idle: number;
  /** Without a byte in either direction of an upgraded connection. Default 3600000. */
  readonly tunnel: number;
}

export interface PoolConnections {
  /** Kept idle per endpoint. Default 256. */
  readonly idle: number;
  /** Milliseconds after which a connection is not used again. Default 600000. */
  readonly maxAge: number;
  /** Requests after which a connection is not used again. Default 100000. */
  readonly maxRequests: number;
}

import type { Role } from '../control/pool-options.ts';
import type { SocketAddress } from '../transport/transport.ts';

/** Plain data that describes a listener, as `config` produces it: milliseconds, bytes, every default filled in. */
export interface ListenerOptions {
  readonly bind: readonly SocketAddress[];
  /** Type tag of a protocol: `http` or `tcp`. */
  readonly protocol: string;
  /** Networks in CIDR form whose X-Forwarded-* and Forwarded headers are believed. Default none. */
  readonly trustedProxies: readonly string[];
  readonly timeouts: ListenerTimeouts;
  readonly limits: ListenerLimits;
  /** The first match wins. A tcp listener's `pool: x` is one route without a match. */
  readonly routes: readonly RouteOptions[];
}

/** Milliseconds. */
export interface ListenerTimeouts {
  /** From the first byte of a head (or from accept) to its last. Default 10000. */
  readonly head: number;
  /** In which a body must bring 16 KiB or end. Default 30000. */
  readonly body: number;
  /** Between two requests on a connection. Default 60000. */
  readonly keepAlive: number;
}

export interface ListenerLimits {
  /** Default 64 KiB. */
  readonly headBytes: number;
  /** Default 128. */
  readonly headerFields: number;
  /** Default 1 GiB. */
  readonly bodyBytes: number;
  /** Connections at one time. Default 100000. */
  readonly connections: number;
  /** Connections at one time from one address; absent: no limit. */
  readonly perSource?: number;
}

export interface RouteOptions {
  readonly match?: RouteMatch;
  /** Exactly one of pool, pools, redirect and respond. */
  readonly pool?: string;
  readonly pools?: readonly { readonly pool: string; readonly weight: number }[];
  /** Of a pool's endpoints, only those that have this role; absent: all. */
  readonly role?: Role;
  readonly redirect?: RedirectOptions;
  readonly respond?: RespondOptions;
  /** Overrides the pool's. Milliseconds. */
  readonly timeouts?: { readonly response?: number };
}

/** All conditions present must hold; a list holds when one item does. */
export interface RouteMatch {
  /** Exact, or `*.example.com` for any name below it; case-insensitive, without port. */
  readonly host?: readonly string[];
  /** Exact, or `/x/*` for `/x/` and below (not `/x`). */
  readonly path?: readonly string[];
  readonly method?: readonly string[];
}

export interface RedirectOptions {
  /** 301, 302, 303, 307 or 308. Default 302. */
  readonly status: number;
  /** The Location; `{path}`, `{query}` (with its `?`) and `{host}` are replaced by the request's. */
  readonly to: string;
}

export interface RespondOptions {
  readonly status: number;
  readonly body: string;
  /** Default `text/plain; charset=utf-8`. */
  readonly contentType: string;
}

/** What a listener counts; every call is a typed-array write. */
export interface ListenerMetrics {
  /**
   * Before limits are looked at; then it is opened or refused. Other workers see it from now on, so that of two that come at a
   * time never both take the last place.
   */
  connectionArrived(): void;
  connectionOpened(): void;
  connectionClosed(): void;
  connectionRefused(reason: Refusal): void;
  /** An answer made by us without an endpoint: 400, 404, 503, a redirect. 499: the client went away. */
  answered(status: number): void;
  bytesReceived(count: number): void;
  bytesSent(count: number): void;
}

/** Too many connections, of the listener or the program; too many from its address; no descriptor is left for it. */
export type Refusal = 'limit' | 'per-source' | 'descriptors';

/** Where requests that an endpoint had are counted when they end. */
export interface RequestMetrics {
  /** `status` is what the client got (499: it went away), `latencyMs` to the first byte or −1. */
  request(slot: number, status: number, latencyMs: number): void;
}

/**
 * How a try at an endpoint failed: no connection; no answer in time; the connection ended before the answer did; it was no answer;
 * a status of 500 or more.
 */
export type TryFailure = 'connect' | 'timeout' | 'closed' | 'garbage' | 'status';

/** What the traffic from one listener to one pool counts, by the endpoint's slot. */
export interface PoolMetrics extends RequestMetrics {
  /** Counts requests of one route, and with them for the pool. Asked for once per configuration. */
  route(name: string): RequestMetrics;
  /** A configuration begins to ask for its routes: those that the last one did not ask for give way where they are too many. */
  beginRoutes(): void;
  /** The endpoint gets a request that another one failed to answer. */
  retried(slot: number): void;
  /** The endpoint gets a request as its second try, beside another endpoint that is slow. */
  hedged(slot: number): void;
  /** Its answer came first, and is the client's. */
  hedgeWon(slot: number): void;
  /** A further try was not made, since the pool's budget is used up. */
  budgetExhausted(): void;
  /** A request waits for a place at an endpoint. */
  queued(): void;
  /** It waits no more, with a place or without. */
  unqueued(waitedMs: number): void;
  /** It was answered 503 (tcp: reset) for lack of a place. */
  turnedAway(reason: TurnedAway): void;
  connectFailed(slot: number): void;
  /** A try failed otherwise, whether another one made up for it or not. */
  failed(slot: number, how: Exclude<TryFailure, 'connect'>): void;
  /** What came from the endpoint, whether it was passed on or not; checks are not counted. */
  bytesReceived(slot: number, count: number): void;
  /** What the endpoint's connection took. */
  bytesSent(slot: number, count: number): void;
  connectionOpened(slot: number): void;
  connectionClosed(slot: number): void;
}

/**
 * The line is full; another one in it was more urgent; it waited too long; the pool's adaptive limit is reached and nobody may
 * wait.
 */
export type TurnedAway = 'full' | 'displaced' | 'timeout' | 'limit';

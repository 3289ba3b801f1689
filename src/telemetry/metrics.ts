/** What a listener counts; every call is a typed-array write. */
export interface ListenerMetrics {
  connectionOpened(): void;
  connectionClosed(): void;
  connectionRefused(reason: 'limit' | 'per-source'): void;
  /** An answer made by us without an endpoint: 400, 404, 503, a redirect. 499: the client went away. */
  answered(status: number): void;
  bytesReceived(count: number): void;
  bytesSent(count: number): void;
}

/** What the traffic from one listener to one pool counts, by the endpoint's slot. */
export interface PoolMetrics {
  /** A request ended; `status` is what the client got (499: it went away), `latencyMs` to the first byte or −1. */
  request(slot: number, status: number, latencyMs: number): void;
  /** The endpoint gets a request that another one failed to answer. */
  retried(slot: number): void;
  connectFailed(slot: number): void;
  connectionOpened(slot: number): void;
  connectionClosed(slot: number): void;
}

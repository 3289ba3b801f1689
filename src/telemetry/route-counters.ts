import { EndpointRows } from './endpoint-rows.ts';
import type { RequestMetrics } from './metrics.ts';
import { classOf, STATUS_CLASSES } from './status-class.ts';

/** Requests of one route by endpoint and class of status; each is counted for its pool as well. */
export class RouteCounters implements RequestMetrics {
  readonly rows = new EndpointRows(STATUS_CLASSES.length);
  readonly #pool: RequestMetrics;

  constructor(pool: RequestMetrics) {
    this.#pool = pool;
  }

  request(slot: number, status: number, latencyMs: number): void {
    this.rows.count(slot, classOf(status));
    this.#pool.request(slot, status, latencyMs);
  }
}

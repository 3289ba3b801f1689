/**
 * What an endpoint says of its own load, in an answer's header or an answer to a probe. Each number is −1 where it said
 * nothing.
 */
export interface LoadReport {
  /** Of the application, else of the processor: 0 idle, 1 full; more than 1 is possible. */
  utilization: number;
  /** Requests under way inside the endpoint, from every client it has. */
  inFlight: number;
  /** What a request that arrives now will take, as the endpoint estimates it; milliseconds. */
  latencyMs: number;
  /** Requests it answers in a second. */
  requestsPerSecond: number;
  /** Of these, the failed ones. */
  errorsPerSecond: number;
}

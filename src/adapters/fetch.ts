/** `equipoise/fetch`: a pool as a `fetch`, for Node, Bun and browsers. */

export { createFetch, type FetchOptions, type PoolFetch } from './fetch/create-fetch.ts';
export type { Fetch } from './fetch/tries.ts';
export { NoEndpointError } from './no-endpoint.ts';
export type { IsFailure, RetryOptions } from './retries.ts';

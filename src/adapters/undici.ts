/** `equipoise/undici`: a pool as a Dispatcher of undici 7, on Node. Bun has no undici of its own: use `equipoise/fetch` there. */

export { NoEndpointError } from './no-endpoint.ts';
export type { IsFailure, RetryOptions } from './retries.ts';
export type { ClientFactory } from './undici/clients.ts';
export { createDispatcher, type DispatcherOptions, type PoolDispatcher } from './undici/dispatcher.ts';

import { RetryBudget } from '../core/guards/retry-budget.ts';
import type { Clock } from '../core/kernel/clock.ts';

/** Further tries of one request, each on an endpoint that it was not sent to before. */
export interface RetryOptions {
  /** Further tries of one request, ≥ 0; 0: none. Default 1. */
  readonly attempts?: number;
  /**
   * Share of all requests that may be sent once more, 0..1, beside a few each second that always may: an overload is not
   * multiplied. A try in which nothing was sent, for nobody listens, is free. Default 0.2.
   */
  readonly budget?: number;
}

export interface Retries {
  readonly attempts: number;
  readonly budget: RetryBudget;
}

export function createRetries({ attempts = 1, budget = 0.2 }: RetryOptions, clock: Clock): Retries {
  return { attempts, budget: new RetryBudget({ ratio: budget }, clock) };
}

/** RFC 9110 section 9.2.2: sent twice, they do what they do once. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method.toUpperCase());
}

/** Of answers: whether the endpoint failed. Default: each 5xx is a failure. */
export type IsFailure = (status: number) => boolean;

export const isServerError: IsFailure = (status) => status >= 500;

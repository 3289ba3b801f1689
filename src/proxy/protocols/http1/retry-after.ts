import { headerOf } from './request-values.ts';
import type { ResponseHead } from './response-head.ts';

/**
 * Milliseconds that an answer asks to wait (RFC 9110 §10.2.3), by its own Date where it names a moment; 0 when it does not ask,
 * Infinity when it cannot be understood.
 */
export function retryAfterMs(head: ResponseHead): number {
  const value = headerOf(head, 'retry-after');
  if (value === undefined) return 0;
  if (/^\d{1,9}$/.test(value)) return 1000 * Number(value);
  const ms = Date.parse(value) - Date.parse(headerOf(head, 'date') ?? '');
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : Math.max(0, ms);
}

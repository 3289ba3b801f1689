import { ZERO } from './bytes.ts';

/**
 * The value of a Content-Length: decimal digits only, at most 2^53 − 1; −1 when it is anything else.
 * Source  RFC 9110 §8.6; lists and signs are refused because readers differ on them.
 */
export function parseContentLength(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 16) return -1;
  let length = 0;
  for (let p = start; p < end; p++) {
    const digit = bytes[p]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}

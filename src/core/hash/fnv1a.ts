/**
 * FNV-1a, 32 and 64 bits, of a text's UTF-8 bytes: simple and quick for short texts, but the last byte hardly reaches the
 * high bits, so similar texts have similar hashes. Mix them before they place anything on a ring.
 *
 * Source  Noll, Vo, Eastlake and Hansen, "The FNV Non-Cryptographic Hash Algorithm", RFC 9923.
 * Cost    O(length); allocates only when a text is longer than any before.
 * Errors  none; a lone surrogate is hashed as U+FFFD.
 */
import { encodeUtf8, utf8Scratch } from './utf8.ts';

const OFFSET_32 = 0x811c9dc5;
const PRIME_32 = 0x01000193;

const OFFSET_64_HIGH = 0xcbf29ce4;
const OFFSET_64_LOW = 0x84222325;
/** The 64-bit prime is 2^40 + 0x1b3. */
const PRIME_64_LOW = 0x1b3;

/** An integer in [0, 2^32). */
export function fnv1a32(text: string): number {
  const length = encodeUtf8(text);
  const bytes = utf8Scratch();
  let hash = OFFSET_32;
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ bytes[at]!, PRIME_32);
  return hash >>> 0;
}

/** Writes the low 32 bits to `into[0]`, the high ones to `into[1]`. */
export function fnv1a64(text: string, into: Uint32Array): void {
  const length = encodeUtf8(text);
  const bytes = utf8Scratch();
  let high = OFFSET_64_HIGH;
  let low = OFFSET_64_LOW;
  for (let at = 0; at < length; at++) {
    low = (low ^ bytes[at]!) >>> 0;
    const product = low * PRIME_64_LOW;
    // 2^40 times the low half is the low half shifted by 8 in the high one.
    high = (Math.imul(high, PRIME_64_LOW) + (low << 8) + Math.floor(product / 2 ** 32)) | 0;
    low = product >>> 0;
  }
  into[0] = low;
  into[1] = high;
}

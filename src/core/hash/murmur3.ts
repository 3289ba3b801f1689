/**
 * MurmurHash3, the 32-bit variant for x86, of a text's UTF-8 bytes.
 *
 * Source  Appleby, SMHasher, MurmurHash3.cpp, MurmurHash3_x86_32.
 * Cost    O(length); allocates only when a text is longer than any before.
 * Errors  none; a lone surrogate is hashed as U+FFFD.
 */
import { encodeUtf8, utf8Scratch } from './utf8.ts';

const FACTOR_1 = 0xcc9e2d51;
const FACTOR_2 = 0x1b873593;

/** An integer in [0, 2^32). `seed` is any 32-bit integer; default 0. */
export function murmur3(text: string, seed = 0): number {
  const length = encodeUtf8(text);
  return murmur3Bytes(utf8Scratch(), length, seed);
}

/** Hashes the first `length` bytes. */
export function murmur3Bytes(bytes: Uint8Array, length: number, seed = 0): number {
  let hash = seed;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash ^= scattered(word);
    hash = (Math.imul(rotateLeft(hash, 13), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let last = length - 1; last >= at; last--) rest = (rest << 8) | bytes[last]!;
  return finished(hash ^ scattered(rest) ^ length);
}

function scattered(word: number): number {
  return Math.imul(rotateLeft(Math.imul(word, FACTOR_1), 15), FACTOR_2);
}

function finished(start: number): number {
  let hash = Math.imul(start ^ (start >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotateLeft(value: number, count: number): number {
  return (value << count) | (value >>> (32 - count));
}

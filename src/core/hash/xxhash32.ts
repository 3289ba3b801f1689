/**
 * xxHash, 32 bits, of a text's UTF-8 bytes.
 *
 * Source  Collet, "xxHash fast digest algorithm", draft-collet-xxhash-format 0.1.1, section 2.
 * Cost    O(length); allocates only when a text is longer than any before.
 * Errors  none; a lone surrogate is hashed as U+FFFD, as every UTF-8 encoder of the web writes it.
 */
import { encodeUtf8, utf8Scratch } from './utf8.ts';

const PRIME_1 = 0x9e3779b1 | 0;
const PRIME_2 = 0x85ebca77 | 0;
const PRIME_3 = 0xc2b2ae3d | 0;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

/** An integer in [0, 2^32). `seed` is any 32-bit integer; default 0. */
export function xxhash32(text: string, seed = 0): number {
  const { length } = text;
  if (length >= 16) return xxhash32Utf8(text, seed);
  // Keys are mostly short and ASCII: their characters are their bytes, and need no buffer.
  let hash = (seed + PRIME_5 + length) | 0;
  let units = 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    const d = text.charCodeAt(at + 3);
    units |= a | b | c | d;
    hash = withWord(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  for (; at < length; at++) {
    const unit = text.charCodeAt(at);
    units |= unit;
    hash = withByte(hash, unit);
  }
  return units < 0x80 ? avalanche(hash) : xxhash32Utf8(text, seed);
}

function xxhash32Utf8(text: string, seed: number): number {
  const length = encodeUtf8(text);
  return xxhash32Bytes(utf8Scratch(), length, seed);
}

/** Hashes the first `length` bytes. */
export function xxhash32Bytes(bytes: Uint8Array, length: number, seed = 0): number {
  let at = 0;
  let hash: number;
  if (length >= 16) {
    let a = (seed + PRIME_1 + PRIME_2) | 0;
    let b = (seed + PRIME_2) | 0;
    let c = seed | 0;
    let d = (seed - PRIME_1) | 0;
    for (; at + 16 <= length; at += 16) {
      a = round(a, word(bytes, at));
      b = round(b, word(bytes, at + 4));
      c = round(c, word(bytes, at + 8));
      d = round(d, word(bytes, at + 12));
    }
    hash = (rotateLeft(a, 1) + rotateLeft(b, 7) + rotateLeft(c, 12) + rotateLeft(d, 18)) | 0;
  } else {
    hash = (seed + PRIME_5) | 0;
  }
  return avalanche(tail((hash + length) | 0, bytes, at, length));
}

function tail(start: number, bytes: Uint8Array, from: number, length: number): number {
  let hash = start;
  let at = from;
  for (; at + 4 <= length; at += 4) hash = withWord(hash, word(bytes, at));
  for (; at < length; at++) hash = withByte(hash, bytes[at]!);
  return hash;
}

// The rotations are spelled out: engines inline calls of calls only so deep.
function withWord(hash: number, input: number): number {
  const sum = hash + Math.imul(input, PRIME_3);
  return Math.imul((sum << 17) | (sum >>> 15), PRIME_4);
}

function withByte(hash: number, input: number): number {
  const sum = hash + Math.imul(input, PRIME_5);
  return Math.imul((sum << 11) | (sum >>> 21), PRIME_1);
}

function avalanche(start: number): number {
  let hash = Math.imul(start ^ (start >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(lane: number, input: number): number {
  return Math.imul(rotateLeft((lane + Math.imul(input, PRIME_2)) | 0, 13), PRIME_1);
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function rotateLeft(value: number, count: number): number {
  return (value << count) | (value >>> (32 - count));
}

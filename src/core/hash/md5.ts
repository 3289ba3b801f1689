/**
 * MD5 of a text's UTF-8 bytes. Broken as a signature; here because ketama's rings are made of it.
 *
 * Source  Rivest, "The MD5 Message-Digest Algorithm", RFC 1321.
 * Cost    O(length); allocates only when a text is longer than any before.
 * Errors  none; a lone surrogate is hashed as U+FFFD.
 */
import { encodeUtf8, utf8Scratch } from './utf8.ts';

/** T of RFC 1321, 3.4: 2^32 × |sin(i)| for i = 1 … 64. */
const SINES = /* @__PURE__ */ Int32Array.from({ length: 64 }, (_, i) =>
  Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))),
);
/** Rotations of the four rounds, in turn. */
const ROTATIONS = /* @__PURE__ */ Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);

const block = new Int32Array(16);
const state = new Int32Array(4);

/** Writes the four words of the digest, the first byte in the lowest bits of `into[0]`. */
export function md5(text: string, into: Uint32Array): void {
  const length = encodeUtf8(text);
  md5Bytes(utf8Scratch(), length, into);
}

/** Hashes the first `length` bytes. */
export function md5Bytes(bytes: Uint8Array, length: number, into: Uint32Array): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  // Padding is at least the byte 0x80 and the length in 8 bytes.
  const blocks = Math.floor((length + 8) / 64) + 1;
  for (let at = 0; at < blocks * 64; at += 64) {
    fillBlock(bytes, at, length);
    if (at === (blocks - 1) * 64) {
      block[14] = length << 3;
      block[15] = Math.floor(length / 2 ** 29);
    }
    hashBlock();
  }
  into.set(state);
}

function fillBlock(bytes: Uint8Array, from: number, length: number): void {
  for (let i = 0; i < 16; i++) {
    const at = from + 4 * i;
    let word = 0;
    for (let k = 3; k >= 0; k--) word = (word << 8) | byteAt(bytes, at + k, length);
    block[i] = word;
  }
}

function byteAt(bytes: Uint8Array, at: number, length: number): number {
  if (at < length) return bytes[at]!;
  return at === length ? 0x80 : 0;
}

function hashBlock(): void {
  let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const sum = (a + mixed(round, b, c, d) + block[wordOf(round, i)]! + SINES[i]!) | 0;
    const count = ROTATIONS[4 * round + (i & 3)]!;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << count) | (sum >>> (32 - count)))) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
}

/** F, G, H and I of the RFC. */
function mixed(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (b & d) | (c & ~d);
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d);
}

function wordOf(round: number, i: number): number {
  if (round === 0) return i;
  if (round === 1) return (5 * i + 1) & 15;
  return round === 2 ? (3 * i + 5) & 15 : (7 * i) & 15;
}

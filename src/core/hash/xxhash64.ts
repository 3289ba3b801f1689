/**
 * xxHash, 64 bits, of a text's UTF-8 bytes, in two halves of 32 bits: big integers allocate.
 *
 * Source  Collet, "xxHash fast digest algorithm", draft-collet-xxhash-format 0.1.1, section 3.
 * Cost    O(length); allocates only when a text is longer than any before.
 * Errors  none; a lone surrogate is hashed as U+FFFD.
 */
import { encodeUtf8, utf8Scratch } from './utf8.ts';

/** The five primes, each low half, high half. */
const PRIME_1 = [0x85ebca87, 0x9e3779b1] as const;
const PRIME_2 = [0x27d4eb4f, 0xc2b2ae3d] as const;
const PRIME_3 = [0x9e3779f9, 0x165667b1] as const;
const PRIME_4 = [0xc2b2ae63, 0x85ebca77] as const;
const PRIME_5 = [0x165667c5, 0x27d4eb2f] as const;
type Prime = typeof PRIME_1 | typeof PRIME_2 | typeof PRIME_3 | typeof PRIME_4 | typeof PRIME_5;

/** Registers of 64 bits, each named by the index of its low half; the high half follows. */
const registers = new Int32Array(12);
const LANES = 0;
const HASH = 8;
const INPUT = 10;

/** Writes the low 32 bits to `into[0]`, the high ones to `into[1]`. `seed` is any 32-bit integer; default 0. */
export function xxhash64(text: string, into: Uint32Array, seed = 0): void {
  const length = encodeUtf8(text);
  xxhash64Bytes(utf8Scratch(), length, into, seed);
}

/** Hashes the first `length` bytes. */
export function xxhash64Bytes(bytes: Uint8Array, length: number, into: Uint32Array, seed = 0): void {
  const at = length >= 32 ? hashStripes(bytes, length, seed) : 0;
  if (at === 0) {
    load(HASH, seed, 0);
    add(HASH, PRIME_5[0], PRIME_5[1]);
  }
  add(HASH, length, 0);
  hashTail(bytes, at, length);
  avalanche();
  into[0] = registers[HASH]!;
  into[1] = registers[HASH + 1]!;
}

/** As many stripes of 32 bytes as there are; how many bytes that was. */
function hashStripes(bytes: Uint8Array, length: number, seed: number): number {
  for (let lane = LANES; lane < HASH; lane += 2) load(lane, seed, 0);
  add(LANES, PRIME_1[0], PRIME_1[1]);
  add(LANES, PRIME_2[0], PRIME_2[1]);
  add(LANES + 2, PRIME_2[0], PRIME_2[1]);
  // Subtracting is adding the complement and 1.
  add(LANES + 6, ~PRIME_1[0], ~PRIME_1[1]);
  add(LANES + 6, 1, 0);
  let at = 0;
  for (; at + 32 <= length; at += 32) {
    for (let lane = 0; lane < 4; lane++)
      round(LANES + 2 * lane, word(bytes, at + 8 * lane), word(bytes, at + 8 * lane + 4));
  }
  mergeLanes();
  return at;
}

function mergeLanes(): void {
  load(HASH, 0, 0);
  addRotated(LANES, 1);
  addRotated(LANES + 2, 7);
  addRotated(LANES + 4, 12);
  addRotated(LANES + 6, 18);
  for (let lane = LANES; lane < HASH; lane += 2) {
    mixIn(registers[lane]!, registers[lane + 1]!);
    multiply(HASH, PRIME_1);
    add(HASH, PRIME_4[0], PRIME_4[1]);
  }
}

function addRotated(lane: number, count: number): void {
  load(INPUT, registers[lane]!, registers[lane + 1]!);
  rotateLeft(INPUT, count);
  add(HASH, registers[INPUT]!, registers[INPUT + 1]!);
}

function hashTail(bytes: Uint8Array, from: number, length: number): void {
  let at = from;
  for (; at + 8 <= length; at += 8) {
    mixIn(word(bytes, at), word(bytes, at + 4));
    step(27, PRIME_1, PRIME_4);
  }
  if (at + 4 <= length) {
    xorProduct(word(bytes, at), PRIME_1);
    step(23, PRIME_2, PRIME_3);
    at += 4;
  }
  for (; at < length; at++) {
    xorProduct(bytes[at]!, PRIME_5);
    rotateLeft(HASH, 11);
    multiply(HASH, PRIME_1);
  }
}

function step(count: number, factor: Prime, addend: Prime): void {
  rotateLeft(HASH, count);
  multiply(HASH, factor);
  add(HASH, addend[0], addend[1]);
}

function avalanche(): void {
  const high = registers[HASH + 1]!;
  registers[HASH]! ^= high >>> 1;
  multiply(HASH, PRIME_2);
  const middle = registers[HASH + 1]!;
  registers[HASH]! ^= (registers[HASH]! >>> 29) | (middle << 3);
  registers[HASH + 1]! ^= middle >>> 29;
  multiply(HASH, PRIME_3);
  registers[HASH]! ^= registers[HASH + 1]!;
}

/** The hash xor one round of these 64 bits on an empty lane. */
function mixIn(low: number, high: number): void {
  load(INPUT, 0, 0);
  round(INPUT, low, high);
  xorInput();
}

function xorProduct(low: number, factor: Prime): void {
  load(INPUT, low, 0);
  multiply(INPUT, factor);
  xorInput();
}

function xorInput(): void {
  registers[HASH]! ^= registers[INPUT]!;
  registers[HASH + 1]! ^= registers[INPUT + 1]!;
}

function round(lane: number, low: number, high: number): void {
  const [primeLow, primeHigh] = PRIME_2;
  add(lane, Math.imul(low, primeLow), productHigh(low, high, primeLow, primeHigh));
  rotateLeft(lane, 31);
  multiply(lane, PRIME_1);
}

function load(register: number, low: number, high: number): void {
  registers[register] = low;
  registers[register + 1] = high;
}

function add(register: number, low: number, high: number): void {
  const sum = (registers[register]! >>> 0) + (low >>> 0);
  registers[register] = sum;
  registers[register + 1]! += high + (sum >= 2 ** 32 ? 1 : 0);
}

function multiply(register: number, [low, high]: Prime): void {
  const own = registers[register]!;
  registers[register + 1] = productHigh(own, registers[register + 1]!, low, high);
  registers[register] = Math.imul(own, low);
}

/** The high half of a product of 64 bits; products of 16 bits fit a double with room for the carries. */
function productHigh(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  const first = a1 * b0 + ((a0 * b0) >>> 16);
  const second = a0 * b1 + (first & 0xffff);
  const carried = a1 * b1 + (first >>> 16) + (second >>> 16);
  return (carried + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow)) | 0;
}

/** 0 < count < 32. */
function rotateLeft(register: number, count: number): void {
  const low = registers[register]!;
  const high = registers[register + 1]!;
  registers[register] = (low << count) | (high >>> (32 - count));
  registers[register + 1] = (high << count) | (low >>> (32 - count));
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeUtf8, utf8Scratch } from './utf8.ts';
import { xxhash32, xxhash32Bytes } from './xxhash32.ts';

const PRIME_32 = 0x9e3779b1;

/** The buffer that the reference implementation's sanity check hashes. */
function sanityBuffer(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let generator = BigInt(PRIME_32);
  for (let i = 0; i < length; i++) {
    bytes[i] = Number(generator >> 56n);
    generator = (generator * 0x9e3779b185ebca8dn) & 0xffff_ffff_ffff_ffffn;
  }
  return bytes;
}

describe('xxhash32', () => {
  test.each([
    { text: '', seed: 0, want: 0x02cc5d05 },
    { text: '', seed: PRIME_32, want: 0x36b78ae7 },
    { text: 'a', seed: 0, want: 0x550d7456 },
    { text: 'abc', seed: 0, want: 0x32d153ff },
    { text: 'asdf', seed: 0, want: 0x5e702c32 },
    { text: 'Nobody inspects the spammish repetition', seed: 0, want: 0xe2293b2f },
    { text: 'I want an unsigned 32-bit seed!', seed: 0, want: 0xf7a35af8 },
    { text: 'I want an unsigned 32-bit seed!', seed: 1, want: 0xd8d4b4ba },
    { text: 'Call me Ishmael. Some years ago--never mind how long precisely-', seed: 0, want: 0x6f320359 },
  ])('published vector $text, seed $seed', ({ text, seed, want }) => {
    expect(xxhash32(text, seed).toString(16)).toBe(want.toString(16));
  });

  test.each([
    { length: 1, seed: 0, want: 0xcf65b03e },
    { length: 1, seed: PRIME_32, want: 0xb4545aa4 },
    { length: 14, seed: 0, want: 0x1208e7e2 },
    { length: 14, seed: PRIME_32, want: 0x6af1d1fe },
    { length: 222, seed: 0, want: 0x5bd11dbd },
    { length: 222, seed: PRIME_32, want: 0x58803c5f },
  ])('vector of the reference sanity check: $length bytes, seed $seed', ({ length, seed, want }) => {
    expect(xxhash32Bytes(sanityBuffer(length), length, seed).toString(16)).toBe(want.toString(16));
  });

  test('a text has the hash of its bytes, whatever its length and characters', () => {
    const short = fc.string({ unit: fc.constantFrom('a', '9', '.', '\u007f', '\u0080', 'é', '€'), maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(short, fc.string({ maxLength: 40 })), fc.integer(), (text, seed) => {
        const bytes = new TextEncoder().encode(text);
        expect(xxhash32(text, seed)).toBe(xxhash32Bytes(bytes, bytes.length, seed));
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  test('a text whose bytes outgrow the scratch buffer, though its units do not', () => {
    const text = '€'.repeat(Math.floor(utf8Scratch().length / 2));
    expect(xxhash32(text)).toBe(xxhash32Bytes(new TextEncoder().encode(text), 3 * text.length));
  });

  test('a text longer than the scratch buffer, then a short one', () => {
    const long = 'x'.repeat(10_000);
    expect(xxhash32(long)).toBe(xxhash32Bytes(new TextEncoder().encode(long), 10_000));
    expect(xxhash32('a')).toBe(0x550d7456);
  });
});

test('encodeUtf8 writes what TextEncoder writes, lone surrogates included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ maxLength: 5 }), (text, ascii) => {
      for (const each of [text, ascii + text, `${text}\ud800`, `\udc00${text}`]) {
        const length = encodeUtf8(each);
        expect([...utf8Scratch().subarray(0, length)]).toEqual([...new TextEncoder().encode(each)]);
      }
    }),
  );
});

import { describe, expect, test } from 'vitest';
import { xxhash64, xxhash64Bytes } from './xxhash64.ts';

const PRIME_32 = 0x9e3779b1;
const hash = new Uint32Array(2);
const hex = () => [hash[1]!, hash[0]!].map((half) => half.toString(16).padStart(8, '0')).join('');

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

describe('xxhash64', () => {
  test.each([
    { text: '', want: 'ef46db3751d8e999' },
    { text: 'a', want: 'd24ec4f1a98c6e5b' },
    { text: 'abc', want: '44bc2cf5ad770999' },
    { text: 'asdf', want: '415872f599cea71e' },
    { text: 'Nobody inspects the spammish repetition', want: 'fbcea83c8a378bf1' },
    { text: 'Call me Ishmael. Some years ago--never mind how long precisely-', want: '02a2e85470d6fd96' },
  ])('published vector $text', ({ text, want }) => {
    xxhash64(text, hash);
    expect(hex()).toBe(want);
  });

  test.each([
    { length: 0, seed: PRIME_32, want: 'ac75fda2929b17ef' },
    { length: 1, seed: 0, want: 'e934a84adb052768' },
    { length: 1, seed: PRIME_32, want: '5014607643a9b4c3' },
    { length: 4, seed: 0, want: '9136a0dca57457ee' },
    { length: 14, seed: 0, want: '8282dcc4994e35c8' },
    { length: 14, seed: PRIME_32, want: 'c3bd6bf63deb6df0' },
    { length: 222, seed: 0, want: 'b641ae8cb691c174' },
    { length: 222, seed: PRIME_32, want: '20cb8ab7ae10c14a' },
  ])('vector of the reference sanity check: $length bytes, seed $seed', ({ length, seed, want }) => {
    xxhash64Bytes(sanityBuffer(length), length, hash, seed);
    expect(hex()).toBe(want);
  });

  test("SMHasher's verification value: the hash of the hashes of 0, 1, … 255 bytes", () => {
    const key = Uint8Array.from({ length: 256 }, (_, i) => i);
    const hashes = new DataView(new ArrayBuffer(2048));
    for (let i = 0; i < 256; i++) {
      xxhash64Bytes(key, i, hash, 256 - i);
      hashes.setUint32(8 * i, hash[0]!, true);
      hashes.setUint32(8 * i + 4, hash[1]!, true);
    }
    xxhash64Bytes(new Uint8Array(hashes.buffer), 2048, hash);
    expect(hash[0]!.toString(16)).toBe('24b7cf4');
  });
});

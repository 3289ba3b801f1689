import { describe, expect, test } from 'vitest';
import { murmur3, murmur3Bytes } from './murmur3.ts';

describe('murmur3', () => {
  test.each([
    { text: '', seed: 0, want: 0 },
    { text: '', seed: 1, want: 0x514e28b7 },
    { text: '', seed: 0xffffffff, want: 0x81f16f39 },
    { text: '\0\0\0\0', seed: 0, want: 0x2362f9de },
    { text: 'a', seed: 0x9747b28c, want: 0x7fa09ea6 },
    { text: 'aaaa', seed: 0x9747b28c, want: 0x5a97808a },
    { text: 'abc', seed: 0, want: 0xb3dd93fa },
    { text: 'Hello, world!', seed: 0x9747b28c, want: 0x24884cba },
    { text: 'The quick brown fox jumps over the lazy dog', seed: 0x9747b28c, want: 0x2fa826cd },
    { text: 'ππππππππ', seed: 0x9747b28c, want: 0xd58063c1 },
  ])('published vector $text, seed $seed', ({ text, seed, want }) => {
    expect(murmur3(text, seed).toString(16)).toBe(want.toString(16));
  });

  test.each([
    { bytes: [0xff, 0xff, 0xff, 0xff], seed: 0, want: 0x76293b50 },
    { bytes: [0x21, 0x43, 0x65, 0x87], seed: 0x5082edee, want: 0x2362f9de },
    { bytes: [0x21, 0x43, 0x65], seed: 0, want: 0x7e4a8634 },
    { bytes: [0x21, 0x43], seed: 0, want: 0xa0f7b07a },
    { bytes: [0x21], seed: 0, want: 0x72661cf4 },
  ])('published vector $bytes', ({ bytes, seed, want }) => {
    expect(murmur3Bytes(Uint8Array.from(bytes), bytes.length, seed).toString(16)).toBe(want.toString(16));
  });

  test("SMHasher's verification value: the hash of the hashes of 0, 1, … 255 bytes", () => {
    const key = Uint8Array.from({ length: 256 }, (_, i) => i);
    const hashes = new DataView(new ArrayBuffer(1024));
    for (let i = 0; i < 256; i++) hashes.setUint32(4 * i, murmur3Bytes(key, i, 256 - i), true);
    expect(murmur3Bytes(new Uint8Array(hashes.buffer), 1024).toString(16)).toBe('b0f57ee3');
  });
});

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { md5 } from './md5.ts';

function hex(text: string): string {
  const words = new Uint32Array(4);
  md5(text, words);
  return [...new Uint8Array(words.buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

describe('md5', () => {
  test.each([
    { text: '', want: 'd41d8cd98f00b204e9800998ecf8427e' },
    { text: 'a', want: '0cc175b9c0f1b6a831c399e269772661' },
    { text: 'abc', want: '900150983cd24fb0d6963f7d28e17f72' },
    { text: 'message digest', want: 'f96b697d7cb7938d525a2f31aaf161d0' },
    { text: 'abcdefghijklmnopqrstuvwxyz', want: 'c3fcd3d76192e4007dfb496cca67e13b' },
    {
      text: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
      want: 'd174ab98d277d9f5a5611c2c9f419d9f',
    },
    { text: '1234567890'.repeat(8), want: '57edf4a22be3c955ac49da2e2107b67a' },
  ])('RFC 1321, A.5: $text', ({ text, want }) => {
    expect(hex(text)).toBe(want);
  });

  test("is the platform's md5 of any length", () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 50, maxLength: 140 }));
    fc.assert(fc.property(text, (each) => void expect(hex(each)).toBe(createHash('md5').update(each).digest('hex'))));
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fnv1a32, fnv1a64 } from './fnv1a.ts';

function hex64(text: string): string {
  const hash = new Uint32Array(2);
  fnv1a64(text, hash);
  return [hash[1]!, hash[0]!].map((half) => half.toString(16).padStart(8, '0')).join('');
}

describe('fnv1a', () => {
  test.each([
    { text: '', want32: '811c9dc5', want64: 'cbf29ce484222325' },
    { text: 'a', want32: 'e40c292c', want64: 'af63dc4c8601ec8c' },
    { text: 'b', want32: 'e70c2de5', want64: 'af63df4c8601f1a5' },
    { text: 'foobar', want32: 'bf9cf968', want64: '85944171f73967e8' },
    { text: 'chongo was here!\n', want32: 'd49930d5', want64: '46810940eff5f915' },
  ])('vector of the authors: $text', ({ text, want32, want64 }) => {
    expect([fnv1a32(text).toString(16).padStart(8, '0'), hex64(text)]).toEqual([want32, want64]);
  });

  test('is the definition in big integers', () => {
    const defined = (text: string) => {
      let hash = 0xcbf29ce484222325n;
      for (const byte of new TextEncoder().encode(text)) {
        hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffff_ffff_ffff_ffffn;
      }
      return hash.toString(16).padStart(16, '0');
    };
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => void expect(hex64(text)).toBe(defined(text))));
  });
});

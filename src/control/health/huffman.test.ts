import { describe, expect, test } from 'vitest';
import { decodeHuffman } from './huffman.ts';

describe('decodeHuffman', () => {
  // RFC 7541, appendix C.4 and C.6.
  test.each([
    { hex: 'f1e3c2e5f23a6ba0ab90f4ff', want: 'www.example.com' },
    { hex: 'a8eb10649cbf', want: 'no-cache' },
    { hex: '25a849e95ba97d7f', want: 'custom-key' },
    { hex: '25a849e95bb8e8b4bf', want: 'custom-value' },
    { hex: '6402', want: '302' },
    { hex: 'aec3771a4b', want: 'private' },
    { hex: 'd07abe941054d444a8200595040b8166e082a62d1bff', want: 'Mon, 21 Oct 2013 20:13:21 GMT' },
    { hex: '9d29ad171863c78f0b97c8e9ae82ae43d3', want: 'https://www.example.com' },
    { hex: '', want: '' },
    { hex: '1f', want: 'a' },
  ])('$want', ({ hex, want }) => {
    expect(decodeHuffman(Buffer.from(hex, 'hex'))).toBe(want);
  });

  test.each([
    { why: 'padding of zeros', hex: '18' },
    { why: 'padding of a whole byte', hex: '1fff' },
    { why: 'nothing but padding of a byte', hex: 'ff' },
    { why: 'the end of the string in full', hex: 'ffffffff' },
    { why: 'a code that is cut', hex: 'fffa' },
  ])('refuses $why', ({ hex }) => {
    expect(decodeHuffman(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});

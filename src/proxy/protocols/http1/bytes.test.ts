import { describe, expect, test } from 'vitest';
import {
  FIELD_BYTE,
  forEachListElement,
  HEX_VALUE,
  HOST_BYTE,
  isName,
  isToken,
  startsWith,
  TARGET_BYTE,
  TOKEN,
} from './bytes.ts';

const every = Array.from({ length: 256 }, (_, byte) => byte);
const character = (byte: number) => String.fromCharCode(byte);

describe('byte classes are those of the RFCs', () => {
  test.each([
    ['TOKEN', TOKEN, /[!#$%&'*+\-.^_`|~0-9A-Za-z]/],
    ['FIELD_BYTE', FIELD_BYTE, /[\t\x20-\x7e\x80-\xff]/],
    ['TARGET_BYTE', TARGET_BYTE, /[\x21\x22\x24-\x7e]/],
    ['HOST_BYTE', HOST_BYTE, /[A-Za-z0-9\-._~%!$&'()*+;=]/],
  ])('%s', (_name, table, class_) => {
    expect(every.filter((byte) => table[byte] === 1)).toEqual(every.filter((byte) => class_.test(character(byte))));
  });

  test('HEX_VALUE', () => {
    const digits = every.filter((byte) => HEX_VALUE[byte] !== 255);
    expect(digits.map(character).join('')).toBe('0123456789ABCDEFabcdef');
    for (const digit of digits) expect(HEX_VALUE[digit]).toBe(Number.parseInt(character(digit), 16));
  });
});

describe('comparisons', () => {
  const bytes = Buffer.from('xHoSt-2x', 'latin1');

  test('isName knows both cases and no other byte of a token', () => {
    expect(isName(bytes, 1, 'host-2')).toBe(true);
    expect(isName(bytes, 1, 'hosu')).toBe(false);
    for (const letter of 'abcdefghijklmnopqrstuvwxyz-0123456789') {
      const same = every.filter((byte) => TOKEN[byte] === 1 && isName(Buffer.from([byte]), 0, letter)).map(character);
      expect(same.sort()).toEqual([...new Set([letter.toUpperCase(), letter])].sort());
    }
  });

  test('isToken knows both cases and no other byte at all', () => {
    expect([isToken(bytes, 1, 5, 'host'), isToken(bytes, 1, 6, 'host'), isToken(bytes, 1, 4, 'host')]).toEqual([
      true,
      false,
      false,
    ]);
    for (const letter of 'kz-0') {
      const same = every.filter((byte) => isToken(Buffer.from([byte]), 0, 1, letter)).map(character);
      expect(same).toEqual([...new Set([letter.toUpperCase(), letter])]);
    }
  });

  test('startsWith is exact', () => {
    expect([startsWith(bytes, 1, 'HoSt'), startsWith(bytes, 1, 'host'), startsWith(bytes, 6, '2xy')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

test.each([
  ['', []],
  ['a', ['a']],
  ['a,b', ['a', 'b']],
  [' a ,\tb\t', ['a', 'b']],
  [',, a,, ,b,', ['a', 'b']],
  ['a b', ['a b']],
  [' \t ', []],
])('the elements of %j', (list, want) => {
  const bytes = Buffer.from(`x,${list},x`, 'latin1');
  const found: string[] = [];
  forEachListElement(bytes, 2, 2 + list.length, (start, end) => found.push(bytes.toString('latin1', start, end)));
  expect(found).toEqual(want);
});

import { describe, expect, test } from 'vitest';
import { parseContentLength } from './content-length.ts';

/** Between digits that would change the result if they were read. */
function parse(value: string): number {
  const bytes = Buffer.from(`9${value}9`, 'latin1');
  return parseContentLength(bytes, 1, 1 + value.length);
}

describe('parseContentLength', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['10', 10],
    ['0042', 42],
    ['1234567890', 1_234_567_890],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%s', (value, want) => {
    expect(parse(value)).toBe(want);
  });

  test.each([
    '',
    ' ',
    '+1',
    '-1',
    '1 ',
    ' 1',
    '1 1',
    '1,1',
    '1;1',
    '1.0',
    '1e3',
    '0x1',
    '1a',
    'a',
    '1\0',
    '/',
    ':',
    '9007199254740992',
    '9999999999999999',
    '18446744073709551617',
    '00000000000000001',
  ])('refuses %j', (value) => {
    expect(parse(value)).toBe(-1);
  });
});

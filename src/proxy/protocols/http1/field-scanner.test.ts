import { describe, expect, test } from 'vitest';
import { everyByte } from '../../testing/heads.ts';
import { COMPLETE, FieldScanner, INCOMPLETE } from './field-scanner.ts';

const MAX_FIELDS = 3;
const BEFORE = 'skipped\n';

/** The fields as [name, value], and what the scan ended with. */
function scan(text: string, lengths: readonly number[] = [text.length]) {
  const scanner = new FieldScanner(MAX_FIELDS);
  scanner.begin(BEFORE.length);
  let status = INCOMPLETE;
  for (const length of lengths) {
    // Behind what has come lies what would end any section.
    const bytes = Buffer.from(`${BEFORE}${text.slice(0, length)}\r\n\r\n`, 'latin1');
    status = scanner.scan(bytes, BEFORE.length + length);
    if (status !== INCOMPLETE) break;
  }
  const bytes = Buffer.from(BEFORE + text, 'latin1');
  const fields = Array.from({ length: scanner.count }, (_, field) => {
    const [nameStart, nameEnd, valueStart, valueEnd] = scanner.offsets.subarray(4 * field, 4 * field + 4);
    return [bytes.toString('latin1', nameStart, nameEnd), bytes.toString('latin1', valueStart, valueEnd)];
  });
  const lines = fields.map((_, field) =>
    bytes.toString('latin1', scanner.lineStart(field), scanner.lineEnd(field, bytes)),
  );
  return { status, fields, lines, length: scanner.position - BEFORE.length };
}

describe('FieldScanner', () => {
  test.each([
    { why: 'no field', text: '\r\n', fields: [] },
    { why: 'a field', text: 'a: 1\r\n\r\n', fields: [['a', '1']] },
    {
      why: 'as many as allowed',
      text: 'a:1\r\nb:2\r\nc:3\r\n\r\n',
      fields: [
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ],
    },
    { why: 'no space behind the colon', text: 'a:1\r\n\r\n', fields: [['a', '1']] },
    { why: 'space around a value', text: 'a: \t1 \t2\t \r\n\r\n', fields: [['a', '1 \t2']] },
    { why: 'an empty value', text: 'a:\r\n\r\n', fields: [['a', '']] },
    { why: 'a value of space', text: 'a: \t \r\n\r\n', fields: [['a', '']] },
    { why: 'colons in a value', text: 'a::b:c\r\n\r\n', fields: [['a', ':b:c']] },
    { why: 'every character of a name', text: "!#$%&'*+-.^_`|~0aZ: 1\r\n\r\n", fields: [["!#$%&'*+-.^_`|~0aZ", '1']] },
    { why: 'bytes above ASCII in a value', text: 'a: \x80\xff\r\n\r\n', fields: [['a', '\x80\xff']] },
  ])('$why', ({ text, fields }) => {
    const lines = text.split(/(?<=\r\n)/).slice(0, -1);
    const want = { status: COMPLETE, fields, lines, length: text.length };
    expect(scan(text)).toEqual(want);
    expect(scan(text, everyByte(text.length))).toEqual(want);
    expect(scan(`${text}\0`)).toEqual(want);
  });

  test.each([
    { why: 'a bare LF behind a value', text: 'a: 1\n' },
    { why: 'a bare LF for the end', text: 'a: 1\r\n\n' },
    { why: 'a bare CR in a value', text: 'a: 1\rb' },
    { why: 'a CR before the end of line', text: 'a: 1\r\r\n' },
    { why: 'a bare CR for the end', text: 'a: 1\r\n\rb' },
    { why: 'a CR in a name', text: 'a\r\n' },
    { why: 'a fold', text: 'a: 1\r\n b\r\n' },
    { why: 'a fold by a tab', text: 'a: 1\r\n\tb\r\n' },
    { why: 'a space in a name', text: 'a b: 1\r\n' },
    { why: 'a space before the colon', text: 'a : 1\r\n' },
    { why: 'an empty name', text: ': 1\r\n' },
    { why: 'NUL in a name', text: 'a\0: 1\r\n' },
    { why: 'NUL in a value', text: 'a: \0\r\n' },
    { why: 'a vertical tab before a value', text: 'a:\v1\r\n' },
    { why: 'DEL in a value', text: 'a: \x7f\r\n' },
    { why: 'a name above ASCII', text: '\xe4: 1\r\n' },
  ])('refuses $why', ({ text }) => {
    expect(scan(text).status).toBe(400);
    expect(scan(text, everyByte(text.length)).status).toBe(400);
  });

  test('refuses one field too many where its line ends', () => {
    const text = 'a:\r\nb:\r\nc:\r\nd:\r\n';
    expect(scan(text.slice(0, -1)).status).toBe(INCOMPLETE);
    expect(scan(text).status).toBe(431);
    expect(scan(text, everyByte(text.length)).status).toBe(431);
  });

  test('every beginning of a section is incomplete', () => {
    const text = 'a: 1\r\nbc:\t \r\n\r\n';
    for (let length = 0; length < text.length; length++) expect(scan(text.slice(0, length)).status).toBe(INCOMPLETE);
  });

  test('begin forgets the section before', () => {
    const scanner = new FieldScanner(MAX_FIELDS);
    const bytes = Buffer.from('a: 1\r\nb: 2\r\n\r\n', 'latin1');
    scanner.begin(0);
    scanner.scan(bytes, 9);
    scanner.begin(6);
    expect(scanner.scan(bytes, bytes.length)).toBe(COMPLETE);
    expect([...scanner.offsets.subarray(0, 4), scanner.count]).toEqual([6, 7, 9, 10, 1]);
  });
});

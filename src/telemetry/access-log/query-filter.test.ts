import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encoded, JSON_TEXT } from './escaping.ts';
import { createQueryFilter } from './hide-query.ts';
import { LineBytes } from './line-bytes.ts';
import { QueryFilter } from './query-filter.ts';

function write(text: string, run: (line: LineBytes, bytes: Uint8Array) => void): string {
  const bytes = encoded(text);
  const line = new LineBytes(8192);
  run(line, bytes);
  return new TextDecoder().decode(line.bytes.subarray(0, line.length));
}

const query = (hidden: 'all' | readonly string[], text: string) =>
  write(text, (line, bytes) => new QueryFilter(hidden).write(line, bytes, 0, bytes.length, JSON_TEXT));
const url = (hidden: 'all' | readonly string[], text: string) =>
  write(text, (line, bytes) => new QueryFilter(hidden).writeUrl(line, bytes, 0, bytes.length, JSON_TEXT));

test('says what the filter of texts says', () => {
  const pieces = fc.constantFrom('a', 'token', 'to%6ben', '%zz', '&', '=', '==', 'ü', '%C3%BC', '+', 'Token');
  const hidden = fc.constantFrom<'all' | string[]>('all', [], ['token'], ['a', 'ü']);
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), hidden, (parts, names) => {
      expect(query(names, parts.join(''))).toBe(createQueryFilter(names)(parts.join('')));
    }),
    { seed: 1, numRuns: 500 },
  );
});

test.each([
  { text: 'https://a.b/c?token=1&d=2', want: 'https://a.b/c?token=***&d=2' },
  { text: 'https://a.b/token=1', want: 'https://a.b/token=1' },
  { text: 'https://a.b/?', want: 'https://a.b/?' },
])('of $text a line has $want', ({ text, want }) => {
  expect(url(['token'], text)).toBe(want);
});

test('a long query is cut, and nothing hidden shows', () => {
  const text = `token=${'s'.repeat(600)}&token=x`;
  expect(query(['token'], text)).toBe('token=***…');
  expect(query(['token'], `${'a'.repeat(510)}&token=secret`)).toBe(`${'a'.repeat(510)}&…`);
});

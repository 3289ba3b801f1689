import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const PAGE = join(import.meta.dirname, '../../dist/dashboard');
const files = readdirSync(PAGE, { recursive: true, encoding: 'utf8' }).filter((each) => /\.\w+$/.test(each));

test('the whole page weighs less than 150 kB, packed', () => {
  const bytes = files.map((each) => gzipSync(readFileSync(join(PAGE, each))).length);
  expect(files).toContain('index.html');
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(150_000);
});

test('it names no other site', () => {
  for (const each of files) {
    const urls = readFileSync(join(PAGE, each), 'utf8').match(/https?:\/\/[\w.-]+/g) ?? [];
    // Names of XML's vocabularies, which nobody fetches.
    expect(urls.filter((url) => !url.startsWith('http://www.w3.org') && !url.startsWith('http://127.0.0.1'))).toEqual(
      [],
    );
  }
});

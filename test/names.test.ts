import { expect, test } from 'vitest';
import { isDevelopment, readSources } from './source-files.ts';

const sources = readSources();

/** About 300, with room for one more function while a split is being thought out. */
const MAX_LINES = 320;

test(`no file of src is longer than ${MAX_LINES} lines`, () => {
  const long = [...sources]
    .filter(([path]) => !isDevelopment(path))
    .map(([path, text]) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MAX_LINES);
  expect(long).toEqual([]);
});

test('no file or folder has a name that says nothing', () => {
  const vague = /(^|[/-])(utils?|common|helpers?|misc|managers?)(?=[/.-])/;
  expect([...sources.keys()].filter((path) => vague.test(path))).toEqual([]);
});

test('names are in kebab-case', () => {
  const kebab = /^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*((\.[a-z]+)?\.(test|bench))?\.ts$/;
  expect([...sources.keys()].filter((path) => !kebab.test(path))).toEqual([]);
});

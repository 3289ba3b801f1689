import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const text = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

// The files are type-checked and run by their own tests; so the guide's snippets are, while they are equal.
test('docs/guides/add-a-policy.md shows the example policy and its test as they are', () => {
  const guide = text('../../../docs/guides/add-a-policy.md');
  const snippets = [...guide.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]);
  expect(snippets).toEqual([text('./fewest-failures.ts'), text('./fewest-failures.test.ts')]);
});

import { versions } from 'node:process';
import { describe, expect, test } from 'vitest';
import { policies } from './registry.ts';

// Needs a bundler that runs without a project: Bun has one. What a pick allocates is tested in bench/pick.test.ts.
const onBun = versions['bun'] !== undefined;

describe.skipIf(!onBun)('a policy on its own carries no zod', () => {
  test.each(policies.definitions.map(({ type }) => type))('%s', async (type) => {
    const name = type.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const entry = new URL(`./${type}.ts`, import.meta.url).pathname;
    const { build } = await import('bun');
    const { outputs } = await build({
      entrypoints: ['entry.ts'],
      files: { 'entry.ts': `export { ${name} } from ${JSON.stringify(entry)};` },
      minify: { syntax: true },
    });
    const text = await outputs[0]!.text();
    expect(text).toContain(type);
    expect(text).not.toMatch(/zod|strictObject/i);
    expect(text.length).toBeLessThan(30_000);
  });
});

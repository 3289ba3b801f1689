import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { effectiveConfig } from './effective.ts';
import { loadConfig, parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const folder = mkdtempSync(join(tmpdir(), 'equipoise-own-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const config = (policy: string) => `listeners:
  web: { bind: 127.0.0.1:1, protocol: http, pool: a }
pools:
  a:
    endpoints: [3001]
    policy: ${policy}
`;

write('policy.mjs', 'export const first = () => 0; export const limit = 3;');
write('broken.mjs', 'export const first = ;');

test('a function is named relative to the configuration, and again in the effective one', async () => {
  const result = await loadConfig(write('good.yaml', config('{ module: ./policy.mjs#first }')), { env: {} });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join());
  expect(result.config.pools['a']!.policy).toEqual({ type: 'module', module: `${join(folder, 'policy.mjs')}#first` });
  const again = parseConfig(effectiveConfig(result.config, result.origin), { file: 'elsewhere', env: {} });
  expect(again.ok && again.config).toEqual(result.config);
});

test.each([
  ['no file', './gone.mjs#first', `there is no file ${join(folder, 'gone.mjs')}`],
  ['no export', './policy.mjs#last', 'it has no export "last"; it exports first'],
  ['no function', './policy.mjs#limit', 'its "limit" is no function; it exports first'],
  ['a file that does not parse', './broken.mjs#first', 'broken.mjs: '],
  ['no name', './policy.mjs', '"./policy.mjs" names no function; write a file and an export of it: ./policy.ts#pick'],
])('%s is refused with line and fix', async (_why, module, want) => {
  const file = write('bad.yaml', config(`{ module: "${module}" }`));
  const result = await loadConfig(file, { env: {} });
  const problems = result.ok ? [] : result.problems.map(formatProblem);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/^\S+bad\.yaml:6:23 pools\.a\.policy\.module: /);
  expect(problems[0]).toContain(want);
});

test('an unknown key beside it is refused', () => {
  const result = parseConfig(config('{ module: ./policy.mjs#first, modul: 1 }'), { file: 'f', env: {} });
  expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
    'f:6:43 pools.a.policy.modul: unknown key "modul"; did you mean "module"?',
  ]);
});

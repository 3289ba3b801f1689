import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { importCost } from './cost.ts';
import { effectiveConfig } from './effective.ts';
import { loadConfig, parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const folder = mkdtempSync(join(tmpdir(), 'equipoise-cost-'));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const config = (line: string, protocol = 'http') => `listeners:
  web: { bind: 127.0.0.1:1, protocol: ${protocol}, pool: a }
pools:
  a:
    endpoints: [3001]
    ${line}
`;
const parse = (text: string) => parseConfig(text, { file: 'f', env: {} });
const said = (text: string): string[] => {
  const result = parse(text);
  return (result.ok ? result.warnings : result.problems).map(formatProblem);
};

write('cost.mjs', 'export const cost = ({ contentLength }) => 1 + contentLength; export const limit = 3;');

describe('cost', () => {
  test.each(['content-length', 'header:X-Cost', 'header:x_cost'])('%s', (cost) => {
    const result = parse(config(`cost: "${cost}"`));
    expect(result.ok && result.config.pools['a']!.cost).toBe(cost);
    const again = result.ok ? parse(effectiveConfig(result.config, result.origin)) : undefined;
    expect(again?.ok && again.config.pools['a']!.cost).toBe(cost);
  });

  test('absent, every request costs 1', () => {
    const result = parse(config('servedBy: true'));
    expect(result.ok && 'cost' in result.config.pools['a']!).toBe(false);
  });

  const fix = 'write content-length, header:<name> or { module: ./cost.ts#cost }';
  test.each([
    {
      line: 'cost: content-lenght',
      want: '11 pools.a.cost: "content-lenght" is no cost; did you mean "content-length"?',
    },
    { line: 'cost: "header:"', want: `11 pools.a.cost: "header:" is no cost; ${fix}` },
    { line: 'cost: "header:a b"', want: `11 pools.a.cost: "header:a b" is no cost; ${fix}` },
    { line: 'cost: 5', want: `11 pools.a.cost: expected what a request costs, found the number 5; ${fix}` },
    {
      line: 'cost: { module: ./a.ts#b, modul: x }',
      want: '31 pools.a.cost.modul: unknown key "modul"; did you mean "module"?',
    },
    {
      line: 'cost: { module: x }',
      want: '21 pools.a.cost.module: "x" names no function; write a file and an export of it: ./cost.ts#cost',
    },
  ])('$line is refused', ({ line, want }) => expect(said(config(line))[0]).toBe(`f:6:${want}`));
});

describe('a cost of the user’s own', () => {
  test('is named relative to the configuration, and imported', async () => {
    const result = await loadConfig(write('good.yaml', config('cost: { module: ./cost.mjs#cost }')), { env: {} });
    const { cost } = result.ok ? result.config.pools['a']! : {};
    expect(cost).toEqual({ module: `${join(folder, 'cost.mjs')}#cost` });
    const own = await importCost('a', cost);
    expect(own?.({ contentLength: 6 } as never)).toBe(7);
    expect(await importCost('a', 'content-length')).toBeUndefined();
  });

  test.each([
    { module: './gone.mjs#cost', want: `there is no file ${join(folder, 'gone.mjs')}` },
    { module: './cost.mjs#limit', want: 'its "limit" is no function; it exports cost' },
  ])('$module is refused with line and fix', async ({ module, want }) => {
    const file = write('bad.yaml', config(`cost: { module: "${module}" }`));
    const result = await loadConfig(file, { env: {} });
    const [problem] = result.ok ? [] : result.problems.map(formatProblem);
    expect(problem).toMatch(/^\S+bad\.yaml:6:21 pools\.a\.cost\.module: /);
    expect(problem).toContain(want);
    await expect(importCost('a', { module: join(folder, module) })).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

describe('what a tcp connection has not is warned of', () => {
  test.each([
    { line: 'cost: content-length', want: ['f:6:5 pools.a.cost: a tcp connection costs 1; leave it out'] },
    {
      line: 'policy: { type: bounded-load, policy: { type: maglev, key: path } }',
      want: [
        `f:6:59 pools.a.policy.policy.key: a tcp connection has no path: the client's address is its key; write client-ip`,
      ],
    },
    { line: 'policy: { type: ring-hash, key: client-ip }', want: [] },
  ])('$line', ({ line, want }) => {
    expect(said(config(line, 'tcp'))).toEqual(want);
    expect(said(config(line))).toEqual([]);
    const routed = config(line, 'tcp').replace('pool: a }', 'routes: [{ pools: [{ pool: a, weight: 1 }] }] }');
    expect(said(routed)).toEqual(want);
  });
});

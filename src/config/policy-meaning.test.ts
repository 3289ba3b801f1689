import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeMmdb } from '../control/testing/mmdb.ts';
import { type ConfigResult, loadConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const directory = mkdtempSync(join(tmpdir(), 'equipoise-geographic-'));
afterAll(() => rmSync(directory, { recursive: true }));
mkdirSync(join(directory, 'data'));
writeFileSync(
  join(directory, 'data/city.mmdb'),
  writeMmdb({ '10.0.0.0/8': { location: { latitude: 1, longitude: 2 } } }),
);
writeFileSync(join(directory, 'text.mmdb'), 'not a database');

let files = 0;
async function loaded(policy: string): Promise<ConfigResult> {
  const path = join(directory, `${files++}.yaml`);
  const text = `listeners: { web: { bind: 127.0.0.1:1, pool: a } }\npools:\n  a:\n    policy: ${policy}\n    endpoints: [3000]\n`;
  writeFileSync(path, text);
  return loadConfig(path, { env: { DATABASE: 'data/city.mmdb' } });
}

async function said(policy: string): Promise<string[]> {
  const result = await loaded(policy);
  const said = result.ok ? result.warnings : result.problems;
  return said.map((each) => formatProblem(each).replaceAll(directory, '.'));
}

describe('a geographic policy', () => {
  test.each([
    { why: 'relative to the file', database: 'data/city.mmdb' },
    { why: 'from a folder above', database: './data/../data/city.mmdb' },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is the syntax under test
    { why: 'from the environment', database: '"${DATABASE}"' },
    { why: 'absolute', database: join(directory, 'data/city.mmdb') },
  ])('finds its database $why', async ({ database }) => {
    const result = await loaded(`{ type: geographic, database: ${database} }`);
    expect(result).toMatchObject({ ok: true, warnings: [] });
    expect(result.ok && result.config.pools['a']!.policy).toEqual({
      type: 'geographic',
      database: join(directory, 'data/city.mmdb'),
      policy: { type: 'least-connections' },
    });
  });

  test('finds it inside a wrapper', async () => {
    const result = await loaded('{ type: zone-aware, policy: { type: geographic, database: data/city.mmdb } }');
    expect(result.ok && result.config.pools['a']!.policy).toMatchObject({
      policy: { type: 'geographic', database: join(directory, 'data/city.mmdb') },
    });
  });

  test.each([
    {
      policy: '{ type: geographic, database: none.mmdb }',
      want: '4:43 pools.a.policy.database: there is no file ./none.mmdb; name a MaxMind DB file (.mmdb), GeoLite2 City for one',
    },
    {
      policy: '{ type: geographic, database: text.mmdb }',
      want: '4:43 pools.a.policy.database: ./text.mmdb is not a MaxMind DB file; download it again; unpack it if it is an archive',
    },
    {
      policy: '{ type: zone-aware, policy: { type: geographic, database: none.mmdb } }',
      want: '4:71 pools.a.policy.policy.database: there is no file ./none.mmdb; name a MaxMind DB file (.mmdb), GeoLite2 City for one',
    },
    {
      policy: 'geographic',
      want: '4:5 pools.a.policy: no client’s place is known, so all endpoints decide together; name a database',
    },
    {
      policy: '{ type: geographic, fallback: { latitude: 91, longitude: 0 } }',
      want: '4:55 pools.a.policy.fallback.latitude: 91 is too large; the most is 90',
    },
    {
      policy: '{ type: geographic, database: 7 }',
      want: '4:43 pools.a.policy.database: expected text, found the number 7',
    },
  ])('$policy is told with its line', async ({ policy, want }) => {
    expect((await said(policy)).map((each) => each.replace(/^\.\/\d+\.yaml:/, ''))).toEqual([want]);
  });

  test('a fallback is enough', async () => {
    expect(await said('{ type: geographic, fallback: { latitude: 50, longitude: 8 } }')).toEqual([]);
  });
});

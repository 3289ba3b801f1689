import { describe, expect, test } from 'vitest';
import { importsOf, layerViolations, VARIANT_FOLDERS, variantsIn } from './layer-rules.ts';
import { readSources } from './source-files.ts';

const sources = readSources();

test('imports in src only point down', () => {
  expect(layerViolations(sources)).toEqual([]);
});

/** A folder that is still empty has no registry; `status.md` says which are to come. */
const registered = VARIANT_FOLDERS.filter((folder) =>
  [...sources.keys()].some((path) => path.startsWith(`${folder}/`)),
);

describe('every variant is registered under the name of its file', () => {
  test.each(registered)('%s', async (folder) => {
    const registry: unknown = await import(`../src/${folder}/registry.ts`);
    expect(typesIn(registry).sort()).toEqual(variantsIn(folder, sources));
  });
});

/** The type tags of the registry that a module exports: an array of definitions, or an object that holds one. */
function typesIn(module: unknown): string[] {
  for (const value of Object.values(module as Record<string, unknown>)) {
    const definitions = Array.isArray(value) ? value : (value as { definitions?: unknown } | undefined)?.definitions;
    if (Array.isArray(definitions)) return definitions.map((each: { type: string }) => each.type);
  }
  throw new Error('registry.ts exports no definitions');
}

/** Each plants one violation beside a file that is in order. */
describe('the rules see', () => {
  const P2C = "export const p2c = { type: 'p2c' };";
  const HTTP1 = "export const http1 = { type: 'http1' };";

  test.each<{ why: string; files: Record<string, string>; says: string }>([
    { why: 'a room above', files: { 'control/a.ts': "import { b } from '../proxy/b.ts';" }, says: 'not below control' },
    {
      why: 'a room above, type only',
      files: { 'core/kernel/a.ts': "import type { B } from '../../control/b.ts';" },
      says: 'not below core',
    },
    {
      why: 'a room above, dynamic',
      files: { 'proxy/a.ts': "const b = await import('../config/b.ts');" },
      says: 'not below proxy',
    },
    {
      why: 'a room above, re-exported',
      files: { 'server/a.ts': "export * from '../admin/b.ts';" },
      says: 'not below server',
    },
    {
      why: 'a room above, over lines',
      files: { 'control/a.ts': "import {\n  b,\n  c,\n} from '../proxy/b.ts';" },
      says: 'not below control',
    },
    { why: 'a neighbour', files: { 'transport/a.ts': "import '../telemetry/b.ts';" }, says: 'not below transport' },
    { why: 'an unknown room', files: { 'shed/a.ts': "import '../core/kernel/b.ts';" }, says: 'no room shed' },
    { why: 'the laboratory beyond core', files: { 'laboratory/a.ts': "import '../control/b.ts';" }, says: 'only core' },
    {
      why: 'load above hash',
      files: { 'core/hash/a.ts': "import '../load/b.ts';" },
      says: 'core/load is not below core/hash',
    },
    {
      why: 'guards beside policies',
      files: { 'core/policies/a.ts': "import '../guards/b.ts';" },
      says: 'core/guards is not below',
    },
    {
      why: 'the test kit in core',
      files: { 'core/policies/a.ts': "import '../testing/b.ts';" },
      says: 'core/testing is not below',
    },
    { why: 'a test as a module', files: { 'core/load/a.ts': "import './b.test.ts';" }, says: 'not shipped' },
    {
      why: 'a policy that knows a policy',
      files: { 'core/policies/p2c.ts': P2C, 'core/policies/first.ts': "import { p2c } from './p2c.ts';" },
      says: 'do not know each other',
    },
    {
      why: 'a protocol that looks into another',
      files: { 'proxy/protocols/http1/http1.ts': HTTP1, 'proxy/protocols/tcp.ts': "import './http1/head.ts';" },
      says: 'do not know each other',
    },
    { why: 'Node in core', files: { 'core/load/a.ts': "import { hrtime } from 'node:process';" }, says: 'no runtime' },
    {
      why: 'a package in core',
      files: { 'core/load/a.ts': "import { parse } from 'yaml';" },
      says: 'no package but zod',
    },
    { why: 'Bun in control', files: { 'control/a.ts': "import { dns } from 'bun';" }, says: 'transport alone' },
    { why: 'Bun as a global', files: { 'proxy/a.ts': 'Bun.gc(true);' }, says: 'runs on Node as well' },
    { why: 'a file outside src', files: { 'cli/a.ts': "import '../../bin/launch.mjs';" }, says: 'outside src' },
    { why: 'chance in core', files: { 'core/load/a.ts': 'export const a = Math.random();' }, says: 'take an Rng' },
    {
      why: 'a worker that dist lacks',
      files: { 'server/a.ts': "new Worker(new URL('./b.ts', import.meta.url));" },
      says: 'is a .js file',
    },
  ])('$why', ({ files, says }) => {
    const planted = new Map(Object.entries({ 'core/kernel/rng.ts': 'export const fine = 1;', ...files }));
    expect(layerViolations(planted)).toEqual([expect.stringContaining(says)]);
  });

  test.each<{ why: string; files: Record<string, string> }>([
    { why: 'a room below', files: { 'cli/a.ts': "import '../core/kernel/b.ts'; import '../server/c.ts';" } },
    { why: 'a file beside', files: { 'control/picker/a.ts': "import './b.ts'; import '../membership/c.ts';" } },
    {
      why: 'a registry and its variants',
      files: { 'core/policies/p2c.ts': P2C, 'core/policies/registry.ts': "import './p2c.ts';" },
    },
    { why: 'a protocol’s own folder', files: { 'proxy/protocols/http1/http1.ts': `${HTTP1}\nimport './head.ts';` } },
    {
      why: 'what variants share',
      files: { 'control/health/tcp.ts': "import './probe.ts'; const tcp = { type: 'tcp' };" },
    },
    {
      why: 'a variant’s own test, with the kit',
      files: {
        'core/policies/p2c.ts': P2C,
        'core/policies/p2c.test.ts':
          "import './p2c.ts'; import '../testing/index.ts'; import { readFileSync } from 'node:fs';",
      },
    },
    {
      why: 'words in a comment',
      files: { 'core/load/a.ts': "// not Math.random(), nor import '../policies/b.ts'\n/** Bun.gc */" },
    },
    { why: 'the package’s own version', files: { 'cli/a.ts': "new URL('../../package.json', import.meta.url);" } },
    { why: 'Bun in transport', files: { 'transport/bun.ts': "import { dlopen } from 'bun:ffi'; Bun.listen({});" } },
  ])('no harm in $why', ({ files }) => {
    expect(layerViolations(new Map(Object.entries(files)))).toEqual([]);
  });

  test('every form of import, in order', () => {
    const code = `import a, { type B } from './1.ts';\nimport './2.ts';\nexport { c } from "./3.ts";\nexport type * from './4.ts';
      const d = import('./5.ts');\nimport type { E } from './6.ts';\nnew URL('./7.js', import.meta.url);`;
    expect(importsOf(code)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `./${n}.ts`).concat('./7.js'));
  });
});

/** The package as users get it: packed, installed in an empty project, imported on Node, compiled against. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPackage, type Project, policyTypes } from './published/project.ts';

let project: Project;
// Packing and installing take about four seconds; a busy machine may need some more.
beforeAll(() => {
  project = installPackage();
}, 60_000);
afterAll(() => project?.remove());

/** Every public entry, and what it is imported for. */
const ENTRIES: readonly (readonly [string, string])[] = [
  ['equipoise', 'defineConfig'],
  ['equipoise/testing', 'fakeClock'],
  ['equipoise/policies/round-robin', 'roundRobin'],
];
const IMPORTS = ENTRIES.map(([entry, name], i) => `import { ${name} as n${i} } from '${entry}';`).join('\n');
const USED = `export const all = [${ENTRIES.map((_, i) => `n${i}`).join(', ')}];\n`;

const RESOLUTIONS = [
  { why: 'NodeNext', module: 'NodeNext', moduleResolution: 'NodeNext' },
  { why: 'Bundler', module: 'ESNext', moduleResolution: 'Bundler' },
];

describe('types resolve', () => {
  test.each(RESOLUTIONS)('$why', ({ module, moduleResolution }) => {
    const options = { module, moduleResolution, lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: ['node'] };
    expect(project.typeErrors(IMPORTS + USED, { ...options, skipLibCheck: false })).toBe('');
  });

  test('of a policy in a program without types of Node and browsers', () => {
    const text = `import { roundRobin } from 'equipoise/policies/round-robin';\nexport const type: 'round-robin' = roundRobin.type;\n`;
    expect(project.typeErrors(text, { module: 'NodeNext', skipLibCheck: true })).toBe('');
  });

  test('and a wrong use is an error', () => {
    const text = `import { roundRobin } from 'equipoise/policies/round-robin';\nexport const type: 'p2c' = roundRobin.type;\n`;
    expect(project.typeErrors(text, { module: 'NodeNext', skipLibCheck: true })).toContain('\'"round-robin"\'');
  });
});

describe('on Node', () => {
  test.each(ENTRIES)('%s has %s', (entry, name) => {
    const program = `import('${entry}').then((module) => process.stdout.write(typeof module.${name}));`;
    expect(project.node('--input-type=module', '-e', program)).toMatch(/^(function|object)$/);
  });

  test('every policy is an entry of its own', () => {
    const types = policyTypes();
    const program = `const types = ${JSON.stringify(types)};
      const modules = await Promise.all(types.map((type) => import('equipoise/policies/' + type)));
      const found = modules.map((module) => Object.values(module).find((each) => typeof each.create === 'function').type);
      process.stdout.write(found.join());`;
    expect(project.node('--input-type=module', '-e', program)).toBe(types.join());
  });

  test.each(['equipoise/policies/registry', 'equipoise/dist/index.js', 'equipoise/core/kernel/rng'])(
    '%s is private',
    (entry) => {
      expect(() => project.node('--input-type=module', '-e', `await import('${entry}')`)).toThrow(
        'ERR_PACKAGE_PATH_NOT_EXPORTED',
      );
    },
  );
});

describe('the command', () => {
  test('runs', () => {
    expect(project.run('npx', ['--no-install', 'equipoise', '--version'])).toMatch(/^equipoise \d+\.\d+\.\d+/);
  });

  test('checks a configuration', () => {
    project.write(
      'equipoise.yaml',
      'version: 1\nlisteners: { web: { bind: 127.0.0.1:8080, protocol: http, pool: x } }\n',
    );
    expect(() => project.run('npx', ['--no-install', 'equipoise', 'check', 'equipoise.yaml'])).toThrow(/pool/);
  });
});

test('no test is shipped', () => {
  expect(project.files.filter((path) => /\.(test|bench)\.|(?<!core)\/testing\//.test(path))).toEqual([]);
});

/** The package as users get it: packed, installed in an empty project, imported on Node, compiled against. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bundle, bundleForBrowser, evaluate } from './published/browser-bundle.ts';
import { installPackage, type Project, policyTypes } from './published/project.ts';

let project: Project;
// Packing and installing take about four seconds; a busy machine may need some more.
beforeAll(() => {
  project = installPackage();
}, 60_000);
afterAll(() => project?.remove());

/** Every public entry, and what it is imported for. */
const ENTRIES: readonly (readonly [string, string])[] = [
  ['equipoise', 'createPool'],
  ['equipoise', 'defineConfig'],
  ['equipoise/fetch', 'createFetch'],
  ['equipoise/health', 'healthChecks'],
  ['equipoise/testing', 'fakeClock'],
  ['equipoise/undici', 'createDispatcher'],
  ['equipoise/policies/round-robin', 'roundRobin'],
];
const IMPORTS = ENTRIES.map(([entry, name], i) => `import { ${name} as n${i} } from '${entry}';`).join('\n');
const USED = `export const all = [${ENTRIES.map((_, i) => `n${i}`).join(', ')}];\n`;

const RESOLUTIONS = [
  { why: 'NodeNext, our own types checked too', module: 'NodeNext', moduleResolution: 'NodeNext', skipLibCheck: false },
  { why: 'Bundler', module: 'ESNext', moduleResolution: 'Bundler', skipLibCheck: true },
  { why: 'TypeScript 6', module: 'NodeNext', moduleResolution: 'NodeNext', skipLibCheck: true, typescript: 6 },
] as const;

describe('types resolve', () => {
  test.each(RESOLUTIONS)('$why', ({ why: _, ...row }) => {
    const { typescript, ...resolution } = { typescript: 7 as const, ...row };
    const options = { ...resolution, lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: ['node'] };
    expect(project.typeErrors(IMPORTS + USED, options, typescript)).toBe('');
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
  test('every entry has what is imported from it', () => {
    const program = `const entries = ${JSON.stringify(ENTRIES)};
      const found = await Promise.all(entries.map(async ([entry, name]) => typeof (await import(entry))[name]));
      process.stdout.write(found.join());`;
    expect(project.node('--input-type=module', '-e', program).split(',')).toEqual(
      ENTRIES.map(([, name]) => (name === 'roundRobin' ? 'object' : 'function')),
    );
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

/** Four picks by round robin, without anything of the package but the policy. */
const PICKS = `{
  const inFlight = { of: () => 0, total: () => 0 };
  const policy = program.roundRobin.create({}, { rng: { next: () => 0, below: () => 0 }, clock: { now: () => 0 }, inFlight });
  policy.update([0, 1, 2].map((slot) => ({ slot, id: String(slot), weight: 1 })));
  return [1, 2, 3, 4].map(() => policy.pick({ key: '', clientIp: '', zone: '', cost: 1, jump: 0 }, null));
}`;

describe('in a browser', () => {
  const sizes = new Map<string, number>();
  afterAll(() => {
    const lines = [...sizes].map(([what, bytes]) => `  ${(bytes / 1000).toFixed(2).padStart(6)} kB  ${what}`);
    process.stdout.write(`minified and compressed:\n${lines.join('\n')}\n`);
  });

  async function bundle(what: string, text: string): Promise<Bundle> {
    const made = await bundleForBrowser(project, text);
    sizes.set(what, made.bytes);
    expect(
      made.code.match(/\bBun\b|["'`]node:|\brequire\(|\bprocess\.|\bBuffer\b|zod|strictObject|YAML/)?.[0],
    ).toBeUndefined();
    return made;
  }

  test('round-robin alone: below 3 kB', async () => {
    const made = await bundle('round-robin', `export { roundRobin } from 'equipoise/policies/round-robin';`);
    expect(made.bytes).toBeLessThan(3000);
    expect(evaluate(project, made, PICKS)).toEqual([0, 1, 2, 0]);
  });

  test.each(policyTypes().filter((type) => type !== 'round-robin'))('%s alone', async (type) => {
    const name = type.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const made = await bundle(type, `export { ${name} as policy } from 'equipoise/policies/${type}';`);
    expect(made.bytes).toBeLessThan(9000);
    expect(evaluate(project, made, 'program.policy.type')).toBe(type);
  });

  test('createPool, with every policy and guard: below 45 kB', async () => {
    const made = await bundle('createPool', `export { createPool } from 'equipoise';`);
    expect(made.bytes).toBeLessThan(45_000);
    const pool = `program.createPool({ endpoints: ['10.0.0.1:80', '10.0.0.2:80'], policy: 'round-robin', clock: { now: () => 0 }, seed: 1 })`;
    const expression = `{ const pool = ${pool}; return [1, 2, 3].map(() => pool.pick().endpoint.address); }`;
    expect(evaluate(project, made, expression)).toEqual(['10.0.0.1:80', '10.0.0.2:80', '10.0.0.1:80']);
  });

  test('a policy imported alone in createPool', async () => {
    const text = `export { createPool } from 'equipoise';\nexport { ringHash } from 'equipoise/policies/ring-hash';`;
    const made = await bundle('createPool and ring-hash', text);
    const pool = `program.createPool({ endpoints: [3000, 3001], policy: program.ringHash, clock: { now: () => 0 }, seed: 1 })`;
    expect(evaluate(project, made, `(${pool}).pick({ key: 'a' }).none ?? 'picked'`)).toBe('picked');
  });

  test('createFetch', async () => {
    const made = await bundle('createFetch', `export { createFetch } from 'equipoise/fetch';`);
    expect(made.bytes).toBeLessThan(50_000);
    const send = `async (url) => new Response(String(url))`;
    const call = `program.createFetch({ pool: { endpoints: ['10.0.0.1:80'] }, fetch: ${send} })('/a').then((each) => each.text())`;
    const globals = [
      'AbortController',
      'clearTimeout',
      'crypto',
      'performance',
      'ReadableStream',
      'Request',
      'Response',
      'setTimeout',
      'URL',
    ];
    expect(evaluate(project, made, call, globals)).toBe('http://10.0.0.1:80/a');
  });
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

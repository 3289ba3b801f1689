import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process, { execPath, versions } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const guide = readFileSync(join(root, 'docs/guides/add-a-policy.md'), 'utf8');
const [policy = '', itsTest = ''] = [...guide.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]);

/** As in bin/bun.mjs. */
const env = { ...process.env, BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0' };

/**
 * A house like ours, in which the guide's two files are the only policy with a test. Everything else is linked.
 */
function makeHouse(): string {
  const house = mkdtempSync(join(tmpdir(), 'equipoise-guide-'));
  mkdirSync(join(house, 'src/core/policies'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  symlinkSync(join(root, 'package.json'), join(house, 'package.json'));
  for (const room of readdirSync(join(root, 'src/core')).filter((each) => each !== 'policies')) {
    symlinkSync(join(root, 'src/core', room), join(house, 'src/core', room));
  }
  // What latency policies are compared with.
  for (const reference of ['least-connections.ts', 'random.ts']) {
    symlinkSync(join(root, 'src/core/policies', reference), join(house, 'src/core/policies', reference));
  }
  writeFileSync(join(house, 'src/core/policies/fewest-failures.ts'), policy);
  writeFileSync(join(house, 'src/core/policies/fewest-failures.test.ts'), itsTest);
  const compiler = { extends: join(root, 'tsconfig.json'), include: ['src/core/policies'] };
  writeFileSync(join(house, 'tsconfig.json'), JSON.stringify(compiler));
  return house;
}

// Once is enough, and Bun can run a test file of another folder.
describe.skipIf(versions['bun'] === undefined)('docs/guides/add-a-policy.md', () => {
  let house = '';
  beforeAll(() => {
    house = makeHouse();
  });
  afterAll(() => rmSync(house, { recursive: true }));

  /** What a command says, whether it succeeds or not. */
  function run(file: string, ...args: string[]): string {
    try {
      return execFileSync(file, args, { cwd: house, env, encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      return `failed\n${stdout}${stderr}`;
    }
  }

  test('its policy and test compile', () => {
    expect(run(join(root, 'node_modules/.bin/tsc'), '-p', house)).toBe('');
  }, 30_000);

  test('its test passes', () => {
    expect(run(execPath, 'test', '--only-failures', './src/core/policies')).not.toContain('failed');
  }, 30_000);

  test('its test notices a policy that is wrong', () => {
    const wrong = policy.replace('failures[slot]! > failures[best]!', 'failures[slot]! < failures[best]!');
    expect(wrong).not.toBe(policy);
    writeFileSync(join(house, 'src/core/policies/fewest-failures.ts'), wrong);
    expect(run(execPath, 'test', '--only-failures', './src/core/policies')).toContain('failed');
    writeFileSync(join(house, 'src/core/policies/fewest-failures.ts'), policy);
  }, 30_000);
});

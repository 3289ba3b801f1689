import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { policyTypes } from './published/project.ts';

interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
}

interface Manifest extends Entry {
  readonly bin: Readonly<Record<string, string>>;
  /** null: not an entry, although a pattern matches it. */
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>> | null>>;
  readonly files: readonly string[];
}

const manifest = readJson('package.json') as Manifest;
const { packages } = readJson('package-lock.json') as { packages: Readonly<Record<string, Entry>> };

test('what the package names is there once it is built', () => {
  const exported = Object.values(manifest.exports).flatMap((each) =>
    typeof each === 'string' ? each : Object.values(each ?? {}),
  );
  const named = [...exported.flatMap(expanded), ...Object.values(manifest.bin), ...manifest.files];
  expect(named.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
});

/** A pattern stands for every policy's file. */
function expanded(path: string): readonly string[] {
  return path.includes('*') ? policyTypes().map((type) => path.replace('*', type)) : [path];
}

test('the launcher’s files are all shipped', () => {
  const launcher = readFileSync(new URL('../bin/launch.mjs', import.meta.url), 'utf8');
  const needed = [...launcher.matchAll(/'(?:\.\/)?([\w-]+\.(?:mjs|toml))'/g)].map((match) => `bin/${match[1]}`);
  expect(needed.length).toBeGreaterThan(2);
  expect(needed.filter((path) => !manifest.files.includes(path))).toEqual([]);
});

test('versions are exact', () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  expect(Object.values(all).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test('the lock file names no registry, so that everyone’s own is used', () => {
  const tied = Object.entries(packages).filter(([, { resolved }]) => resolved?.startsWith('http'));
  expect(tied).toEqual([]);
});

/** `npm install` leaves out what its registry does not have, a foreign platform's binary for one; `npm ci` then refuses. */
test('the lock file has every platform’s package', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
    ),
  );
  expect(missing).toEqual([]);
});

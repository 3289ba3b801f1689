/** The API reference is complete: every entry and every export says what it is. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from './docs/documents.ts';

interface Reflection {
  readonly name: string;
  readonly kind: number;
  readonly comment?: unknown;
  readonly children?: readonly Reflection[];
  readonly signatures?: readonly Reflection[];
}

/** typedoc's number for a re-export of what another entry explains. */
const REFERENCE = 4194304;

const folder = mkdtempSync(join(tmpdir(), 'equipoise-reference-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs as `npm run docs` does, and fails as it does. */
function readReference(): Reflection {
  const cwd = join(ROOT, 'tools/reference');
  const typedoc = createRequire(join(cwd, 'package.json'))
    .resolve('typedoc')
    .replace(/dist.index\.js$/, 'bin/typedoc');
  const json = join(folder, 'api.json');
  const args = [typedoc, '--out', join(folder, 'html'), '--json', json];
  const { status, stdout, stderr } = spawnSync('node', args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(stdout + stderr);
  return JSON.parse(readFileSync(json, 'utf8'));
}

test('every export of every entry says what it is', () => {
  const entries = readReference().children ?? [];
  expect(entries.length).toBeGreaterThan(10);
  const silent = entries.flatMap((entry) => [
    ...(entry.comment === undefined ? [entry.name] : []),
    ...(entry.children ?? []).filter((each) => isSilent(entry, each)).map((each) => `${entry.name}: ${each.name}`),
  ]);
  expect(silent).toEqual([]);
  // The compiler reads all that is public: six seconds alone, more beside other suites.
}, 60_000);

/** What a policy's file exports, its definition and its options, is explained at the top of the file. */
function isSilent(entry: Reflection, { kind, comment, signatures }: Reflection): boolean {
  if (kind === REFERENCE || entry.name.startsWith('equipoise/policies/')) return false;
  return (signatures?.[0]?.comment ?? comment) === undefined;
}

/** The guides of the library are true: each block that is a file compiles, runs, and prints what stands below it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { afterAll, describe, expect, test } from 'vitest';
import { type Fence, fencesOf, ROOT } from './docs/documents.ts';

const folder = mkdtempSync(join(tmpdir(), 'equipoise-library-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The package's entries, as its source has them: of Bun and of the compiler. */
const paths = {
  equipoise: [join(ROOT, 'src/index.ts')],
  'equipoise/health': [join(ROOT, 'src/health.ts')],
  'equipoise/testing': [join(ROOT, 'src/testing.ts')],
};
const compiler = { extends: join(ROOT, 'tsconfig.json'), compilerOptions: { paths }, include: ['*.ts'] };
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(compiler));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));

interface Program {
  readonly guide: string;
  readonly file: string;
  /** What stands below it; absent: nothing. */
  readonly prints?: string;
}

const programs = ['affinity-and-cost', 'library', 'testing', 'your-own-policy'].flatMap((guide) => {
  const fences = fencesOf(readFileSync(join(ROOT, `docs/guides/${guide}.md`), 'utf8'));
  return fences.flatMap((fence, index) => (isProgram(fence) ? [programOf(guide, fence, fences[index + 1])] : []));
});

function isProgram({ language, file }: Fence): boolean {
  return language === 'ts' && file !== undefined;
}

function programOf(guide: string, { file, text }: Fence, next: Fence | undefined): Program {
  writeFileSync(join(folder, file!), text);
  return { guide, file: file!, ...(next?.language === 'text' && { prints: next.text }) };
}

function run(command: string, ...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', timeout: 30_000 });
  return { code: status, output: `${stdout}${stderr}` };
}

describe('docs/guides', () => {
  test('their programs compile', () => {
    expect(programs.length).toBeGreaterThan(6);
    expect(run(join(ROOT, 'node_modules/.bin/tsc'), '-p', folder)).toEqual({ code: 0, output: '' });
  }, 60_000);

  test.each(programs.filter((each) => each.prints !== undefined))(
    '$guide: $file',
    ({ file, prints }) => {
      expect(run(execPath, file)).toEqual({ code: 0, output: prints });
    },
    30_000,
  );

  test.each(programs.filter((each) => each.file.endsWith('.test.ts')))(
    '$guide: $file',
    ({ file }) => {
      const { code, output } = run(execPath, 'test', `./${file}`);
      expect(code === 0 ? '' : output).toBe('');
    },
    30_000,
  );
});

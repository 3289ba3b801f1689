// Makes dist-executable/equipoise: one file with the program, its packages, the dashboard and Bun. Options of `bun build`
// may follow: `--outfile=…`, `--target=bun-linux-arm64` (which downloads that Bun).
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBun } from './find-bun.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dashboard = join(root, 'dist/dashboard');

const bun = findBun();
if (bun === undefined) throw new Error('Bun is missing; fix: npm ci --include=optional');
if (!existsSync(join(dashboard, 'index.html'))) throw new Error('the dashboard is not built; fix: npm run build');

// An embedded folder keeps its last name alone, and the page is looked for in dist/dashboard.
const staged = mkdtempSync(join(tmpdir(), 'equipoise-executable-'));
try {
  cpSync(dashboard, join(staged, 'dist/dashboard'), { recursive: true });
  const { status } = spawnSync(bun, build(process.argv.slice(2)), { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(staged, { recursive: true, force: true });
}

/** @param {readonly string[]} further */
function build(further) {
  return [
    ...['build', '--compile', '--root', root],
    ...['bin/executable/start.mjs', 'bin/executable/program.mjs'],
    ...['--asset', join(staged, 'dist'), '--asset', 'package.json'],
    // As the launcher's flags: what lies in the working directory does not change the program.
    ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig', '--compile-exec-argv=--no-install'],
    ...(further.some((each) => each.startsWith('--outfile')) ? [] : ['--outfile=dist-executable/equipoise']),
    ...further,
  ];
}

// Builds dist from src, for the library's entries and for Node, and the dashboard's page in it. `--quick`, for `npm ci`:
// types are left to `npm run check`, and an install does not fail where the compiler or Vite is missing (--omit=dev, or
// --omit=optional, which leaves out their binaries), for Bun runs src as well and the admin server says what is missing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const quick = process.argv.includes('--quick');
const compiler = findCompiler();

if (compiler !== undefined) await build(compiler);
else if (quick) process.stderr.write('equipoise: no TypeScript compiler here, dist is not built\n');
else throw new Error('the TypeScript compiler is missing; fix: npm ci --include=dev');

function findCompiler() {
  try {
    return createRequire(import.meta.url)
      .resolve('typescript/package.json')
      .replace('package.json', 'bin/tsc');
  } catch {
    return undefined;
  }
}

/**
 * Beside the old one and then in its place, so that what src no longer has is gone and nobody meets half a dist.
 *
 * @param {string} tsc
 */
async function build(tsc) {
  const fresh = mkdtempSync(join(root, '.dist-'));
  try {
    const args = [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh, ...(quick ? ['--noCheck'] : [])];
    const { status } = spawnSync(process.execPath, args, { stdio: quick ? 'ignore' : 'inherit' });
    if (status === 0) {
      await buildDashboard(join(fresh, 'dashboard'));
      replace(join(root, 'dist'), fresh);
    } else if (quick)
      process.stderr.write('equipoise: the compiler failed, dist is not built; npm run build says why\n');
    else process.exitCode = 1;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * The page, or nothing where it cannot be built, which is said.
 *
 * @param {string} outDir
 */
async function buildDashboard(outDir) {
  const configFile = join(root, 'dashboard/vite.config.ts');
  // The published package brings the page built, and not what it is built from.
  if (!existsSync(configFile)) return;
  try {
    const vite = await import('vite');
    await vite.build({ configFile, logLevel: quick ? 'error' : 'warn', build: { outDir } });
  } catch (error) {
    if (!quick) throw error;
    const [reason] = String(error instanceof Error ? error.message : error).split('\n');
    process.stderr.write(`equipoise: the dashboard is not built: ${reason}\n`);
  }
}

/**
 * @param {string} target
 * @param {string} fresh
 */
function replace(target, fresh) {
  const old = `${fresh}-old`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
  rmSync(old, { recursive: true, force: true });
}

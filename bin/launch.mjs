import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findBun } from './find-bun.mjs';
import { keepServing, runBun } from './run-bun.mjs';

const BUILT = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const SOURCE = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

/**
 * The machine's Bun settings are not the server's: no `bunfig.toml` and `.env` of the working directory, no packages
 * fetched at run time. A launcher that was killed (SIGKILL, out of memory) leaves no server behind.
 */
const FLAGS = [
  '--no-orphans',
  '--no-install',
  '--no-env-file',
  `--config=${fileURLToPath(new URL('bunfig.toml', import.meta.url))}`,
];

/** Commands that serve until they are told to end: a crash is not the end of them. */
const SERVING = ['run', 'serve'];

/**
 * Bun's allocator gives pages back soon after they are free, and the kernel hands them out again zeroed: at high rates of
 * large bodies that is about a page fault a request. After 2 s they go back all the same.
 */
const ENVIRONMENT = { MIMALLOC_PURGE_DELAY: '2000', ...process.env };

/**
 * `EQUIPOISE_RUNTIME=bun|node` forces a runtime; by default Bun where it is installed, else Node.
 *
 * @param {string[]} args
 */
export async function launch(args) {
  const runtime = process.env.EQUIPOISE_RUNTIME || 'auto';
  if (!['auto', 'bun', 'node'].includes(runtime)) {
    return fail(`EQUIPOISE_RUNTIME is "${runtime}"; it may be bun or node`, 2);
  }
  if (runtime === 'node') return runOnNode();

  const trouble = await tryBun(args);
  if (runtime === 'bun') return fail(trouble);
  process.stderr.write(
    `equipoise: ${trouble}: running on Node's transport, slower; fix: npm install --include=optional\n`,
  );
  return runOnNode();
}

/**
 * Returns only when there is no Bun to run on, with the reason.
 *
 * @param {string[]} args
 */
async function tryBun(args) {
  const bun = findBun();
  if (bun === undefined) return 'Bun not found';
  const main = existsSync(BUILT) ? BUILT : SOURCE;
  const run = SERVING.includes(args[0] ?? '') ? keepServing : runBun;
  const error = await run(bun, [...FLAGS, main, ...args], ENVIRONMENT);
  return `Bun cannot be started (${error.message})`;
}

/** `main.js` reads `process.argv` by itself, as it does on Bun. */
async function runOnNode() {
  if (!existsSync(BUILT)) return fail('dist is missing, which Node needs; fix: npm ci && npm run build');
  await import(pathToFileURL(BUILT).href);
}

/**
 * @param {string} message
 * @param {number} code
 */
function fail(message, code = 1) {
  process.stderr.write(`equipoise: ${message}\n`);
  process.exitCode = code;
}

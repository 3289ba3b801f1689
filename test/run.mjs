// `npm test`: every suite in turn, then one line with the sum of all. Fails when a test fails, when a runner does,
// and when a suite has run nothing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBun } from '../bin/find-bun.mjs';

/** @typedef {{ test: string, message: string }} Failure */
/** @typedef {{ passed: number, failed: number, skipped: number, failures: Failure[] }} Sum */
/** @typedef {{ name: string, command: string, args: string[], report: string, read: (text: string) => Sum }} Suite */

/** A suite that hangs is ended and counts as failed. */
const SUITE_TIMEOUT_MS = 20 * 60_000;
/** What of a failure's message is repeated at the end. */
const MESSAGE_CHARACTERS = 1500;
const root = fileURLToPath(new URL('..', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'equipoise-test-'));

/**
 * @param {string} name
 * @param {string[]} folders
 * @returns {Suite}
 */
function onBun(name, ...folders) {
  const report = join(reports, `${name}.xml`);
  const flags = ['--only-failures', '--timeout=120000', '--reporter=junit', `--reporter-outfile=${report}`];
  return {
    name: `${name} on Bun`,
    command: requireBun(),
    args: ['test', ...flags, ...folders],
    report,
    read: readJunit,
  };
}

/**
 * @param {string} name
 * @returns {Suite}
 */
function onNode(name) {
  const report = join(reports, `${name}.json`);
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const flags = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
  const args = [vitest, 'run', ...flags];
  return {
    name: `${name} on Node ${process.versions.node}`,
    command: process.execPath,
    args,
    report,
    read: readVitest,
  };
}

function requireBun() {
  const bun = findBun();
  if (bun === undefined) throw new Error('Bun is missing; fix: npm ci --include=optional');
  return bun;
}

/**
 * @param {string} text
 * @returns {Sum}
 */
export function readJunit(text) {
  const head = /<testsuites[^>]*>/.exec(text)?.[0] ?? '';
  const count = (/** @type {string} */ key) => Number(new RegExp(` ${key}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = count('failures');
  const skipped = count('skipped');
  return { passed: count('tests') - failed - skipped, failed, skipped, failures: readJunitFailures(text) };
}

/**
 * @param {string} text
 * @returns {Failure[]}
 */
function readJunitFailures(text) {
  const cases = text.matchAll(/<testcase ([^>]*[^/])>\s*<failure ([^>]*)>/g);
  return Array.from(cases, ([, testcase = '', failure = '']) => {
    const at = (/** @type {string} */ key) => readAttribute(testcase, key);
    return {
      test: `${at('file')}:${at('line')} ${[at('classname'), at('name')].filter(Boolean).join(' › ')}`,
      message: readAttribute(failure, 'message'),
    };
  });
}

/**
 * @param {string} attributes
 * @param {string} key
 */
function readAttribute(attributes, key) {
  const value = new RegExp(`\\b${key}="([^"]*)"`).exec(attributes)?.[1] ?? '';
  const unescaped = value
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'");
  return unescaped.replace(/&amp;/g, '&');
}

/**
 * @param {string} text
 * @returns {Sum}
 */
export function readVitest(text) {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(text);
  const counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
  return { ...counts, failures: testResults.flatMap(readVitestFailures) };
}

/**
 * @param {{ name: string, assertionResults: { status: string, fullName: string, failureMessages: string[] }[] }} file
 * @returns {Failure[]}
 */
function readVitestFailures({ name, assertionResults }) {
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  return failed.map(({ fullName, failureMessages }) => ({
    test: `${relative(root, name)} ${fullName}`,
    message: failureMessages.join('\n'),
  }));
}

/**
 * What a suite adds to the sum: a runner that fails without a failed test, or finds no test, is a failure itself.
 *
 * @param {Sum} sum
 * @param {boolean} ok whether the runner ended well
 * @returns {Sum & { why: string }}
 */
export function judge(sum, ok) {
  if (sum.failed > 0) return { ...sum, why: '' };
  if (!ok) return { ...sum, failed: 1, why: 'the runner failed' };
  if (sum.passed === 0) return { ...sum, failed: 1, why: 'no test has run' };
  return { ...sum, why: '' };
}

/** @param {Suite} suite */
function run({ name, command, args, report, read }) {
  process.stdout.write(`\n── ${name}\n`);
  const env = {
    ...process.env,
    // As in bin/bun.mjs.
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0',
    ...(!process.stdout.isTTY && { NO_COLOR: '1' }),
  };
  const { status, signal } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit', timeout: SUITE_TIMEOUT_MS });
  const { passed, failed, skipped, failures, why } = judge(readReport(report, read), status === 0 && signal === null);
  const remark = why && ` (${why}${signal ? `: ${signal}` : ''})`;
  process.stdout.write(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped${remark}\n`);
  return { passed, failed, failures: why ? [...failures, { test: name, message: why }] : failures };
}

/**
 * @param {string} path
 * @param {(text: string) => Sum} read
 */
function readReport(path, read) {
  try {
    return read(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failures: [] };
  }
}

/**
 * Each failure once more at the end: of a long output often only the end is kept.
 *
 * @param {Failure} failure
 */
function writeFailure({ test, message }) {
  const indented = message.slice(0, MESSAGE_CHARACTERS).trim().replace(/^/gm, '    ');
  return `\nfailed: ${test}\n${indented}\n`;
}

function main() {
  const build = spawnSync(process.execPath, [join(root, 'bin/build.mjs')], { stdio: 'inherit' });
  const suites = [
    onBun('units', './src', './bench'),
    onBun('house', './test'),
    onBun('conformance', './conformance'),
    onBun('dashboard', './dashboard'),
    onNode('core and control'),
  ];
  const total = { passed: 0, failed: build.status === 0 ? 0 : 1 };
  const failures = [];
  for (const suite of suites) {
    const sum = run(suite);
    total.passed += sum.passed;
    total.failed += sum.failed;
    failures.push(...sum.failures);
  }
  rmSync(reports, { recursive: true, force: true });
  process.stdout.write(failures.map(writeFailure).join(''));
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();

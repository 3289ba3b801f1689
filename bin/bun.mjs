#!/usr/bin/env node
// `bun` for this package's scripts: node_modules/.bin/bun is a stub that fails where install scripts are blocked.
import { findBun } from './find-bun.mjs';
import { runBun } from './run-bun.mjs';

// Bun keeps what it compiled, by content alone: a file that names vitest and was once run outside a test is then the wrong one.
const env = process.argv[2] === 'test' ? { ...process.env, BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0' } : process.env;

const bun = findBun();
const error = bun
  ? await runBun(bun, process.argv.slice(2), env)
  : new Error('not installed; npm install --include=optional');
process.stderr.write(`bun: ${error.message}\n`);
process.exitCode = 1;

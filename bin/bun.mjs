#!/usr/bin/env node
// `bun` for this package's scripts: node_modules/.bin/bun is a stub that fails where install scripts are blocked.
import { findBun } from './find-bun.mjs';
import { runBun } from './run-bun.mjs';

const bun = findBun();
const error = bun
  ? await runBun(bun, process.argv.slice(2))
  : new Error('not installed; npm install --include=optional');
process.stderr.write(`bun: ${error.message}\n`);
process.exitCode = 1;

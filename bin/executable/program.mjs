// The program in an executable, main thread and workers alike. Packages that are looked for at run time are not on the disk
// there: they come from the executable itself.
import { plugin } from 'bun';
import * as mmdb from 'mmdb-lib';
import * as library from '../../dist/index.js';

plugin({
  name: 'embedded packages',
  setup(build) {
    // In configurations and policies of users: `import { defineConfig } from 'equipoise'`.
    build.module('equipoise', () => ({ exports: library, loader: 'object' }));
    build.module('mmdb-lib', () => ({ exports: mmdb, loader: 'object' }));
  },
});

await import('../../dist/cli/main.js');

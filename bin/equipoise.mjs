#!/usr/bin/env node
// Starts Equipoise: on Bun where its binary is found, else on Node itself. The syntax and the imports of this file
// stay old enough for an outdated Node to read them, so that it can say what is wrong.
const major = Number(process.versions.node.split('.')[0]);

if (major < 20) {
  process.stderr.write(`equipoise: Node ${process.versions.node} is too old; install Node 20 or newer\n`);
  process.exitCode = 1;
} else {
  import('./launch.mjs').then(({ launch }) => launch(process.argv.slice(2)));
}

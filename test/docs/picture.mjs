// `node test/docs/picture.mjs` draws docs/images/demo.svg: a run of the real demo in a pseudo-terminal (util-linux's
// `script`), at the moment in which the failing backend is out.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { framesOf, toSvg } from './terminal.mjs';

const program = fileURLToPath(new URL('../../bin/equipoise.mjs', import.meta.url));
const target = fileURLToPath(new URL('../../docs/images/demo.svg', import.meta.url));

const command = `${process.execPath} ${program} demo --duration 7500ms`;
const { stdout, status, error } = spawnSync('script', ['-qec', command, '/dev/null'], {
  encoding: 'utf8',
  env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' },
});
if (error !== undefined || status !== 0) throw error ?? new Error(`the demo ended with ${status}: ${stdout}`);
// The last frame is drawn when traffic has ended.
const frame = framesOf(stdout).at(-2);
if (frame === undefined) throw new Error(`the demo drew nothing: ${stdout}`);
writeFileSync(target, toSvg(frame, 'npx equipoise demo'));
process.stdout.write(`${target}\n${frame.join('\n')}\n`);

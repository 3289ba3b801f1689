import { isMainThread } from 'node:worker_threads';
import { openPerson } from './init/person.ts';
import type { CliIo } from './io.ts';

/** Whoever reads our output may go away, as `head` does; that is no reason to end. */
const ignore = () => {};
process.stdout.on('error', ignore);
process.stderr.on('error', ignore);

const io: CliIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env: process.env,
  cwd: process.cwd(),
  // https://no-color.org
  color: process.stderr.isTTY === true && !process.env['NO_COLOR'],
  ...(process.stdin.isTTY === true &&
    process.stderr.isTTY === true && { person: openPerson(process.stdin, process.stderr) }),
};

// A worker needs neither the commands nor what they load.
if (isMainThread) process.exitCode = await (await import('./commands.ts')).dispatch(process.argv.slice(2), io);
else (await import('./worker.ts')).runWorker();

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

const FORWARDED = /** @type {const} */ (['SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGINT']);

/**
 * Runs `bun` with `args` as a child that shares our terminal and process group, passes signals on, and ends as it
 * ended: with its exit code, or by the same signal. Resolves only when the binary cannot be started, with the error.
 *
 * @param {string} bun
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Error>}
 */
export function runBun(bun, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(bun, args, { stdio: 'inherit', env });
    for (const signal of FORWARDED) process.on(signal, () => forward(child, signal));
    child.once('error', (error) => {
      for (const signal of FORWARDED) process.removeAllListeners(signal);
      resolve(error);
    });
    child.once('exit', endAs);
  });
}

/**
 * @param {ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function forward(child, signal) {
  // Ctrl-C reaches the whole foreground group, so the child has it already, and a second one would mean "at once".
  if (signal === 'SIGINT' && inForeground()) return;
  child.kill(signal);
}

/** Whether our process group is the one that the terminal sends Ctrl-C to. */
function inForeground() {
  try {
    // proc(5), after the command's name in brackets: state ppid pgrp session tty_nr tpgid.
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foreground;
  } catch {
    return process.stdin.isTTY === true;
  }
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
function endAs(code, signal) {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Reached when the signal does not end a process by default; a shell would report this code.
  setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
}

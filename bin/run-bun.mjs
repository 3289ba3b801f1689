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

/** Of its own accord: done, failed, wrong usage. */
const OWN_CODES = [0, 1, 2];
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** One that has served for this long and then crashes is started again without a delay to speak of. */
const PROVEN_MS = 60_000;
/** Where it tells us how many connections it has, a line each time; by the first of them, that it serves. */
const REPORT_FD = 3;

/**
 * As `runBun`, for a program that is to serve until it is told to end: when it has served and crashes (by a signal, or
 * with an exit code that is not its own), it is started again, at once and then after twice as long each time.
 *
 * @param {string} bun
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Error>}
 */
export function keepServing(bun, args, env = process.env) {
  const reporting = { ...env, EQUIPOISE_REPORT_FD: `${REPORT_FD}` };
  /** @type {ChildProcess | undefined} */
  let child;
  let isEnding = false;
  let hasServed = false;
  let delayMs = FIRST_DELAY_MS;

  /** @param {NodeJS.Signals} signal */
  function pass(signal) {
    if (signal === 'SIGTERM' || signal === 'SIGINT') isEnding = true;
    if (child !== undefined) forward(child, signal);
    else if (isEnding) endAs(null, signal);
  }

  return new Promise((resolve) => {
    function start() {
      const startedAt = performance.now();
      const current = spawn(bun, args, { stdio: ['inherit', 'inherit', 'inherit', 'pipe'], env: reporting });
      child = current;
      let connections = 0;
      current.stdio[REPORT_FD]?.on('data', (lines) => {
        hasServed = true;
        connections = Number(String(lines).trim().split('\n').at(-1));
      });
      current.once('error', (error) => {
        for (const signal of FORWARDED) process.removeAllListeners(signal);
        resolve(error);
      });
      // `close`: what it said last has been read.
      current.once('close', (code, signal) => {
        child = undefined;
        const isCrash = signal !== null || !OWN_CODES.includes(code ?? 1);
        if (isEnding || !hasServed || !isCrash) return endAs(code, signal);
        if (performance.now() - startedAt > PROVEN_MS) delayMs = FIRST_DELAY_MS;
        const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
        process.stderr.write(
          `equipoise: the server ${how}; ${connections} connections were lost; it is started again in ${delayMs} ms\n`,
        );
        setTimeout(start, delayMs);
        delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS);
      });
    }
    for (const signal of FORWARDED) process.on(signal, () => pass(signal));
    start();
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

import { setTimeout as sleep } from 'node:timers/promises';
import type { OverviewWire } from '../admin/wire.ts';
import { wrongUsage } from './arguments.ts';
import { type CliIo, exitCodes } from './io.ts';
import { type AdminTarget, callAdmin } from './operations/admin-client.ts';
import { adminOptions, readOperation } from './operations/operation-arguments.ts';
import { type Options, usageText } from './options.ts';
import { watchSignals } from './signals.ts';
import { followEvents } from './top/event-lines.ts';
import { afterKey, keysIn, type TopKey, type Wishes } from './top/keys.ts';
import { createRateMeter } from './top/rates.ts';
import { openTerminal } from './top/terminal.ts';
import { drawTop, type TopFrame } from './top/view.ts';

export const topOptions = {
  ...adminOptions,
  json: { type: 'boolean', summary: 'print one look as JSON, and end' },
} as const satisfies Options;

const topUsage = usageText(
  `usage: equipoise top

Shows a running program live: who gets how much, how fast it answers, who is in trouble, and what happens. q ends it, s
changes the order of endpoints, j and k (or the arrows) scroll. NO_COLOR=1 takes the colours away.
Where its output is no terminal it looks twice, a second apart, and prints once.`,
  topOptions,
);

const LOOK_MS = 1000;

/** `equipoise top`: 0 shown, 1 it cannot be asked, 2 wrong usage. */
export async function top(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readOperation(argv, topOptions, topUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const { target, json, words } = parsed;
  if (words.length > 0) return wrongUsage(`top: unexpected ${words[0]}`, topUsage, io);
  if (json) return printLook(target, io);
  return process.stdout.isTTY === true ? watch(target, io) : printOnce(target, io);
}

const look = (target: AdminTarget) => callAdmin<OverviewWire>(target, 'GET', '/api/v1/overview');

async function printLook(target: AdminTarget, io: CliIo): Promise<number> {
  const reply = await look(target);
  if (!reply.ok) return fail(reply.message, io);
  io.stdout(`${JSON.stringify(reply.value)}\n`);
  return exitCodes.done;
}

async function printOnce(target: AdminTarget, io: CliIo): Promise<number> {
  const rates = createRateMeter();
  const first = await look(target);
  if (!first.ok) return fail(first.message, io);
  rates.add(first.value);
  const events = followEvents(target);
  await sleep(LOOK_MS);
  events.close();
  const second = await look(target);
  if (!second.ok) return fail(second.message, io);
  rates.add(second.value);
  const frame = { target: target.name, overview: second.value, rates, events: events.lines.slice(0, 10) };
  const everything = { rows: Number.POSITIVE_INFINITY, width: Number.POSITIVE_INFINITY, color: false };
  io.stdout(`${drawTop(frame, everything).lines.join('\n')}\n`);
  return exitCodes.done;
}

/** Until q, Ctrl-C or a signal. */
async function watch(target: AdminTarget, io: CliIo): Promise<number> {
  const rates = createRateMeter();
  const events = followEvents(target);
  const terminal = openTerminal(io.stdout);
  const color = (io.env['NO_COLOR'] ?? '') === '';
  let frame: TopFrame = { target: target.name, overview: undefined, rates, events: events.lines };
  let wishes: Wishes = { order: 'as configured', scroll: 0 };
  let page = 1;
  const show = () => {
    // A terminal that does not know its size says 0.
    const { rows, columns } = process.stdout;
    const drawn = drawTop(frame, { rows: rows || 24, width: columns || 80, color }, wishes);
    wishes = { ...wishes, scroll: drawn.scroll };
    page = drawn.page;
    terminal.draw(drawn.lines);
  };
  const onKey = (key: TopKey) => {
    wishes = afterKey(wishes, key, page);
    show();
  };
  const onResize = () => {
    terminal.resized();
    show();
  };
  process.stdout.on('resize', onResize);
  const ending = untilQuit(onKey);
  for (let isOver = false; !isOver; ) {
    const startedAt = performance.now();
    const reply = await Promise.race([look(target), ending.quit]);
    if (reply === undefined) break;
    if (reply.ok) rates.add(reply.value);
    frame = reply.ok ? { ...frame, overview: reply.value, problem: undefined } : { ...frame, problem: reply.message };
    show();
    const restMs = Math.max(100, LOOK_MS - (performance.now() - startedAt));
    // True when it was cut short.
    isOver = await sleep(restMs, false, { signal: ending.signal }).catch(() => true);
  }
  process.stdout.off('resize', onResize);
  ending.close();
  events.close();
  terminal.close();
  return exitCodes.done;
}

/** `onOther`: hears the keys that do not end it. */
function untilQuit(onOther: (key: TopKey) => void) {
  const signals = watchSignals(
    process,
    () => performance.now(),
    () => {},
  );
  const { stdin } = process;
  let onKey = (_: string) => {};
  const key = new Promise<void>((resolve) => {
    onKey = (text) => {
      for (const each of keysIn(text)) each === 'quit' ? resolve() : onOther(each);
    };
  });
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.setEncoding('utf8').on('data', onKey);
  const over = new AbortController();
  const quit = Promise.race([key, signals.stop]).then(() => over.abort());
  return {
    quit: quit.then(() => undefined),
    signal: over.signal,
    close() {
      signals.close();
      stdin.off('data', onKey);
      if (stdin.isTTY) stdin.setRawMode(false);
      stdin.pause();
    },
  };
}

function fail(message: string, io: CliIo): number {
  io.stderr(`equipoise: top: ${message}\n`);
  return exitCodes.failed;
}

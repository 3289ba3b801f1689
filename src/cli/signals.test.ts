import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { watchSignals } from './signals.ts';

/** What each signal at its time leads to. */
async function outcome(signals: readonly (readonly [name: string, atMs: number])[]) {
  const source = new EventEmitter();
  let time = 0;
  const happened: string[] = [];
  const watched = watchSignals(
    source,
    () => time,
    () => happened.push('hangup'),
  );
  void watched.stop.then(() => happened.push('stop'));
  void watched.force.then(() => happened.push('force'));
  for (const [name, atMs] of signals) {
    time = atMs;
    source.emit(name);
    await Promise.resolve();
  }
  watched.close();
  return { happened, left: source.eventNames() };
}

test.each([
  { why: 'SIGTERM', signals: [['SIGTERM', 0]], want: ['stop'] },
  { why: 'Ctrl-C', signals: [['SIGINT', 0]], want: ['stop'] },
  {
    why: 'the same Ctrl-C twice',
    signals: [
      ['SIGINT', 0],
      ['SIGINT', 200],
    ],
    want: ['stop'],
  },
  {
    why: 'a second one',
    signals: [
      ['SIGINT', 0],
      ['SIGINT', 201],
    ],
    want: ['stop', 'force'],
  },
  {
    why: 'a second one of the other kind',
    signals: [
      ['SIGTERM', 5],
      ['SIGINT', 900],
    ],
    want: ['stop', 'force'],
  },
  {
    why: 'twice by two ways, then again',
    signals: [
      ['SIGINT', 0],
      ['SIGINT', 9],
      ['SIGINT', 300],
    ],
    want: ['stop', 'force'],
  },
  {
    why: 'SIGHUP',
    signals: [
      ['SIGHUP', 0],
      ['SIGHUP', 900],
    ],
    want: ['hangup', 'hangup'],
  },
] as const)('$why', async ({ signals, want }) => {
  expect(await outcome(signals)).toEqual({ happened: [...want], left: [] });
});

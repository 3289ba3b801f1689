import { expect, test } from 'vitest';
import { Alarm } from './alarm.ts';
import { FineTimers } from './fine-timers.ts';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const create = () =>
  new FineTimers(
    () => performance.now(),
    (error) => Promise.reject(error),
  );

test('never early, also behind a standstill, and in the order of their deadlines', async () => {
  const timers = create();
  const rang: { afterMs: number; tookMs: number }[] = [];
  for (const afterMs of [30, 5, 80]) {
    // The loop stands still: the ticks that are made good then must not count for what is armed now.
    for (const untilMs = performance.now() + 25; performance.now() < untilMs; );
    const startMs = performance.now();
    timers.arm(new Alarm(() => void rang.push({ afterMs, tookMs: performance.now() - startMs })), afterMs);
  }
  while (rang.length < 3) await sleep(5);
  expect(rang.map(({ afterMs }) => afterMs).sort((a, b) => a - b)).toEqual([5, 30, 80]);
  for (const { afterMs, tookMs } of rang) expect(tookMs).toBeGreaterThanOrEqual(afterMs);
});

test('runs only while something is armed', async () => {
  const timers = create();
  expect(timers.isRunning).toBe(false);
  const alarm = new Alarm(() => {});
  timers.arm(alarm, 10_000);
  expect(timers.isRunning).toBe(true);
  timers.remove(alarm);
  timers.remove(alarm);
  while (timers.isRunning) await sleep(5);
  timers.arm(alarm, 5);
  expect(timers.isRunning).toBe(true);
  while (timers.isRunning) await sleep(5);
});

test('moves a deadline', async () => {
  const timers = create();
  let rings = 0;
  const alarm = new Alarm(() => void rings++);
  timers.arm(alarm, 60);
  timers.arm(alarm, 5);
  while (rings === 0) await sleep(5);
  await sleep(100);
  expect(rings).toBe(1);
});

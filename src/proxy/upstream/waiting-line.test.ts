import { expect, test } from 'vitest';
import { type Offer, PASSED, STOP, TAKEN } from '../../core/guards/bounded-queue.ts';
import { FineTimers } from '../../transport/fine-timers.ts';
import { NOT_WAITING, type Waiter, WaitingLine } from './waiting-line.ts';

function setUp(size = 10, timeout = 1000, words = new Int32Array(1)) {
  let nowMs = 0;
  const told: string[] = [];
  const places = { free: 0 };
  const timers = new FineTimers(
    () => performance.now(),
    (error) => Promise.reject(error),
  );
  const line = new WaitingLine({ size, timeout }, { now: () => nowMs }, timers, { words, worker: 0 });
  const waiter = (name: string, urgency = 3, offer?: () => Offer): Waiter => ({
    ticket: NOT_WAITING,
    urgency,
    tryPick: offer ?? (() => (places.free > 0 && places.free-- ? TAKEN : STOP)),
    admitted: () => void told.push(name),
    dropped: (reason) => void told.push(`${name} ${reason}`),
  });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { line, timers, told, places, waiter, pass };
}

/** Looks are microtasks, or timers of 10 ms. */
const soon = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));

test('a place that comes free goes to the first of the most urgent', async () => {
  const { line, told, places, waiter } = setUp();
  for (const [name, urgency] of [
    ['a', 3],
    ['b', 3],
    ['c', 1],
  ] as const)
    line.push(waiter(name, urgency));
  places.free = 2;
  line.wake();
  await soon();
  expect([told, line.length]).toEqual([['c', 'a'], 1]);
});

test('who must not go there is passed by, who finds none stops the look', async () => {
  const { line, told, places, waiter } = setUp();
  line.push(waiter('picky', 3, () => PASSED));
  for (const name of ['a', 'b', 'c']) line.push(waiter(name));
  places.free = 1;
  line.wake();
  await soon();
  expect([told, line.length]).toEqual([['a'], 3]);
});

test('a place that comes free unheard is found', async () => {
  const { line, told, places, waiter, timers } = setUp();
  line.push(waiter('a'));
  places.free = 1;
  while (timers.isRunning) await soon(5);
  expect([told, line.length]).toEqual([['a'], 0]);
});

test('who waited too long is dropped', async () => {
  const { line, told, waiter, pass } = setUp();
  line.push(waiter('a'));
  pass(600);
  line.push(waiter('b'));
  pass(500);
  while (told.length === 0) await soon(5);
  expect([told, line.length]).toEqual([['a timeout'], 1]);
});

test('full: refused, or the least urgent makes room', () => {
  const { line, told, waiter } = setUp(1);
  expect([line.push(waiter('a')), line.push(waiter('b'))]).toEqual([true, false]);
  expect([line.push(waiter('c', 0)), told]).toEqual([true, ['a displaced']]);
});

test('who leaves is not told anything', async () => {
  const { line, told, places, waiter } = setUp();
  const [a, b] = [waiter('a'), waiter('b')];
  line.push(a);
  line.push(b);
  line.leave(a);
  line.leave(a);
  places.free = 2;
  line.wake();
  await soon();
  line.leave(b);
  expect([told, line.length]).toEqual([['b'], 0]);
});

test('other options keep who waits, in turn, also where there is room for fewer', async () => {
  const { line, told, places, waiter } = setUp();
  const [b, c] = [waiter('b', 1), waiter('c')];
  for (const each of [waiter('a'), b, c, waiter('d')]) line.push(each);
  line.configure({ size: 2, timeout: 1000 });
  expect([line.length, line.push(waiter('late')), line.push(waiter('urgent', 0))]).toEqual([4, false, true]);
  line.leave(c);
  places.free = 3;
  line.wake();
  await soon();
  expect(told).toEqual(['d displaced', 'urgent', 'b', 'a']);
});

/** Two workers with lines; this one's has `count` waiters. */
function setUpTurns(count: number) {
  const words = new Int32Array([0, 1]);
  const world = setUp(50, 100_000, words);
  const { line, places, waiter } = world;
  for (let i = 0; i < count; i++) line.push(waiter(`${i}`));
  /** A place comes free, unless it was taken back; or only something that is none. */
  const wake = async (frees = 1): Promise<void> => {
    places.free += frees;
    line.wake();
    await Promise.resolve();
  };
  return { ...world, words, wake };
}

test('a turn of 100 ms, then what comes free is left for 10 ms to who waits in another worker', async () => {
  const { line, places, words, pass, told, wake } = setUpTurns(40);
  for (let i = 0; i < 20; i++) await wake();
  expect([line.length, words[0], places.free]).toEqual([20, 20, 0]);
  pass(99);
  await wake();
  expect([line.length, places.free]).toEqual([19, 0]);
  pass(1);
  await wake();
  await wake();
  expect([line.length, places.free], 'left').toEqual([19, 2]);
  while (told.length < 23) await soon(5);
  await wake();
  expect([line.length, places.free], 'another turn').toEqual([16, 0]);
});

test('nobody waits elsewhere: nothing is left', async () => {
  const { line, places, words, pass, wake } = setUpTurns(5);
  await wake();
  words[1] = 0;
  pass(500);
  await wake();
  pass(500);
  await wake();
  expect([line.length, places.free]).toEqual([2, 0]);
});

test('what frees no place neither ends a turn nor takes back what was left; no more does a look that finds nothing', async () => {
  const { places, pass, told, wake } = setUpTurns(10);
  for (let i = 0; i < 40; i++) await wake(0);
  await wake();
  pass(99);
  await soon(30);
  await wake();
  expect([told.length, places.free]).toEqual([2, 0]);
  pass(1);
  await wake();
  for (let i = 0; i < 40; i++) await wake(0);
  expect([told.length, places.free], 'left to the others').toEqual([2, 1]);
  while (told.length < 3) await soon(5);
  await wake();
  expect([told.length, places.free], 'of the next turn').toEqual([4, 0]);
});

import { describe, expect, test } from 'vitest';
import { ProbePool } from './probe-pool.ts';

/** Answers as [slot, load, latency], asked one millisecond after the other. */
function poolOf(answers: readonly (readonly [number, number, number])[], limit = 16, uses = 9): ProbePool {
  const pool = new ProbePool(16);
  answers.forEach(([slot, load, latencyMs], at) => {
    pool.add(slot, load, latencyMs, at, uses, limit);
  });
  return pool;
}

function answersOf({ count, slots, loads, latencies }: ProbePool) {
  return Array.from({ length: count }, (_, at) => [slots[at], loads[at], latencies[at]]);
}

const slotsOf = (pool: ProbePool) => answersOf(pool).map(([slot]) => slot);

const three = [
  [7, 1, 30],
  [4, 5, 10],
  [9, 2, 20],
] as const;

describe('ProbePool', () => {
  test('one answer of each endpoint is kept, the latest', () => {
    expect(answersOf(poolOf([...three, [7, 3, 40]]))).toEqual([
      [4, 5, 10],
      [9, 2, 20],
      [7, 3, 40],
    ]);
  });

  test('the oldest makes room', () => {
    expect(slotsOf(poolOf(three, 2))).toEqual([4, 9]);
    const shrunk = poolOf(three);
    shrunk.add(1, 0, 0, 5, 1, 2);
    expect(slotsOf(shrunk)).toEqual([9, 1]);
  });

  test('an answer bears what was sent since, and leaves when it is used up', () => {
    const pool = poolOf(three, 16, 2);
    pool.use(0, 0.5);
    expect(answersOf(pool)[0]).toEqual([7, 1.5, 30]);
    pool.use(0, 0.5);
    expect(slotsOf(pool)).toEqual([4, 9]);
  });

  test.each([
    { why: 'nobody is hot: the slowest', hotAbove: 9, worst: 7 },
    { why: 'one is hot', hotAbove: 3, worst: 4 },
    { why: 'all are hot: the most loaded', hotAbove: 0, worst: 4 },
    { why: 'two are hot', hotAbove: 1, worst: 4 },
  ])('the oldest and the worst leave in turn; $why', ({ hotAbove, worst }) => {
    const pool = poolOf([[1, 0, 0], ...three, [2, 0, 1]]);
    pool.removeOne(hotAbove);
    expect(slotsOf(pool)).toEqual([7, 4, 9, 2]);
    pool.removeOne(hotAbove);
    expect(slotsOf(pool)).toEqual([7, 4, 9, 2].filter((slot) => slot !== worst));
    pool.removeOne(hotAbove);
    expect(pool.count).toBe(2);
    expect(slotsOf(pool)).not.toContain(worst === 7 ? 4 : 7);
  });

  test('those asked before a time leave', () => {
    const pool = poolOf(three);
    pool.removeOlder(1);
    expect(slotsOf(pool)).toEqual([4, 9]);
    pool.removeOlder(10);
    expect(pool.count).toBe(0);
    pool.removeOne(0);
    expect(pool.count).toBe(0);
  });

  test('one is taken out by its slot; all at once', () => {
    const pool = poolOf(three);
    pool.remove(4);
    pool.remove(5);
    expect(slotsOf(pool)).toEqual([7, 9]);
    pool.clear();
    expect(pool.count).toBe(0);
  });
});

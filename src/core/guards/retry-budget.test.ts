import { describe, expect, test } from 'vitest';
import { fakeClock } from '../testing/fake-clock.ts';
import { checkWalks } from '../testing/random-walk.ts';
import { RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';

/** Further tries granted when as many as possible are asked for at once. */
function drain(budget: RetryBudget): number {
  let granted = 0;
  while (budget.tryAgain()) granted++;
  return granted;
}

/** As `drain`, each ended before the next. */
function drainInTurn(budget: RetryBudget): number {
  let granted = 0;
  for (; budget.tryAgain(); granted++) budget.finishTry();
  return granted;
}

function begin(budget: RetryBudget, requests: number): void {
  for (let i = 0; i < requests; i++) budget.start();
}

describe('RetryBudget', () => {
  test.each<{ why: string; options: RetryBudgetOptions; requests: number; want: number }>([
    { why: 'nothing asked, the reserve', options: {}, requests: 0, want: 100 },
    { why: 'a fifth of the requests on top', options: {}, requests: 50, want: 110 },
    { why: 'without a reserve', options: { minPerSecond: 0 }, requests: 50, want: 10 },
    { why: 'parts of a token are none', options: { minPerSecond: 0 }, requests: 9, want: 1 },
    { why: 'rounding does not eat a token', options: { minPerSecond: 0, ratio: 0.29 }, requests: 100, want: 29 },
    { why: 'a shorter ttl has a smaller reserve', options: { ttlMs: 1000 }, requests: 0, want: 10 },
    { why: 'ratio 0 leaves the reserve', options: { ratio: 0 }, requests: 500, want: 100 },
    { why: 'nothing at all', options: { ratio: 0, minPerSecond: 0 }, requests: 500, want: 0 },
  ])('rate: $why', ({ options, requests, want }) => {
    const budget = new RetryBudget(options, fakeClock(-77));
    begin(budget, requests);
    expect(budget.tokens).toBe(want);
    expect(drainInTurn(budget)).toBe(want);
    expect(budget.tokens).toBe(0);
  });

  test.each<{ why: string; options: RetryBudgetOptions; requests: number; want: number }>([
    { why: 'few requests', options: {}, requests: 1, want: 3 },
    { why: 'a fifth of those under way', options: {}, requests: 40, want: 8 },
    { why: 'the next one would be more than a fifth', options: {}, requests: 41, want: 9 },
    { why: 'rounding does not make one more', options: { ratio: 0.07 }, requests: 100, want: 7 },
    { why: 'another least number', options: { minActive: 0 }, requests: 4, want: 1 },
    { why: 'none for none', options: { minActive: 0 }, requests: 0, want: 0 },
  ])('concurrency: $why', ({ options, requests, want }) => {
    const budget = new RetryBudget(options, fakeClock());
    begin(budget, requests);
    expect(drain(budget)).toBe(want);
    expect(budget.activeTries).toBe(want);
    if (want === 0) return;
    budget.finishTry();
    expect(drain(budget)).toBe(1);
  });

  test('requests that ended pay for tries but give no room for them', () => {
    const budget = new RetryBudget({ minPerSecond: 0 }, fakeClock());
    begin(budget, 100);
    for (let i = 0; i < 100; i++) budget.finish();
    expect([budget.tokens, drain(budget)]).toEqual([20, 3]);
  });

  test.each([
    { afterMs: 9000, want: 10 },
    { afterMs: 9999, want: 10 },
    { afterMs: 10_000, want: 0 },
    ...[15, 16, 17, 18, 19, 20, 21, 22, 23, 24].map((seconds) => ({ afterMs: seconds * 1000, want: 0 })),
    { afterMs: 1e9, want: 0 },
  ])('a token lives for the ttl: $want after $afterMs ms', ({ afterMs, want }) => {
    const clock = fakeClock(12_345.5);
    const budget = new RetryBudget({ minPerSecond: 0 }, clock);
    begin(budget, 50);
    clock.advance(afterMs);
    expect(budget.tokens).toBe(want);
  });

  test('tries outlive the requests that paid: none are granted on their account', () => {
    const clock = fakeClock();
    const budget = new RetryBudget({ minPerSecond: 1 }, clock);
    begin(budget, 100);
    clock.advance(9000);
    expect(drainInTurn(budget)).toBe(30);
    clock.advance(1000);
    expect(budget.tokens).toBe(0);
    begin(budget, 50);
    expect(budget.tokens).toBe(0);
    clock.advance(9000);
    expect(budget.tokens).toBe(20);
  });

  test('is never overdrawn, over any ttl and under way', () => {
    checkWalks((rng, steps) => {
      const clock = fakeClock(rng.below(1000));
      const ratio = rng.below(5) / 10;
      const minActive = rng.below(4);
      const budget = new RetryBudget({ ratio, minPerSecond: 1, ttlMs: 5000, minActive }, clock);
      const startMs = clock.now();
      const begun: number[] = [];
      const granted: number[] = [];
      let active = 0;
      for (let i = 0; i < steps; i++) {
        const kind = rng.below(8);
        if (kind < 3) {
          budget.start();
          begun.push(clock.now());
          active++;
        } else if (kind < 4 && active > 0) {
          budget.finish();
          active--;
        } else if (kind < 6) {
          const under = budget.activeTries;
          if (budget.tryAgain()) {
            granted.push(clock.now());
            if (under >= Math.max(minActive, ratio * active)) throw new Error(`${under} of ${active} were under way`);
            checkRate(begun, granted, ratio, startMs);
          }
        } else if (kind < 7 && budget.activeTries > 0) budget.finishTry();
        else clock.advance(rng.below(400));
        if (budget.tokens < 0) throw new Error(`${budget.tokens} tokens`);
      }
    });
  });
});

/** Slices of 500 ms: what the budget counts as the last ttl are the slice of now and the nine before it. */
function checkRate(begun: readonly number[], granted: readonly number[], ratio: number, startMs: number): void {
  const sliceOf = (ms: number) => Math.floor((ms - startMs) / 500);
  const oldest = sliceOf(granted.at(-1)!) - 9;
  const counted = (times: readonly number[]) => {
    let count = 0;
    for (let i = times.length - 1; i >= 0 && sliceOf(times[i]!) >= oldest; i--) count++;
    return count;
  };
  const bound = 5 + ratio * counted(begun) + 1e-6;
  if (counted(granted) > bound) throw new Error(`${counted(granted)} tries where ${bound} are paid for`);
}

import { describe, expect, test } from 'vitest';
import { createTrafficWitness } from './traffic-witness.ts';

describe('createTrafficWitness', () => {
  test.each([
    { why: 'nothing happened', succeeded: 0, failed: 0, want: false },
    { why: 'too few', succeeded: 9, failed: 0, want: false },
    { why: 'enough', succeeded: 10, failed: 0, want: true },
    { why: 'many, but one failed', succeeded: 1000, failed: 1, want: false },
    { why: 'the counts began anew', succeeded: -500, failed: 0, want: false },
  ])('$why', ({ succeeded, failed, want }) => {
    const counts = { successes: 500, failures: 7 };
    const witness = createTrafficWitness({ successesOf: () => counts.successes, failuresOf: () => counts.failures });
    // What happened before the first question proves nothing.
    expect(witness.isProven(3)).toBe(false);
    counts.successes += succeeded;
    counts.failures += failed;
    expect(witness.isProven(3)).toBe(want);
    expect(witness.isProven(3)).toBe(false);
  });

  test('slots are told apart', () => {
    const successes = [0, 0];
    const witness = createTrafficWitness({ successesOf: (slot) => successes[slot]!, failuresOf: () => 0 });
    expect([witness.isProven(0), witness.isProven(1)]).toEqual([false, false]);
    successes[1] = 10;
    expect([witness.isProven(0), witness.isProven(1)]).toEqual([false, true]);
  });
});

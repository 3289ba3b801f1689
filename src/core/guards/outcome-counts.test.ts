import { describe, expect, test } from 'vitest';
import { OutcomeCounts } from './outcome-counts.ts';

const read = (counts: OutcomeCounts, slot: number) => [
  counts.requestsOf(slot),
  counts.failuresOf(slot),
  counts.runOf(slot),
];

describe('OutcomeCounts', () => {
  test.each([
    { outcomes: '', want: [0, 0, 0] },
    { outcomes: 's', want: [1, 0, 0] },
    { outcomes: 'ff', want: [2, 2, 2] },
    { outcomes: 'ffsf', want: [4, 3, 1] },
    { outcomes: 'ff|f', want: [1, 1, 3] },
  ])('$outcomes (| begins an interval)', ({ outcomes, want }) => {
    const counts = new OutcomeCounts();
    for (const each of outcomes) {
      if (each === '|') counts.clear(70);
      else counts.record(70, each === 's');
    }
    expect(read(counts, 70)).toEqual(want);
    expect([read(counts, 69), read(counts, 1000)]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    counts.forget(70);
    counts.forget(1000);
    expect(read(counts, 70)).toEqual([0, 0, 0]);
  });

  test.each([
    { why: 'a longer run is taken', add: [3, 3, 3], want: [5, 5, 3] },
    { why: 'a shorter one is not', add: [1, 1, 1], want: [3, 3, 2] },
    { why: 'a success elsewhere ends it', add: [4, 3, 1], want: [6, 5, 1] },
  ])('adds: $why', ({ add, want }) => {
    const counts = new OutcomeCounts();
    counts.record(3, false);
    counts.record(3, false);
    counts.add(3, add[0]!, add[1]!, add[2]!);
    expect(read(counts, 3)).toEqual(want);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpoints, seededRng } from '../testing/index.ts';
import { Candidates, SCAN_LIMIT } from './candidates.ts';

function gathered(candidates: Candidates, avoided: readonly number[] | null = null): number[] {
  candidates.gather(avoided === null ? null : new Set(avoided));
  return [...candidates.slots.subarray(0, candidates.count)];
}

function candidatesOf(members: Parameters<typeof endpoints>[0], choices = 2, seed = 1): Candidates {
  const candidates = new Candidates(choices, seededRng(seed));
  candidates.update(endpoints(members));
  return candidates;
}

const LARGE = SCAN_LIMIT + 1;

describe('Candidates', () => {
  test('up to 64 all that may be picked are compared', () => {
    const candidates = candidatesOf([{ slot: 3 }, { slot: 90 }, { slot: 5, weight: 0 }, { slot: 7 }]);
    expect(gathered(candidates)).toEqual([3, 90, 7]);
    expect(gathered(candidates, [90])).toEqual([3, 7]);
    expect(candidates.setEligible(3, false)).toBe(true);
    expect(candidates.setEligible(3, false)).toBe(false);
    expect(gathered(candidates)).toEqual([90, 7]);
    expect(gathered(candidates, [90, 7])).toEqual([]);
  });

  test('more are drawn, different ones', () => {
    const candidates = candidatesOf(LARGE, 5);
    for (let i = 0; i < 200; i++) expect(new Set(gathered(candidates)).size).toBe(5);
  });

  test('a large pool of which few are eligible is compared', () => {
    const candidates = candidatesOf(LARGE);
    candidates.setEligible(64, false);
    expect(gathered(candidates).length).toBe(64);
    candidates.setEligible(64, true);
    expect(gathered(candidates).length).toBe(2);
  });

  test('the avoided are never drawn, even when nearly all are', () => {
    const candidates = candidatesOf(LARGE);
    const avoided = Array.from({ length: LARGE - 1 }, (_, slot) => slot);
    for (let i = 0; i < 100; i++) expect(gathered(candidates, avoided).every((slot) => slot === LARGE - 1)).toBe(true);
    expect(gathered(candidates, [...avoided, LARGE - 1])).toEqual([]);
  });

  test('draws are by weight, also after weights change', () => {
    const candidates = candidatesOf(Array.from({ length: 80 }, (_, slot) => ({ weight: slot === 0 ? 21 : 1 })));
    const rounds = 10_000;
    let first = 0;
    for (let i = 0; i < rounds; i++) if (gathered(candidates)[0] === 0) first++;
    // 21 of 100; five binomial deviations.
    expect(Math.abs(first / rounds - 0.21)).toBeLessThan(5 * Math.sqrt((0.21 * 0.79) / rounds));
    candidates.setEligible(0, false);
    for (let i = 0; i < 200; i++) expect(gathered(candidates)).not.toContain(0);
  });

  test('one of nearly all the weight is a choice of its own, never the only candidate for lack of draws', () => {
    const candidates = candidatesOf(Array.from({ length: 80 }, (_, slot) => ({ weight: slot === 0 ? 1e12 : 1 })));
    for (let i = 0; i < 50; i++) expect(gathered(candidates)).toEqual([0, 0]);
  });

  test('least: of equal scores one is drawn by weight', () => {
    const candidates = candidatesOf([{ weight: 3 }, { weight: 1 }, { weight: 9 }]);
    const rounds = 10_000;
    let heavy = 0;
    for (let i = 0; i < rounds; i++) {
      const slot = candidates.least(null, (each) => (each === 2 ? 1 : 0));
      expect(slot).not.toBe(2);
      if (slot === 0) heavy++;
    }
    expect(Math.abs(heavy / rounds - 0.75)).toBeLessThan(5 * Math.sqrt((0.75 * 0.25) / rounds));
  });

  test.each([5, 100])('least of %i: never one that scores more than another candidate', (size) => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: size, maxLength: size }), fc.integer(), (scores, seed) => {
        const candidates = candidatesOf(size, 3, seed);
        const slot = candidates.least(null, (each) => scores[each]!);
        const seen = [...candidates.slots.subarray(0, candidates.count)];
        expect(scores[slot]).toBe(Math.min(...seen.map((each) => scores[each]!)));
      }),
      { seed: 1 },
    );
  });
});

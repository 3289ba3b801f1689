import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpoints } from '../testing/policy-deps.ts';
import { subset } from './subset.ts';

const ids = (of: readonly { readonly id: string }[]) => of.map(({ id }) => id);

describe('subset', () => {
  test('no more endpoints than wanted: all', () => {
    const all = endpoints(3);
    expect(subset(all, 7, 3)).toEqual(all);
    expect(subset(all, 0, 10)).toEqual(all);
    expect(subset([], 0, 1)).toEqual([]);
  });

  test('the order in which endpoints are known does not matter', () => {
    const all = endpoints(50);
    expect(ids(subset(all.toReversed(), 13, 8))).toEqual(ids(subset(all, 13, 8)));
  });

  test('in a round no endpoint is in two subsets, and rounds cut differently', () => {
    const all = endpoints(53);
    const rounds = [0, 1, 2].map((round) => Array.from({ length: 5 }, (_, i) => ids(subset(all, round * 5 + i, 10))));
    for (const round of rounds) expect(new Set(round.flat()).size).toBe(50);
    expect(rounds[1]).not.toEqual(rounds[0]);
    const left = rounds.map((round) => ids(all).filter((id) => !round.flat().includes(id)));
    expect(left[1]).not.toEqual(left[0]);
  });

  test('every endpoint is in nearly as many subsets', () => {
    const balancers = 3000;
    const counts = new Map<string, number>();
    for (let balancer = 0; balancer < balancers; balancer++) {
      for (const { id } of subset(endpoints(37), balancer, 10)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    // 1000 rounds; an endpoint is in a round's rest with chance 7/37: deviation √(1000 × 7/37 × 30/37) = 12.4.
    const mean = (balancers * 10) / 37;
    for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(5 * 12.4);
    expect(counts.size).toBe(37);
  });

  test('one endpoint that leaves moves the cuts by one: few of a subset change', () => {
    fc.assert(
      fc.property(fc.integer({ min: 41, max: 49 }), fc.nat(11), fc.nat(40), (n, balancer, gone) => {
        const all = endpoints(n);
        const before = new Set(ids(subset(all, balancer, 10)));
        const after = ids(subset(all.toSpliced(gone, 1), balancer, 10));
        expect(after).toHaveLength(10);
        expect(after.filter((id) => !before.has(id)).length).toBeLessThanOrEqual(1);
      }),
      { seed: 1, numRuns: 500, interruptAfterTimeLimit: 2000 },
    );
  });
});

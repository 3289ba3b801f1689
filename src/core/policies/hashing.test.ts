import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpoints, pickRequest, policyDeps } from '../testing/index.ts';
import { createPolicy } from './registry.ts';

/** What every policy that hashes a key promises; ip-hash hashes the address only, so requests have both. */
const hashing = ['ip-hash', 'maglev', 'rendezvous', 'ring-hash', 'bounded-load'];
/** Of these a removal moves the keys of the removed and no others. */
const minimal = ['rendezvous', 'ring-hash'];

const request = (i: number, jump = 0) => pickRequest({ key: `user-${i}`, clientIp: `user-${i}`, jump });
const keys = Array.from({ length: 1000 }, (_, i) => request(i));

function policyOf(type: string, specs: Parameters<typeof endpoints>[0]) {
  const policy = createPolicy(type, policyDeps({ inFlight: { of: () => 0, total: () => 0 } }));
  policy.update(endpoints(specs));
  return policy;
}

function countsOf(type: string, weights: readonly number[], draws: number): number[] {
  const policy = policyOf(
    type,
    weights.map((weight) => ({ weight })),
  );
  const counts = weights.map(() => 0);
  for (let i = 0; i < draws; i++) counts[policy.pick(request(i), null)]!++;
  return counts;
}

describe.each(hashing)('%s', (type) => {
  test('one endpoint has all keys, two share them', () => {
    const alone = policyOf(type, 1);
    expect(new Set(keys.map((key) => alone.pick(key, null)))).toEqual(new Set([0]));
    const counts = countsOf(type, [1, 1], 2000);
    // A ring of 150 points each: the share deviates by 1/sqrt(2 × 150) × 1/2, 3 %; five of them.
    expect(Math.abs(counts[0]! - 1000)).toBeLessThan(300);
  });

  test('weight 0 gets nothing, a huge one nearly all, and the small ones their share of the rest', () => {
    const counts = countsOf(type, [1, 0, 1_000_000, 1], 20_000);
    expect(counts[1]).toBe(0);
    // In the mean 0.02 of 20,000; one entry of Maglev's table is 0.3.
    expect(counts[0]! + counts[3]!).toBeLessThan(10);
  });

  test('shares follow small weights', () => {
    const counts = countsOf(type, [1, 2, 5], 16_000);
    // 150, 300 and 750 points deviate by 1/sqrt(points), at most 8 %; the draws by less: four of both.
    [1, 2, 5].forEach((weight, slot) => {
      expect(Math.abs(counts[slot]! / (2000 * weight) - 1)).toBeLessThan(0.36);
    });
  });

  test('of 10,000 endpoints many serve, and any of them serves alone', () => {
    const policy = policyOf(type, 10_000);
    // 500 of 10,000 meet 12 pairs in the mean if shares are equal, a third more on a ring.
    expect(new Set(keys.slice(0, 500).map((key) => policy.pick(key, null))).size).toBeGreaterThan(450);
    const but = (slot: number) => ({ has: (each: number) => each !== slot });
    for (const slot of [0, 4711, 9999]) expect(policy.pick(keys[slot % 1000]!, but(slot))).toBe(slot);
    expect(policy.pick(keys[0]!, { has: () => true })).toBe(-1);
  });

  test('a jump leads a key elsewhere, always to the same place', () => {
    const [policy, other] = [policyOf(type, 100), policyOf(type, 100)];
    const places = Array.from({ length: 200 }, (_, jump) => policy.pick(request(1, jump), null));
    expect(Array.from({ length: 200 }, (_, jump) => other.pick(request(1, jump), null))).toEqual(places);
    // 200 draws of 100 meet 100 × (1 − e^−2), 86 of them; the deviation is 3.
    expect(new Set(places).size).toBeGreaterThan(65);
  });

  test('pickMany is the order in which endpoints would take over', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat({ max: 900 }), (size, i) => {
        const policy = policyOf(type, size);
        const order = policy.pickMany!(keys[i]!, size + 1);
        expect(new Set(order).size).toBe(size);
        const avoid = new Set<number>();
        for (const slot of order) {
          expect(policy.pick(keys[i]!, avoid)).toBe(slot);
          avoid.add(slot);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe.each(minimal)('%s', (type) => {
  test('a member that leaves gives its keys away, one that comes takes its own: no other key moves', () => {
    const slots = fc.uniqueArray(fc.nat({ max: 40 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(slots, fc.nat(), fc.nat({ max: 960 }), (given, index, from) => {
        const gone = given[index % given.length]!;
        const some = keys.slice(from, from + 40);
        const policy = policyOf(
          type,
          given.map((slot) => ({ slot })),
        );
        const before = some.map((key) => policy.pick(key, null));
        policy.update(endpoints(given.filter((slot) => slot !== gone).map((slot) => ({ slot }))));
        some.forEach((key, i) => {
          if (before[i] !== gone) expect(policy.pick(key, null)).toBe(before[i]!);
        });
        policy.update(endpoints(given.map((slot) => ({ slot }))));
        expect(some.map((key) => policy.pick(key, null))).toEqual(before);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describePolicyContract, endpoints, pickRequest, policyDeps } from '../testing/index.ts';
import { rendezvous } from './rendezvous.ts';

const options = { type: 'rendezvous' } as const;
describePolicyContract('rendezvous', rendezvous.create, { options, decidedBy: 'key' });

const keys = Array.from({ length: 2000 }, (_, i) => pickRequest({ key: `user-${i}` }));

function rendezvousOf(specs: Parameters<typeof endpoints>[0]) {
  const policy = rendezvous.create(options, policyDeps());
  policy.update(endpoints(specs));
  return policy;
}

/** Slots differ from places in the list. */
const members = fc.uniqueArray(
  fc.record({ slot: fc.nat({ max: 60 }), weight: fc.constantFrom(0, 0.001, 0.5, 1, 1, 3, 65_535) }),
  { selector: ({ slot }) => slot, minLength: 1, maxLength: 30 },
);

describe('rendezvous', () => {
  test('the key comes before the address; without both, requests are spread by weight', () => {
    const policy = rendezvousOf([{ weight: 3 }, {}]);
    const at = (key: string, clientIp: string) => policy.pick(pickRequest({ key, clientIp }), null);
    for (let i = 0; i < 20; i++) {
      expect(at(`user-${i}`, '10.0.0.1')).toBe(at(`user-${i}`, '10.0.0.2'));
      expect(at('', `user-${i}`)).toBe(at(`user-${i}`, ''));
    }
    const heavy = Array.from({ length: 4000 }, () => at('', '')).filter((slot) => slot === 0).length;
    // Binomial: the deviation is sqrt(4000 × 3/16), 27; five of them.
    expect(Math.abs(heavy - 3000)).toBeLessThan(5 * 27.4);
  });

  test.each([
    { weights: [1, 1, 1, 1] },
    { weights: [1, 2, 5] },
    { weights: [0.25, 0.75] },
    { weights: [65_535, 65_535, 1] },
  ])('shares are the weights $weights', ({ weights }) => {
    const policy = rendezvousOf(weights.map((weight) => ({ weight })));
    const counts = weights.map(() => 0);
    const draws = 40_000;
    for (let i = 0; i < draws; i++) counts[policy.pick(pickRequest({ key: `k${i}` }), null)]!++;
    const total = weights.reduce((sum, each) => sum + each, 0);
    // As independent draws: five deviations of at most sqrt(mean), and 5 where the mean is near 0.
    weights.forEach((weight, slot) => {
      const mean = (draws * weight) / total;
      expect(Math.abs(counts[slot]! - mean)).toBeLessThan(5 * Math.sqrt(mean) + 5);
    });
  });

  test('a removal moves the keys of the removed only, a newcomer only takes', () => {
    fc.assert(
      fc.property(members, fc.nat(), fc.nat({ max: 1900 }), (specs, index, from) => {
        const gone = specs[index % specs.length]!;
        const some = keys.slice(from, from + 40);
        const policy = rendezvousOf(specs);
        const before = some.map((key) => policy.pick(key, null));
        policy.update(endpoints(specs.filter((each) => each !== gone)));
        const without = some.map((key) => policy.pick(key, null));
        without.forEach((slot, i) => {
          if (before[i] !== gone.slot) expect(slot).toBe(before[i]!);
        });
        policy.update(endpoints(specs));
        expect(some.map((key) => policy.pick(key, null))).toEqual(before);
      }),
    );
  });

  test('a risen weight only takes, a fallen one only gives', () => {
    fc.assert(
      fc.property(
        members,
        fc.nat(),
        fc.constantFrom(0.5, 1.1, 4),
        fc.nat({ max: 1900 }),
        (specs, index, times, from) => {
          const changed = specs[index % specs.length]!;
          const some = keys.slice(from, from + 40);
          const policy = rendezvousOf(specs);
          const before = some.map((key) => policy.pick(key, null));
          policy.update(
            endpoints(specs.map((each) => (each === changed ? { ...each, weight: each.weight * times } : each))),
          );
          some.forEach((key, i) => {
            const after = policy.pick(key, null);
            if (after !== before[i]) expect(times > 1 ? after : before[i]).toBe(changed.slot);
          });
        },
      ),
    );
  });

  test('the spared logarithms change nothing: the pick is the best of all scores', () => {
    fc.assert(
      fc.property(members, fc.string(), (specs, key) => {
        const policy = rendezvousOf(specs);
        const request = pickRequest({ key, clientIp: 'x' });
        const best = endpoints(specs)
          .filter(({ weight }) => weight > 0)
          .map(({ slot }) => ({ slot, score: policy.explain!(slot, request).score as number }))
          .reduce((a, b) => (b.score > a.score ? b : a), { slot: -1, score: 0 });
        expect(policy.pick(request, null)).toBe(best.slot);
      }),
    );
  });

  test('pickMany is the order in which endpoints would take over', () => {
    fc.assert(
      fc.property(members, fc.string(), (specs, key) => {
        const policy = rendezvousOf(specs);
        const request = pickRequest({ key, clientIp: 'x' });
        const order = policy.pickMany!(request, specs.length);
        expect(order.length).toBe(specs.filter(({ weight }) => weight > 0).length);
        expect(policy.pickMany!(request, 2)).toEqual(order.slice(0, 2));
        const avoid = new Set<number>();
        for (const slot of order) {
          expect(policy.pick(request, avoid)).toBe(slot);
          avoid.add(slot);
        }
      }),
    );
  });

  test('two ids that share the low half of their hash (found by search) share the keys, too', () => {
    const policy = rendezvousOf([{ id: '10.0.92.224:8080' }, { id: '10.0.195.34:8080' }]);
    const first = keys.filter((key) => policy.pick(key, null) === 0).length;
    // Binomial: the deviation is sqrt(2000 / 4), 22; five of them.
    expect(Math.abs(first - 1000)).toBeLessThan(112);
  });

  test('many of 10,000 endpoints have the keys', () => {
    const policy = rendezvousOf(10_000);
    const owners = new Set<number>();
    for (let i = 0; i < 300; i++) owners.add(policy.pick(pickRequest({ key: `k${i}` }), null));
    // 300 of 10,000 meet 4.4 pairs in the mean; the deviation is 2.1, five of them.
    expect(owners.size).toBeGreaterThan(285);
  });
});

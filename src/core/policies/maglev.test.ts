import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describePolicyContract, endpoints, pickRequest, policyDeps } from '../testing/index.ts';
import { maglev } from './maglev.ts';

const options = { type: 'maglev' } as const;
describePolicyContract('maglev', maglev.create, { options, decidedBy: 'key' });

const keys = Array.from({ length: 2000 }, (_, i) => pickRequest({ key: `user-${i}` }));

function maglevOf(specs: Parameters<typeof endpoints>[0], tableSize = 65_537) {
  const policy = maglev.create({ ...options, tableSize }, policyDeps());
  policy.update(endpoints(specs));
  return policy;
}

describe('maglev', () => {
  test('the key comes before the address; without both, requests are spread', () => {
    const policy = maglevOf(5);
    const at = (key: string, clientIp: string) => policy.pick(pickRequest({ key, clientIp }), null);
    for (let i = 0; i < 20; i++) {
      expect(at(`user-${i}`, '10.0.0.1')).toBe(at(`user-${i}`, '10.0.0.2'));
      expect(at('', `user-${i}`)).toBe(at(`user-${i}`, ''));
    }
    expect(new Set(Array.from({ length: 100 }, () => at('', ''))).size).toBe(5);
  });

  test.each([2, 5, 20])('of %i endpoints, removing one moves its keys and few others', (size) => {
    fc.assert(
      fc.property(fc.nat({ max: size - 1 }), (gone) => {
        const policy = maglevOf(size);
        const before = keys.map((key) => policy.pick(key, null));
        policy.update(endpoints(size).filter(({ slot }) => slot !== gone));
        const strangers = keys.filter((key, i) => before[i] !== gone && policy.pick(key, null) !== before[i]).length;
        // The paper: a few more than the least possible. No endpoint of two loses keys to itself.
        expect(strangers / keys.length).toBeLessThan(size === 2 ? 1e-9 : 0.05);
      }),
      { numRuns: 5 },
    );
  });

  test('one eligible of many serves everyone, however far it lies', () => {
    const policy = maglevOf(500);
    for (let slot = 0; slot < 500; slot++) policy.setEligible(slot, slot === 333);
    for (const key of keys.slice(0, 50)) expect(policy.pick(key, null)).toBe(333);
    expect(policy.pick(keys[0]!, { has: () => true })).toBe(-1);
  });

  test('of any set that is down, only the keys of its endpoints move', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 9 }), { maxLength: 9 }), fc.nat({ max: 1900 }), (down, from) => {
        const policy = maglevOf([{ weight: 2 }, {}, {}, { weight: 0.5 }, {}, {}, {}, {}, {}, {}], 1009);
        const some = keys.slice(from, from + 30);
        const before = some.map((key) => policy.pick(key, null));
        for (const slot of down) policy.setEligible(slot, false);
        some.forEach((key, i) => {
          if (!down.includes(before[i]!)) expect(policy.pick(key, null)).toBe(before[i]!);
          expect(down).not.toContain(policy.pick(key, null));
        });
      }),
    );
  });

  test('a key whose endpoint may not serve goes where its next jump leads', () => {
    const policy = maglevOf(50);
    const at = (key: string, jump: number) => policy.pick(pickRequest({ key, jump }), null);
    for (let i = 0; i < 100; i++) {
      const [own, next] = [at(`k${i}`, 0), at(`k${i}`, 1)];
      if (own === next) continue;
      policy.setEligible(own, false);
      expect(at(`k${i}`, 0)).toBe(next);
      policy.setEligible(own, true);
    }
  });

  test('a jump leads to another place, the same for the same key', () => {
    const policy = maglevOf(50);
    const at = (key: string, jump: number) => policy.pick(pickRequest({ key, jump }), null);
    let same = 0;
    for (let i = 0; i < 1000; i++) {
      expect(at(`k${i}`, 3)).toBe(at(`k${i}`, 3));
      if (at(`k${i}`, 3) === at(`k${i}`, 0)) same++;
    }
    // Binomial with p = 1/50: 20 expected, the deviation is 4.4; five of them.
    expect(Math.abs(same - 20)).toBeLessThan(22);
  });

  test.each([4, 65_536, 0, -7, 2.5, 5_000_077])('refuses a table of %d entries', (tableSize) => {
    expect(() => maglev.create({ ...options, tableSize }, policyDeps())).toThrow(/prime/);
  });

  describe('pickMany', () => {
    test.each([
      { count: 0, down: [], want: 0 },
      { count: 3, down: [], want: 3 },
      { count: 9, down: [], want: 5 },
      { count: 9, down: [0, 1, 2], want: 2 },
      { count: 2, down: [0, 1, 2, 3, 4], want: 0 },
    ])('$count of five, $down down: $want', ({ count, down, want }) => {
      const policy = maglevOf(5);
      for (const slot of down) policy.setEligible(slot, false);
      const slots = policy.pickMany!(keys[0]!, count);
      expect(new Set(slots).size).toBe(want);
      for (const slot of slots) expect(down).not.toContain(slot);
    });

    test('is the order in which endpoints would take over', () => {
      const policy = maglevOf(6);
      for (const key of keys.slice(0, 50)) {
        const avoid = new Set<number>();
        for (const slot of policy.pickMany!(key, 6)) {
          expect(policy.pick(key, avoid)).toBe(slot);
          avoid.add(slot);
        }
      }
    });
  });
});

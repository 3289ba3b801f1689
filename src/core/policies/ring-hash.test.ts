import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mix32 } from '../hash/request-hash.ts';
import { xxhash32 } from '../hash/xxhash32.ts';
import { describePolicyContract, endpoints, pickRequest, policyDeps } from '../testing/index.ts';
import { ringHash } from './ring-hash.ts';

const options = { type: 'ring-hash' } as const;
describePolicyContract('ring-hash', ringHash.create, { options, decidedBy: 'key' });
for (const hash of ['murmur3', 'ketama'] as const) {
  describePolicyContract(`ring-hash of ${hash}`, ringHash.create, { options: { ...options, hash }, decidedBy: 'key' });
}

const COLLIDING = { slot: 3, id: '10.0.105.118:8080' };
const COLLIDED = { slot: 1, id: '10.1.53.31:8080' };

const keys = Array.from({ length: 2000 }, (_, i) => pickRequest({ key: `user-${i}` }));

function ring(specs: Parameters<typeof endpoints>[0], virtualNodes = 150) {
  const policy = ringHash.create({ ...options, virtualNodes }, policyDeps());
  policy.update(endpoints(specs));
  return policy;
}

describe('ring-hash', () => {
  test.each(['a', 'k', 'user-1', 'zebra', 'ключ'])(
    '%j belongs to the owner of the next point, found by hand',
    (key) => {
      const ids = ['e0', 'e1', 'e2'];
      const points = ids.flatMap((id, slot) => [0, 1].map((node) => ({ hash: xxhash32(id, mix32(0, node)), slot })));
      points.sort((a, b) => a.hash - b.hash);
      const want = points.find(({ hash }) => hash >= xxhash32(key)) ?? points[0]!;
      expect(ring(3, 2).pick(pickRequest({ key }), null)).toBe(want.slot);
    },
  );

  // What `python3 src/core/load/ketama.reference.py` prints for these servers and keys.
  test("with ketama, keys are where memcached's clients have them", () => {
    const policy = ringHash.create({ ...options, hash: 'ketama' }, policyDeps());
    policy.update(endpoints([1, 2, 3, 4].map((host) => ({ id: `10.0.1.${host}:11211` }))));
    const owners = Array.from({ length: 24 }, (_, i) => policy.pick(pickRequest({ key: `key-${i}` }), null));
    expect(owners).toEqual([2, 2, 2, 2, 2, 3, 2, 3, 3, 1, 0, 2, 0, 0, 1, 2, 2, 0, 3, 3, 0, 3, 1, 3]);
  });

  test('a key that hashes to a point belongs to its owner', () => {
    const policy = ring(3, 1);
    expect(['e0', 'e1', 'e2'].map((key) => policy.pick(pickRequest({ key }), null))).toEqual([0, 1, 2]);
  });

  test('the key comes before the address; without both, requests are spread', () => {
    const policy = ring(5);
    const at = (key: string, clientIp: string) => policy.pick(pickRequest({ key, clientIp }), null);
    for (let i = 0; i < 20; i++) {
      expect(at(`user-${i}`, '10.0.0.1')).toBe(at(`user-${i}`, '10.0.0.2'));
      expect(at('', `user-${i}`)).toBe(at(`user-${i}`, ''));
    }
    expect(new Set(Array.from({ length: 100 }, () => at('', ''))).size).toBe(5);
  });

  // 20,000 keys: 2000 each, σ = 42 from the keys and 16 from 15,000 points each; five of both together.
  test.each(['xxhash32', 'murmur3', 'ketama'] as const)(
    'with %s, neighbouring addresses of a weight of 100 each have equal shares',
    (hash) => {
      const policy = ringHash.create({ ...options, hash }, policyDeps());
      policy.update(endpoints(Array.from({ length: 10 }, (_, i) => ({ id: `10.0.0.${i + 1}:80`, weight: 100 }))));
      const shares = new Array<number>(10).fill(0);
      for (let i = 0; i < 20_000; i++) shares[policy.pick(pickRequest({ key: `user-${i}` }), null)]!++;
      for (const share of shares) expect(Math.abs(share - 2000)).toBeLessThan(225);
    },
  );

  test('shares follow the weights', () => {
    const policy = ring([{ weight: 1 }, { weight: 3 }]);
    const heavy = keys.filter((key) => policy.pick(key, null) === 1).length;
    // 150 and 450 points: a share of 3/4 with a deviation of sqrt(3/16/600), 1.8 %; six of them.
    expect(Math.abs(heavy / keys.length - 3 / 4)).toBeLessThan(0.11);
  });

  test.each([2, 5, 20])('of %i endpoints, removing one moves its keys only: about 1/n', (size) => {
    fc.assert(
      fc.property(fc.nat({ max: size - 1 }), (gone) => {
        const policy = ring(size);
        const before = keys.map((key) => policy.pick(key, null));
        policy.update(endpoints(size).filter(({ slot }) => slot !== gone));
        const after = keys.map((key) => policy.pick(key, null));
        const moved = after.filter((slot, i) => slot !== before[i]).length;
        after.forEach((slot, i) => {
          if (before[i] !== gone) expect(slot).toBe(before[i]!);
        });
        // Shares deviate by 1/sqrt(150), 8 %, and 2000 keys by sqrt(20/2000), 10 %: together 13 %, four of them.
        expect(Math.abs((moved / keys.length) * size - 1)).toBeLessThan(0.52);
      }),
      { numRuns: 10 },
    );
  });

  test('a ring that was changed is the ring that is built anew', () => {
    const member = fc.record({
      slot: fc.nat({ max: 12 }),
      id: fc.constantFrom('a', 'b', 'c'),
      weight: fc.nat({ max: 3 }),
    });
    const members = fc.uniqueArray(member, { selector: ({ slot }) => slot, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(members, { minLength: 1, maxLength: 6 }), (updates) => {
        // Ids are unique in a pool, slots change hands.
        const named = updates.map((list) => list.map((each, i) => ({ ...each, id: `${each.id}${i}` })));
        const policy = ring(0, 5);
        for (const list of named) policy.update(endpoints(list));
        const fresh = ring(named.at(-1)!, 5);
        for (const key of keys.slice(0, 50)) expect(policy.pickMany!(key, 8)).toEqual(fresh.pickMany!(key, 8));
      }),
    );
  });

  // Of two endpoints with one point each, which is the same (found by search): the one whose id comes first has it.
  test.each([
    { why: 'together', updates: [[COLLIDING, COLLIDED]] },
    { why: 'the other way round', updates: [[COLLIDED, COLLIDING]] },
    { why: 'one after the other', updates: [[COLLIDED], [COLLIDED, COLLIDING]] },
    { why: 'the first one first', updates: [[COLLIDING], [COLLIDED, COLLIDING]] },
  ])('equal points belong to the id that comes first: $why', ({ updates }) => {
    expect(xxhash32(COLLIDING.id)).toBe(xxhash32(COLLIDED.id));
    const policy = ring(0, 1);
    for (const update of updates) policy.update(endpoints(update));
    expect(new Set(keys.slice(0, 20).map((key) => policy.pick(key, null)))).toEqual(new Set([COLLIDING.slot]));
  });

  test('an endpoint that changes its slot keeps its keys', () => {
    const policy = ring([
      { slot: 0, id: 'a' },
      { slot: 1, id: 'b' },
    ]);
    const before = keys.map((key) => policy.pick(key, null));
    policy.update(
      endpoints([
        { slot: 8, id: 'a' },
        { slot: 1, id: 'b' },
      ]),
    );
    expect(keys.map((key) => policy.pick(key, null))).toEqual(before.map((slot) => (slot === 0 ? 8 : 1)));
  });

  test('a flip of health rebuilds nothing', () => {
    let sorts = 0;
    const sort = Float64Array.prototype.sort;
    Float64Array.prototype.sort = function (compare) {
      sorts++;
      return sort.call(this, compare);
    };
    try {
      const policy = ring(50);
      for (let slot = 0; slot < 50; slot++) policy.setEligible(slot, slot % 2 === 0);
      for (const key of keys) policy.pick(key, null);
      policy.update(endpoints(50));
      expect(sorts).toBe(1);
    } finally {
      Float64Array.prototype.sort = sort;
    }
  });

  test('a walk past thousands of points ends, whether someone may serve or nobody', () => {
    const policy = ring(100);
    const only = (slot: number) => ({ has: (each: number) => each !== slot });
    expect(keys.slice(0, 20).map((key) => policy.pick(key, only(42)))).toEqual(new Array(20).fill(42));
    expect(policy.pick(keys[0]!, { has: () => true })).toBe(-1);
  });

  describe('pickMany', () => {
    test.each([
      { count: 0, down: [], want: 0 },
      { count: 3, down: [], want: 3 },
      { count: 9, down: [], want: 5 },
      { count: 9, down: [0, 1, 2], want: 2 },
      { count: 2, down: [0, 1, 2, 3, 4], want: 0 },
    ])('$count of five, $down down: $want', ({ count, down, want }) => {
      const policy = ring(5);
      for (const slot of down) policy.setEligible(slot, false);
      const slots = policy.pickMany!(keys[0]!, count);
      expect(new Set(slots).size).toBe(want);
      for (const slot of slots) expect(down).not.toContain(slot);
    });

    test('is the order in which endpoints would take over', () => {
      fc.assert(
        fc.property(fc.string(), (key) => {
          const policy = ring(6);
          const request = pickRequest({ key, clientIp: 'x' });
          const order = policy.pickMany!(request, 6);
          const avoid = new Set<number>();
          for (const slot of order) {
            expect(policy.pick(request, avoid)).toBe(slot);
            avoid.add(slot);
          }
        }),
      );
    });
  });
});

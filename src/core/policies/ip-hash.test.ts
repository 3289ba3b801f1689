import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describePolicyContract, endpoints, pickRequest, policyDeps } from '../testing/index.ts';
import { ipHash } from './ip-hash.ts';

const options = { type: 'ip-hash' } as const;
describePolicyContract('ip-hash', ipHash.create, { options, decidedBy: 'key' });

function weighted(weights: readonly number[]) {
  const policy = ipHash.create(options, policyDeps());
  policy.update(endpoints(weights.map((weight) => ({ weight }))));
  return policy;
}

describe('ip-hash', () => {
  // xxhash32('a') / 2^32 is 0.332, of 'abc' 0.198, of 'Nobody…' 0.883 (the published vectors).
  test.each([
    { why: 'a point in the first half', clientIp: 'a', weights: [1, 1], want: 0 },
    {
      why: 'a point in the second half',
      clientIp: 'Nobody inspects the spammish repetition',
      weights: [1, 1],
      want: 1,
    },
    { why: 'weights move the border', clientIp: 'a', weights: [1, 3], want: 1 },
    { why: 'and leave what lies before it', clientIp: 'abc', weights: [1, 3], want: 0 },
  ])('$why', ({ clientIp, weights, want }) => {
    expect(weighted(weights).pick(pickRequest({ clientIp }), null)).toBe(want);
  });

  test('the key decides nothing', () => {
    const policy = weighted([1, 1, 1, 1]);
    const slots = ['', 'x', 'y', 'z'].map((key) => policy.pick(pickRequest({ clientIp: '10.0.0.1', key }), null));
    expect(new Set(slots).size).toBe(1);
  });

  test('clients without an address are spread', () => {
    const policy = weighted([1, 1, 1]);
    const slots = Array.from({ length: 60 }, () => policy.pick(pickRequest({ key: 'same' }), null));
    expect(new Set(slots)).toEqual(new Set([0, 1, 2]));
  });

  test('shares are the weights', () => {
    const policy = weighted([1, 2, 5]);
    const counts = [0, 0, 0];
    const clients = 16_000;
    for (let i = 0; i < clients; i++)
      counts[policy.pick(pickRequest({ clientIp: `192.168.${i >> 8}.${i & 255}` }), null)]!++;
    // As independent draws: five deviations of at most sqrt(mean).
    [1, 2, 5].forEach((weight, slot) => {
      const mean = (clients * weight) / 8;
      expect(Math.abs(counts[slot]! - mean)).toBeLessThan(5 * Math.sqrt(mean));
    });
  });

  test('one eligible of many serves everyone, however far it lies', () => {
    const policy = weighted(new Array(500).fill(1));
    for (let slot = 0; slot < 500; slot++) policy.setEligible(slot, slot === 333);
    for (let i = 0; i < 50; i++) expect(policy.pick(pickRequest({ clientIp: `10.0.0.${i}` }), null)).toBe(333);
  });

  test('of any set that is down, only the clients of its endpoints move', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 9 }), { maxLength: 9 }),
        fc.array(fc.ipV6(), { maxLength: 30 }),
        (down, ips) => {
          const policy = weighted([1, 2, 1, 1, 3, 1, 1, 1, 1, 0.5]);
          const requests = ips.map((clientIp) => pickRequest({ clientIp }));
          const before = requests.map((each) => policy.pick(each, null));
          for (const slot of down) policy.setEligible(slot, false);
          requests.forEach((each, i) => {
            if (!down.includes(before[i]!)) expect(policy.pick(each, null)).toBe(before[i]!);
            expect(down).not.toContain(policy.pick(each, null));
          });
        },
      ),
    );
  });
});

import { describe, expect, test } from 'vitest';
import { xxhash32 } from '../hash/xxhash32.ts';
import { endpoints } from '../testing/index.ts';
import { HashRing } from './hash-ring.ts';

// Where keys go is tested through ring-hash.
describe('HashRing', () => {
  test.each([
    { why: 'none', specs: [], want: 0 },
    { why: 'points for each unit of weight', specs: [{ weight: 1 }, { weight: 2.5 }], want: 35 },
    { why: 'at least one, however light', specs: [{ weight: 0.001 }], want: 1 },
    { why: 'weight 0 has none', specs: [{ weight: 0 }, { weight: 1 }], want: 10 },
    { why: 'thinned out by halves', specs: [{ weight: 1_000_000 }, { weight: 8 }], want: 5_000_040 },
    { why: 'also where one virtual node is too many', specs: [{ weight: 1e9 }, { weight: 1 }], want: 4_882_814 },
  ])(
    '$why',
    ({ specs, want }) => {
      const ring = new HashRing(xxhash32);
      ring.reset(endpoints(specs), 10);
      expect(ring.length).toBe(want);
    },
    30_000,
  );

  test('who leaves takes the points along, who gains weight gets more', () => {
    const ring = new HashRing(xxhash32);
    const lengths = [3, 2, [{ slot: 0, weight: 3 }, { slot: 1 }], 0].map((specs) => {
      ring.reset(endpoints(specs), 10);
      return ring.length;
    });
    expect(lengths).toEqual([30, 20, 40, 0]);
  });

  test.each([1, 2, 3, 64, 1000])('of %i points, finds the first at or after a hash, going round', (count) => {
    const pointOf = (_id: string, node: number) => xxhash32(String(node));
    const points = Array.from({ length: count }, (_, node) => pointOf('', node)).sort((a, b) => a - b);
    const ring = new HashRing(pointOf);
    ring.reset(endpoints([{ weight: 1 }]), count);
    const hashes = points.flatMap((point) => [Math.max(0, point - 1), point, Math.min(2 ** 32 - 1, point + 1)]);
    for (const hash of [0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, ...hashes]) {
      const first = points.findIndex((point) => point >= hash);
      expect(ring.indexOf(hash)).toBe(Math.max(first, 0));
    }
  });
});

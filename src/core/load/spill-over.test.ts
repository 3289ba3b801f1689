import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OVERPROVISIONING, spillOver } from './spill-over.ts';

describe('spillOver', () => {
  test.each([
    { why: 'no groups', available: [], want: [] },
    { why: 'all well: the first has all', available: [100, 100], want: [1, 0] },
    { why: 'enough of the first', available: [72, 100], want: [1, 0] },
    { why: 'the rest of the first spills over', available: [50, 100], want: [0.7, 0.3] },
    { why: 'the first has none', available: [0, 100], want: [0, 1] },
    { why: 'three groups', available: [25, 25, 100], want: [0.35, 0.35, 0.3] },
    { why: 'less than needed in all: in proportion', available: [5, 65], want: [0.07 / 0.98, 0.91 / 0.98] },
    { why: 'nothing anywhere', available: [0, 0], want: [0, 0] },
  ])('$why', ({ available, want }) => {
    const shares = spillOver(available.map((each) => ({ members: 100, available: each })));
    expect(shares).toHaveLength(want.length);
    for (const [k, share] of shares.entries()) expect(share).toBeCloseTo(want[k]!, 12);
  });

  test('a group without members carries nothing', () => {
    const full = { members: 3, available: 3 };
    expect(spillOver([{ members: 0, available: 0 }, full])).toEqual([0, 1]);
    expect(spillOver([{ members: 4, available: 2 }, full], 1)).toEqual([0.5, 0.5]);
  });

  test('shares sum to 1 and no group gets more than it is able to while others could', () => {
    const group = fc
      .nat(20)
      .chain((members) => fc.record({ members: fc.constant(members), available: fc.nat(members) }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 6 }), (groups) => {
        const shares = spillOver(groups);
        const abilities = groups.map((g) => (g.available === 0 ? 0 : (OVERPROVISIONING * g.available) / g.members));
        const able = abilities.reduce((sum, each) => sum + Math.min(1, each), 0);
        expect(shares.reduce((sum, each) => sum + each, 0)).toBeCloseTo(able === 0 ? 0 : 1, 9);
        for (const [k, share] of shares.entries()) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(Math.min(1, abilities[k]!) / Math.min(1, able || 1) + 1e-9);
        }
      }),
      { seed: 1, numRuns: 5000, interruptAfterTimeLimit: 2000 },
    );
  });
});

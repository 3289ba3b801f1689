import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fairness, type FairnessSample, jainIndex, sharersOf, WINDOWS } from './fairness.ts';

const endpoint = (id: string, requests: number, weight = 1, eligible = true): FairnessSample => ({
  ...{ id, requests, weight, eligible },
});

function over(...samples: FairnessSample[][]): Fairness {
  const fairness = new Fairness();
  for (const each of samples) fairness.sample(new Map([['main', each]]));
  return fairness;
}

describe('jainIndex', () => {
  test.each([
    { values: [], want: undefined },
    { values: [0, 0], want: undefined },
    { values: [5], want: 1 },
    { values: [3, 3, 3], want: 1 },
    { values: [1, 0, 0, 0], want: 1 / 4 },
    { values: [1, 2], want: 9 / 10 },
  ])('$values: $want', ({ values, want }) => expect(jainIndex(values)).toBe(want));

  test('lies between 1/n and 1, whatever the scale', () => {
    const some = fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(some, (values) => {
        const index = jainIndex(values);
        if (index === undefined) return values.every((each) => each === 0);
        const scaled = jainIndex(values.map((each) => each * 7))!;
        return index >= 1 / values.length - 1e-9 && index <= 1 + 1e-9 && Math.abs(scaled - index) < 1e-9;
      }),
      { seed: 1 },
    );
  });
});

describe('a pool is fair by its weights', () => {
  test('shares and the index are of what came in the window', () => {
    const fairness = over([endpoint('a', 100), endpoint('b', 900, 3)], [endpoint('a', 200), endpoint('b', 1200, 3)]);
    expect(fairness.of('main', '1m')).toEqual({
      jain: 1,
      shares: [
        { id: 'a', share: 0.25, wanted: 0.25 },
        { id: 'b', share: 0.75, wanted: 0.75 },
      ],
    });
  });

  test('who could not serve all the time is not counted in the index', () => {
    const fairness = over(
      [endpoint('a', 0), endpoint('b', 0), endpoint('late', 0, 1, false)],
      [endpoint('a', 50), endpoint('b', 50), endpoint('late', 1)],
    );
    const { jain, shares } = fairness.of('main', '1m')!;
    expect(jain).toBe(1);
    expect(shares[2]).toEqual({ id: 'late', share: 1 / 101, wanted: 1 / 3 });
  });

  test.each([
    {
      why: 'a weight was changed',
      samples: [
        [endpoint('a', 0), endpoint('b', 0)],
        [endpoint('a', 50), endpoint('b', 50)],
        [endpoint('a', 50), endpoint('b', 50, 3)],
        [endpoint('a', 100), endpoint('b', 200, 3)],
      ],
    },
    {
      why: 'one grows in a slow start',
      samples: [0, 1, 2, 3, 4].map((at) => [
        endpoint('a', at * 100),
        endpoint('b', at * (at + 1) * 10, 0.1 + at * 0.2),
      ]),
    },
  ])('is fair by the weight of the time: $why', ({ samples }) => {
    expect(over(...samples).of('main', '1m')!.jain).toBeGreaterThan(0.999);
  });

  test('an endpoint that comes back under its id does not bring what it got before', () => {
    const fairness = over(
      [endpoint('a', 0), endpoint('b', 9000)],
      [endpoint('a', 50)],
      [endpoint('a', 100), endpoint('b', 9000)],
      [endpoint('a', 150), endpoint('b', 9050)],
    );
    const { jain, shares } = fairness.of('main', '1m')!;
    expect([jain, ...shares.map(({ share }) => share)]).toEqual([1, 0.75, 0.25]);
  });

  test.each([
    { why: 'primaries serve', primary: true, want: ['a'] },
    { why: 'no primary can', primary: false, want: ['b', 'c'] },
  ])('of backups: $why', ({ primary, want }) => {
    const all = [
      { id: 'a', eligible: primary, backup: false },
      { id: 'b', eligible: true, backup: true },
      { id: 'c', eligible: true, backup: true },
      { id: 'd', eligible: false, backup: true },
    ];
    expect([...sharersOf(all)]).toEqual(want);
  });

  test('a window forgets what is older', () => {
    const samples = Array.from({ length: 70 }, (_, i) => [endpoint('a', i < 40 ? 10 * i : 400), endpoint('b', 10 * i)]);
    const fairness = over(...samples);
    expect(fairness.of('main', '1m')!.shares.map((each) => each.share)).toEqual([0, 1]);
    // Of the last 60 steps a had 31 and b all.
    expect(WINDOWS['5m']).toBe(60);
    expect(fairness.of('main', '5m')!.shares[0]!.share).toBeCloseTo(31 / 91, 9);
  });

  test('nothing is said of one sample, of no requests, of a pool that is gone', () => {
    expect(over([endpoint('a', 5)]).of('main', '1m')).toBeUndefined();
    expect(over([endpoint('a', 5)], [endpoint('a', 5)]).of('main', '1m')!.jain).toBeUndefined();
    const gone = over([endpoint('a', 5)], [endpoint('a', 6)]);
    gone.sample(new Map());
    expect(gone.of('main', '1m')).toBeUndefined();
  });
});

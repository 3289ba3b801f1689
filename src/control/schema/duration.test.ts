import { describe, expect, test } from 'vitest';
import { Duration, PositiveDuration } from './duration.ts';

describe('Duration', () => {
  test.each([
    { given: '250ms', want: 250 },
    { given: '2s', want: 2000 },
    { given: '1.5s', want: 1500 },
    { given: '1m', want: 60_000 },
    { given: '1h', want: 3_600_000 },
    { given: '0s', want: 0 },
    { given: 40, want: 40 },
    { given: '40', want: 40 },
  ])('$given is $want ms', ({ given, want }) => {
    expect(Duration.parse(given)).toBe(want);
  });

  test.each(['', '2 s', '-1s', 's', '2S', '1e3ms', '1d', -1, Number.NaN, Number.POSITIVE_INFINITY, null, {}])(
    '%j is refused',
    (given) => {
      expect(Duration.safeParse(given).success).toBe(false);
    },
  );

  test.each([
    { given: 'soon', found: 'text "soon"' },
    { given: 'x'.repeat(50), found: `text "${'x'.repeat(40)}…"` },
    { given: -5, found: '-5' },
    { given: true, found: 'true' },
    { given: null, found: 'nothing' },
    { given: ['2s'], found: 'a list or mapping' },
  ])('a refusal of $given says what was found and what to write', ({ given, found }) => {
    const want = `expected a duration, found ${found}; write 250ms, 2s, 1m, 1h or a number of milliseconds`;
    expect(Duration.safeParse(given).error?.issues.map((each) => each.message)).toEqual([want]);
    expect(PositiveDuration.safeParse(given).error?.issues.map((each) => each.message)).toEqual([want]);
  });

  test('a positive one is at least a millisecond', () => {
    expect(PositiveDuration.safeParse('0s').success).toBe(false);
    expect(PositiveDuration.parse('1ms')).toBe(1);
  });
});

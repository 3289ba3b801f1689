import { describe, expect, test } from 'vitest';
import { pickRequest, scriptedRng, seededRng } from '../testing/index.ts';
import { mix32, requestHash } from './request-hash.ts';
import { xxhash32 } from './xxhash32.ts';

describe('requestHash', () => {
  test.each([
    { why: 'the key', given: { key: 'k', clientIp: '10.0.0.1' }, draws: [], want: xxhash32('k') },
    { why: 'the address without a key', given: { clientIp: '10.0.0.1' }, draws: [], want: xxhash32('10.0.0.1') },
    { why: 'a draw without both', given: {}, draws: [7], want: 7 },
    { why: 'another place', given: { key: 'k', jump: 3 }, draws: [], want: mix32(xxhash32('k'), 3) },
    { why: 'another place of a draw', given: { jump: 1 }, draws: [7], want: mix32(7, 1) },
  ])('$why', ({ given, draws, want }) => {
    expect(requestHash(pickRequest(given), scriptedRng(draws))).toBe(want);
  });

  test('the places of a key are independent: two of them in the same tenth as often as chance has it', () => {
    const rng = seededRng(1);
    const tenth = (key: string, jump: number) =>
      Math.floor((requestHash(pickRequest({ key, jump }), rng) / 2 ** 32) * 10);
    const keys = 20_000;
    for (const [first, second] of [
      [0, 1],
      [0, 2],
      [1, 2],
      [3, 17],
    ] as const) {
      let same = 0;
      for (let i = 0; i < keys; i++) if (tenth(`k${i}`, first) === tenth(`k${i}`, second)) same++;
      // Binomial: the deviation is sqrt(20000 × 0.1 × 0.9), 42; five of them.
      expect(Math.abs(same - keys / 10)).toBeLessThan(5 * Math.sqrt(keys * 0.09));
    }
  });
});

import { describe, expect, test } from 'vitest';
import type { Policy } from '../kernel/policy.ts';
import { InFlightCounts } from '../load/in-flight.ts';
import {
  describeLatencyPolicy,
  describePolicyContract,
  endpoints,
  fakeClock,
  pickRequest,
  policyDeps,
  seededRng,
} from '../testing/index.ts';
import { weightedResponseTime } from './weighted-response-time.ts';

const options = { type: 'weighted-response-time' } as const;
// Where the others answer in 10 ms, a newcomer's second keeps it from its first pick for long.
const learned = (policy: Policy, slot: number) => policy.explain!(slot, pickRequest())['meanMs'];
describePolicyContract('weighted-response-time', weightedResponseTime.create, { options, latencyMs: 1000, learned });
describeLatencyPolicy('weighted-response-time', weightedResponseTime.create, { options });

const request = pickRequest();

interface Case {
  readonly why: string;
  /** The latencies of each slot, in milliseconds; negative: a failure. */
  readonly latencies: readonly (readonly number[])[];
  readonly weights?: readonly number[];
  /** Since then, in milliseconds; slot 0 has just answered as before. */
  readonly laterMs?: number;
  readonly avoided?: readonly number[];
  /** In proportion. */
  readonly want: readonly number[];
}

const PICKS = 40_000;

/** How often each slot is picked. */
function counted({ latencies, weights = [], laterMs, avoided }: Case): number[] {
  const clock = fakeClock(5);
  const policy = weightedResponseTime.create(options, policyDeps({ clock, rng: seededRng(4) }));
  policy.update(endpoints(latencies.map((_, slot) => ({ weight: weights[slot] ?? 1 }))));
  const record = (slot: number, ms: number) => policy.done(slot, { ok: ms >= 0, latencyMs: Math.abs(ms) });
  for (const [slot, list] of latencies.entries()) for (const ms of list) record(slot, ms);
  if (laterMs !== undefined) {
    clock.advance(laterMs);
    for (const ms of latencies[0]!) record(0, ms);
  }
  const counts = new Array<number>(latencies.length).fill(0);
  for (let i = 0; i < PICKS; i++) counts[policy.pick(request, avoided === undefined ? null : new Set(avoided))]!++;
  return counts;
}

const fast = [10];
/** More than are compared one by one, with what differs in front. */
const many = (...first: number[][]) => [...first, ...Array.from({ length: 70 - first.length }, () => fast)];

describe('weighted-response-time', () => {
  test.each<Case>([
    { why: 'sum of means − own: 50, 40, 30 of 60', latencies: [[10], [20], [30]], want: [50, 40, 30] },
    { why: 'of two, each has the mean of the other', latencies: [[10], [30]], want: [3, 1] },
    { why: 'no data is a second', latencies: [[500], []], want: [1000, 500] },
    { why: 'configured weights multiply', latencies: [[10], [30]], weights: [1, 6], want: [3, 6] },
    { why: 'all zero: uniform', latencies: [[0], [0], [0]], want: [1, 1, 1] },
    { why: 'all zero: by configured weight', latencies: [[0], [0]], weights: [3, 1], want: [3, 1] },
    { why: 'a failure is slow', latencies: [[-1], [20], [30]], want: [50, 5030, 5020] },
    { why: 'the last 100 count', latencies: [[900, ...Array(100).fill(10)], [20]], want: [20, 10] },
    { why: 'all of them', latencies: [[1010, ...Array(99).fill(10)], [20]], want: [20, 20] },
    { why: 'at 60 s a mean has its age', latencies: [[20], [10]], laterMs: 60_000, want: [10, 20] },
    { why: 'from then on it is × (1 + age/60 s)', latencies: [[20], [10]], laterMs: 90_000, want: [25, 20] },
    { why: 'the avoided take no part, weights stay', latencies: [[10], [20], [30]], avoided: [0], want: [0, 40, 30] },
    { why: 'one alone, all avoided but it', latencies: [[10], [20]], avoided: [1], want: [1, 0] },
    { why: 'many: the slow one', latencies: many([10_000]), want: [690, ...Array(69).fill(10_680)] },
    { why: 'many, by weight', latencies: many(), weights: [31], want: [31, ...Array(69).fill(1)] },
    { why: 'many, some avoided', latencies: many(), avoided: [0, 1], want: [0, 0, ...Array(68).fill(1)] },
    { why: 'many, all zero', latencies: Array(70).fill([0]), want: Array(70).fill(1) },
    {
      why: 'many, aged: twice its 10 ms among 70 of 10 ms',
      latencies: [...Array(70).fill(fast)],
      laterMs: 60_001,
      // Slot 0 alone has answered since: 10 of 10 + 69 × 20.
      want: [1380, ...Array(69).fill(1370)],
    },
  ])('$why', (given) => {
    const total = given.want.reduce((sum, each) => sum + each, 0);
    counted(given).forEach((count, slot) => {
      const mean = (PICKS * given.want[slot]!) / total;
      // Five binomial deviations, of all slots of all rows: wrong once in 10^4 seeds.
      expect(Math.abs(count - mean)).toBeLessThanOrEqual(5 * Math.sqrt(mean));
    });
  });

  test.each([
    { n: 10, slower: 10, share: 0.0526 },
    { n: 3, slower: 10, share: 0.0833 },
    { n: 100, slower: 10, share: 0.0092 },
  ])('its weakness: of $n, one that is $slower × slower still gets $share', ({ n, slower, share }) => {
    const counts = counted({
      why: '',
      latencies: Array.from({ length: n }, (_, i) => [i === 0 ? slower : 1]),
      want: [],
    });
    // Mean 1 for the others: own weight n − 1, theirs n − 2 + k each, so 1/(n − 1 + k) of the whole.
    expect(1 / (n - 1 + slower)).toBeCloseTo(share, 4);
    expect(Math.abs(counts[0]! / PICKS - share)).toBeLessThan(5 * Math.sqrt(share / PICKS));
  });

  test('and the fastest never gets more than 1/(n − 1)', () => {
    const [first] = counted({ why: '', latencies: [[0], ...Array(9).fill([500])], want: [] });
    expect(Math.abs(first! / PICKS - 1 / 9)).toBeLessThan(5 * Math.sqrt(1 / 9 / PICKS));
  });

  test('many: the sum follows verdicts, outcomes and updates', () => {
    const inFlight = new InFlightCounts();
    const policy = weightedResponseTime.create(options, policyDeps({ inFlight }));
    policy.update(endpoints(70));
    for (let slot = 0; slot < 70; slot++) policy.done(slot, { ok: true, latencyMs: 1e6 });
    policy.setEligible(69, false);
    policy.update(endpoints(70));
    for (let slot = 0; slot < 69; slot++)
      for (let i = 0; i < 100; i++) policy.done(slot, { ok: true, latencyMs: slot === 0 ? 1e5 : 1 });
    // The sum is now 1e5 + 68: the first has 68 of it, the others nearly all. With a stale 1e6 it would have a 70th.
    const picks = Array.from({ length: 5000 }, () => policy.pick(request, null));
    expect(picks.filter((slot) => slot === 0).length).toBeLessThan(5);
    expect(policy.explain!(0, request)).toMatchObject({ meanMs: 1e5, sumOfMeansMs: 1e5 + 68, weight: 68 });
  });

  test('means are kept for those that stay and forgotten with their endpoint', () => {
    const policy = weightedResponseTime.create(options, policyDeps());
    policy.update(endpoints([{ id: 'slow' }, { id: 'fast' }]));
    policy.done(0, { ok: true, latencyMs: 500 });
    policy.update(endpoints([{ id: 'slow', weight: 2 }, { id: 'other' }]));
    expect(policy.explain!(0, request)).toMatchObject({ meanMs: 500, weight: 2000 });
    policy.update(endpoints([{ id: 'new' }, { id: 'other' }]));
    expect(policy.explain!(0, request)).toMatchObject({ meanMs: 1000 });
  });
});

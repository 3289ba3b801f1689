import { describe, expect, test } from 'vitest';
import {
  describeLatencyPolicy,
  describePolicyContract,
  endpoints,
  fakeClock,
  fixedInFlight,
  pickRequest,
  policyDeps,
} from '../testing/index.ts';
import { adaptive } from './adaptive.ts';

const options = { type: 'adaptive' } as const;
describePolicyContract('adaptive', adaptive.create, {
  options,
  learned: (policy, slot) => policy.explain!(slot, pickRequest())['measuredSlowness'],
});
describeLatencyPolicy('adaptive', adaptive.create, { options, uneven: { mean: 0.8, p99: 0.7 } });

const request = pickRequest();
const ok = (latencyMs: number) => ({ ok: true, latencyMs });

/** Six endpoints that answer in 10 ms. */
const TEN = [10, 10, 10, 10, 10, 10];

/** Slot i has answered 40 times in `latencies[i]` and has `inFlight[i]` under way. */
function taught(latencies: readonly number[], inFlight: readonly number[], weights: readonly number[] = []) {
  const clock = fakeClock();
  const policy = adaptive.create(options, policyDeps({ clock, inFlight: fixedInFlight(inFlight) }));
  policy.update(endpoints(latencies.map((_, slot) => ({ weight: weights[slot] ?? 1 }))));
  for (let i = 0; i < 40; i++) for (const [slot, each] of latencies.entries()) policy.done(slot, ok(each));
  return { policy, clock };
}

describe('adaptive', () => {
  test.each([
    { why: 'alike: the fewest in flight', latencies: [10, 10, 10], inFlight: [2, 1, 2], want: 1 },
    { why: 'within noise: the fewest in flight', latencies: [10, 13, 10], inFlight: [2, 1, 2], want: 1 },
    { why: 'alike: the fewest per weight', latencies: [10, 10], inFlight: [4, 2], weights: [3, 1], want: 0 },
    { why: 'a slow one is left alone', latencies: [...TEN, 100], inFlight: [5, 4, 5, 5, 5, 5, 0], want: 1 },
    {
      why: 'a slow one is used when the others are busy',
      latencies: [...TEN, 60],
      inFlight: [20, 19, 20, 20, 20, 20, 0],
      want: 6,
    },
    { why: 'a fast one gets more', latencies: [10, 10, 2], inFlight: [3, 3, 4], want: 2 },
    { why: 'tcp, no latency: the fewest in flight', latencies: [-1, -1, -1], inFlight: [2, 1, 2], want: 1 },
  ])('$why', ({ latencies, inFlight, weights, want }) => {
    expect(taught(latencies, inFlight, weights).policy.pick(request, null)).toBe(want);
  });

  test('a slow one that was left alone is tried again', () => {
    const { policy, clock } = taught([...TEN, 60], [1, 1, 1, 1, 1, 1, 0]);
    const picked = () => Array.from({ length: 14 }, () => policy.pick(request, null));
    expect(picked()).not.toContain(6);
    clock.advance(30_000);
    expect(picked()).toContain(6);
  });

  test('a newcomer starts as a usual endpoint', () => {
    const { policy } = taught([10, 10], [1, 1, 1]);
    policy.update(endpoints(3));
    const picked = Array.from({ length: 6 }, () => policy.pick(request, null));
    expect([0, 1, 2].map((slot) => picked.filter((each) => each === slot).length)).toEqual([2, 2, 2]);
  });

  test('explains its numbers and changes nothing by it', () => {
    const { policy } = taught([...TEN, 60], [4, 5, 5, 5, 5, 5, 1]);
    const { measuredSlowness, slowness, load } = policy.explain!(6, request) as Record<string, number>;
    expect(measuredSlowness! / slowness!).toBeCloseTo(1.6, 9);
    expect(load).toBeCloseTo(slowness! + slowness! ** 2 - 1, 9);
    expect(policy.explain!(0, request)).toMatchObject({ inFlight: 4, slowness: 1, load: 4 });
    expect(policy.explain!(6, request)['load']).toBe(load!);
  });
});

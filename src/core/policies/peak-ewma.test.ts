import { describe, expect, test } from 'vitest';
import type { Policy } from '../kernel/policy.ts';
import {
  describeLatencyPolicy,
  describePolicyContract,
  endpoints,
  fakeClock,
  fixedInFlight,
  pickRequest,
  policyDeps,
} from '../testing/index.ts';
import { peakEwma } from './peak-ewma.ts';

const options = { type: 'peak-ewma' } as const;
const learned = (policy: Policy, slot: number) => policy.explain!(slot, pickRequest())['latencyMs'];
describePolicyContract('peak-ewma', peakEwma.create, { options, learned });
describePolicyContract('peak-ewma of eight draws', peakEwma.create, { options: { ...options, choices: 8 } });
describeLatencyPolicy('peak-ewma', peakEwma.create, { options, uneven: { mean: 0.8, p99: 0.7 } });

const request = pickRequest();
const ok = (latencyMs: number) => ({ ok: true, latencyMs });

interface Case {
  readonly why: string;
  /** One latency of each slot at time 0; −1: none. */
  readonly latencies: readonly number[];
  readonly inFlight?: readonly number[];
  readonly weights?: readonly number[];
  readonly initialMs?: number;
  /** Milliseconds later, slot 0 answers in 10 ms. */
  readonly laterMs?: number;
  readonly want: number;
}

function picked({ latencies, inFlight = [], weights = [], initialMs, laterMs }: Case): number {
  const clock = fakeClock();
  const policy = peakEwma.create(
    initialMs === undefined ? options : { ...options, initialMs },
    policyDeps({ clock, inFlight: fixedInFlight(inFlight) }),
  );
  policy.update(endpoints(latencies.map((_, slot) => ({ weight: weights[slot] ?? 1 }))));
  for (const [slot, latencyMs] of latencies.entries()) policy.done(slot, ok(latencyMs));
  if (laterMs !== undefined) {
    clock.advance(laterMs);
    policy.done(0, ok(10));
  }
  return policy.pick(request, null);
}

describe('peak-ewma', () => {
  test.each<Case>([
    { why: 'the least latency', latencies: [30, 20, 40], want: 1 },
    { why: 'times what will be in flight', latencies: [30, 20, 49], inFlight: [1, 2, 0], want: 2 },
    { why: 'by weight', latencies: [30, 50, 40], weights: [1, 2, 1], want: 1 },
    { why: 'a newcomer takes as long as the others: no longer', latencies: [31, -1, 31], inFlight: [0, 1, 1], want: 0 },
    { why: 'and no less', latencies: [20, -1, 36], inFlight: [1, 0, 0], want: 1 },
    { why: 'or what was configured', latencies: [30, -1, 30], initialMs: 29, want: 1 },
    { why: 'picks count where latencies are 0', latencies: [0, 0, 0], inFlight: [2, 1, 3], want: 1 },
    { why: 'a slow one is left alone for seconds', latencies: [10, 100], laterMs: 20_000, want: 0 },
    { why: 'and tried again: e^-2.31 of 100 is 10', latencies: [10, 100], laterMs: 24_000, want: 1 },
    {
      why: 'what faded for long is a quarter of the usual',
      latencies: [10, 100],
      laterMs: 1e7,
      inFlight: [3, 2],
      want: 1,
    },
    { why: 'and no less', latencies: [10, 100], laterMs: 1e7, inFlight: [3, 4], want: 0 },
  ])('$why', (given) => {
    expect(picked(given)).toBe(given.want);
  });

  test('a failure is slow, however soon it comes', () => {
    const policy = peakEwma.create(options, policyDeps());
    policy.update(endpoints(2));
    policy.done(0, { ok: false, latencyMs: 0.1 });
    policy.done(1, ok(4000));
    expect(policy.pick(request, null)).toBe(1);
  });

  test('latencies are kept for those that stay and forgotten with their endpoint', () => {
    const policy = peakEwma.create({ ...options, initialMs: 20 }, policyDeps());
    policy.update(endpoints([{ id: 'slow' }, { id: 'fast' }]));
    policy.done(0, ok(500));
    policy.done(1, ok(5));
    policy.update(endpoints([{ id: 'fast', slot: 1 }, { id: 'slow', slot: 0, weight: 2 }])); // biome-ignore format: short
    expect(policy.pick(request, null)).toBe(1);
    policy.update(endpoints([{ id: 'new' }, { id: 'fast' }]));
    policy.done(1, ok(50));
    expect(policy.pick(request, null)).toBe(0);
  });

  test('says what it judges by', () => {
    const policy = peakEwma.create(options, policyDeps({ inFlight: fixedInFlight([3]) }));
    policy.update(endpoints([{ weight: 2 }, {}]));
    policy.done(0, ok(10));
    expect(policy.explain!(0, request)).toMatchObject({ latencyMs: 10, inFlight: 3, weight: 2, cost: 20 });
    expect(policy.explain!(1, request)).toMatchObject({
      latencyMs: 10,
      cost: 10,
      why: expect.stringMatching(/neutral/),
    });
  });
});

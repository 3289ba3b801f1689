import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy } from '../kernel/policy.ts';
import {
  describeLatencyPolicy,
  describePolicyContract,
  endpoints,
  fixedInFlight,
  pickRequest,
  policyDeps,
} from '../testing/index.ts';
import { leastResponseTime } from './least-response-time.ts';

const options = { type: 'least-response-time' } as const;
const learned = (policy: Policy, slot: number) => policy.explain!(slot, pickRequest())['meanMs'];
describePolicyContract('least-response-time', leastResponseTime.create, { options, learned });
describePolicyContract('least-response-time with a neutral start', leastResponseTime.create, {
  options: { ...options, initialMs: 5 },
});
describeLatencyPolicy('least-response-time', leastResponseTime.create, { options, uneven: { mean: 0.95, p99: 0.95 } });

const request = pickRequest();

/** The slot picked after each slot had its latencies. */
function picked(
  latencies: readonly (readonly number[])[],
  inFlight: readonly number[],
  initialMs = 0,
  weights = [1, 1, 1],
) {
  const policy = leastResponseTime.create({ ...options, initialMs }, policyDeps({ inFlight: fixedInFlight(inFlight) }));
  policy.update(endpoints(latencies.map((_, i) => ({ weight: weights[i]! }))));
  latencies.forEach((list, slot) => {
    for (const latencyMs of list) policy.done(slot, { ok: latencyMs < 1000, latencyMs });
  });
  return policy.pick(request, null);
}

describe('least-response-time', () => {
  test.each([
    { why: 'the least mean', latencies: [[30], [10, 20], [40]], inFlight: [], want: 1 },
    { why: 'no data counts as 0', latencies: [[1], [], [1]], inFlight: [], want: 1 },
    { why: 'or as initialMs', latencies: [[30], [], [21]], inFlight: [], initialMs: 25, want: 2 },
    { why: 'one in flight counts 100 ms', latencies: [[101], [2], [150]], inFlight: [0, 1, 0], want: 0 },
    { why: 'the same, just below', latencies: [[101], [0], [150]], inFlight: [0, 1, 0], want: 1 },
    { why: 'only the last 10 count', latencies: [[900, ...Array(10).fill(5)], [6], [7]], inFlight: [], want: 0 },
    { why: 'nine are not enough', latencies: [[900, ...Array(9).fill(5)], [6], [7]], inFlight: [], want: 1 },
    { why: 'a fast failure is slow', latencies: [[1000], [6], [7]], inFlight: [], want: 1 },
    { why: 'divided by the weight', latencies: [[30], [50], [40]], inFlight: [], weights: [1, 2, 1], want: 1 },
  ])('$why', ({ latencies, inFlight, initialMs, weights, want }) => {
    expect(picked(latencies, inFlight, initialMs, weights)).toBe(want);
  });

  test('latencies are kept for those that stay and forgotten with their endpoint', () => {
    const policy = leastResponseTime.create(options, policyDeps());
    policy.update(endpoints([{ id: 'slow' }, { id: 'fast' }]));
    policy.done(0, { ok: true, latencyMs: 500 });
    policy.done(1, { ok: true, latencyMs: 5 });
    policy.update(
      endpoints([
        { id: 'fast', slot: 1 },
        { id: 'slow', slot: 0, weight: 2 },
      ]),
    );
    expect([policy.pick(request, null), policy.pick(request, null)]).toEqual([1, 1]);
    policy.update(endpoints([{ id: 'new' }, { id: 'fast' }]));
    expect([policy.pick(request, null), policy.pick(request, null)]).toEqual([0, 0]);
  });

  test.each([4, 90])('%i members: nobody with a strictly worse figure is picked', (size) => {
    const latency = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: size, maxLength: size }),
        fc.array(fc.nat({ max: 3 }), { minLength: size, maxLength: size }),
        (latencies, inFlight) => {
          const policy = leastResponseTime.create(options, policyDeps({ inFlight: fixedInFlight(inFlight) }));
          policy.update(endpoints(size));
          // All were slow once, so that an outcome can make the fastest one.
          for (let slot = 0; slot < size; slot++) policy.done(slot, { ok: false, latencyMs: 9000 });
          for (let i = 0; i < size; i++) policy.pick(request, null);
          for (let i = 1; i < 10; i++)
            latencies.forEach((latencyMs, slot) => void policy.done(slot, { ok: true, latencyMs }));
          latencies.forEach((latencyMs, slot) => {
            policy.done(slot, { ok: true, latencyMs });
          });
          const figures = latencies.map((latencyMs, slot) => latencyMs + 100 * inFlight[slot]!);
          expect(figures[policy.pick(request, null)]).toBe(Math.min(...figures));
        },
      ),
    );
  });
});

import fc from 'fast-check';
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
  seededRng,
} from '../testing/index.ts';
import { type AntColonyOptions, antColony } from './ant-colony.ts';

const options = { type: 'ant-colony' } as const;
const learned = (policy: Policy, slot: number) => policy.explain!(slot, pickRequest())['pheromone'];
describePolicyContract('ant-colony', antColony.create, { options, learned });
describePolicyContract('ant-colony that only explores', antColony.create, { options: { ...options, exploration: 1 } });
describeLatencyPolicy('ant-colony', antColony.create, { options, uneven: { mean: 0.8, p99: 0.7 } });

const request = pickRequest();
const ok = (latencyMs: number) => ({ ok: true, latencyMs });
const failed = { ok: false, latencyMs: 0.1 };

interface Case {
  readonly why: string;
  /** The latencies of each slot, one a second, the slots in turn; negative: a failure. */
  readonly latencies: readonly (readonly number[])[];
  readonly inFlight?: readonly number[];
  readonly weights?: readonly number[];
  readonly given?: Partial<AntColonyOptions>;
}

function policyAfter({ latencies, inFlight = [], weights = [], given = {} }: Case, seed = 1) {
  const clock = fakeClock(1e6);
  const deps = policyDeps({ clock, rng: seededRng(seed), inFlight: fixedInFlight(inFlight) });
  const policy = antColony.create({ ...options, exploration: 0, ...given }, deps);
  policy.update(endpoints(latencies.map((_, slot) => ({ weight: weights[slot] ?? 1 }))));
  const longest = Math.max(...latencies.map((list) => list.length));
  for (let i = 0; i < longest; i++, clock.advance(1000)) {
    for (const [slot, list] of latencies.entries()) {
      const ms = list[i];
      if (ms !== undefined) policy.done(slot, ms < 0 ? { ok: false, latencyMs: -ms } : ok(ms));
    }
  }
  return { policy, clock };
}

describe('ant-colony', () => {
  test.each<Case & { want: number }>([
    { why: 'the soonest', latencies: [[30], [20], [40]], want: 1 },
    { why: 'a squared half outweighs three in flight', latencies: [[20], [10]], inFlight: [0, 2], want: 1 },
    { why: 'but not five', latencies: [[20], [10]], inFlight: [0, 4], want: 0 },
    { why: 'with α = 1 it outweighs nothing', latencies: [[20], [10]], inFlight: [0, 2], given: { alpha: 1 }, want: 0 },
    { why: 'with β = 0 nothing outweighs it', latencies: [[20], [19]], inFlight: [0, 50], given: { beta: 0 }, want: 1 },
    { why: 'by weight', latencies: [[10], [10]], weights: [1, 2], want: 1 },
    { why: 'a failure takes half', latencies: [[20], [12, -1]], want: 0 },
    { why: 'and no more', latencies: [[20], [8, -1]], want: 1 },
    { why: 'one that says nothing changes nothing', latencies: [[20], [12]], want: 1 },
    { why: 'a newcomer smells as the usual', latencies: [[20], [], [22]], inFlight: [1, 0, 0], want: 1 },
    { why: 'and no stronger', latencies: [[20], [], [22]], want: 0 },
  ])('$why', (given) => {
    expect(policyAfter(given).policy.pick(request, null)).toBe(given.want);
  });

  test('pheromone is the share that did not evaporate, and 1/latency for the rest', () => {
    const { policy } = policyAfter({ why: '', latencies: [[10, 20]], given: { evaporationMs: 500 } });
    const left = Math.exp(-1000 / 500);
    expect(policy.explain!(0, request)['pheromone']).toBeCloseTo(left / 10 + (1 - left) / 20, 12);
  });

  test('however many walk a trail at once, it smells no stronger', () => {
    const { policy } = policyAfter({ why: '', latencies: [[10], [10]] });
    const before = policy.explain!(0, request)['pheromone'];
    for (let i = 0; i < 1000; i++) policy.done(0, ok(10));
    expect(policy.explain!(0, request)['pheromone']).toBeCloseTo(before as number, 12);
  });

  test('bounds: a quarter and ten times of the usual latency', () => {
    const { policy, clock } = policyAfter({ why: '', latencies: [Array(64).fill(10), Array(64).fill(10)] });
    clock.advance(1e6);
    policy.done(0, ok(1e9));
    for (let i = 0; i < 4000; i++) policy.done(1, ok(10));
    clock.advance(1e6);
    policy.done(1, ok(0));
    for (let i = 0; i < 2000; i++) policy.done(1, ok(10));
    const smell = (slot: number) => policy.explain!(slot, request)['pheromone'];
    expect(smell(0)).toBeCloseTo(1 / 100, 6);
    expect(smell(1)).toBeCloseTo(1 / 2.5, 6);
  });

  test('exploring picks draw in proportion to desirability', () => {
    const { policy } = policyAfter({
      why: '',
      latencies: [[10], [20], [20]],
      inFlight: [0, 0, 1],
      weights: [1, 1, 3],
      given: { exploration: 1 },
    });
    const picks = 40_000;
    const counts = [0, 0, 0];
    for (let i = 0; i < picks; i++) counts[policy.pick(request, null)]!++;
    // Squares of 1 and 1/2; 1/2 of it with one in flight, three times that for the weight.
    const desirabilities = [1, 1 / 4, 3 / 8];
    counts.forEach((count, slot) => {
      const mean = (picks * desirabilities[slot]!) / (1 + 1 / 4 + 3 / 8);
      expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
      expect(policy.explain!(slot, request)['shareOfExploring']).toBeCloseTo(mean / picks, 9);
    });
  });

  test('the share of exploring picks is ε', () => {
    const { policy } = policyAfter({ why: '', latencies: [[10], [20]], given: { exploration: 0.2 } });
    const picks = 40_000;
    let others = 0;
    for (let i = 0; i < picks; i++) if (policy.pick(request, null) === 1) others++;
    // An exploring pick takes the worse one with 1/4 of 5/4.
    expect(Math.abs(others / picks - 0.2 / 5)).toBeLessThan(5 * Math.sqrt(0.04 / picks));
  });

  test('trails are kept for those that stay and forgotten with their endpoint', () => {
    const policy = antColony.create({ ...options, exploration: 0 }, policyDeps());
    policy.update(endpoints([{ id: 'slow' }, { id: 'fast' }]));
    policy.done(0, ok(50));
    policy.done(1, ok(10));
    policy.done(5000, ok(10));
    policy.update(endpoints([{ id: 'fast', slot: 1 }, { id: 'slow', slot: 0, weight: 2 }, { slot: 90 }]));
    expect(policy.explain!(0, request)).toMatchObject({ pheromone: 1 / 50, why: 'its own answers' });
    expect(policy.explain!(90, request)).toMatchObject({ why: expect.stringMatching(/no answer/) });
    policy.update(endpoints([{ id: 'new' }, { id: 'fast' }]));
    expect(policy.explain!(0, request)).toMatchObject({ why: expect.stringMatching(/no answer/) });
  });

  test('whatever the latencies, every endpoint stays desirable, by a finite number', () => {
    const latency = fc.constantFrom(0, 5e-324, 1e-9, 1, 1e12, 1e300, Number.MAX_VALUE);
    const outcome = fc.record({
      slot: fc.nat(2),
      outcome: fc.oneof(latency.map(ok), fc.constant(failed)),
      waitMs: latency,
    });
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 50 }), (outcomes) => {
        const clock = fakeClock();
        const policy = antColony.create({ ...options, alpha: 5, beta: 5 }, policyDeps({ clock }));
        policy.update(endpoints(3));
        for (const each of outcomes) {
          clock.advance(Math.min(each.waitMs, 1e12));
          policy.done(each.slot, each.outcome);
          for (const slot of [0, 1, 2]) {
            const desirability = policy.explain!(slot, request)['desirability'] as number;
            expect(desirability > 0 && Number.isFinite(desirability)).toBe(true);
          }
        }
      }),
      { seed: 1 },
    );
  });
});

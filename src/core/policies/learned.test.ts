import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
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
import { type LearnedOptions, learned } from './learned.ts';

const linear = { type: 'learned' } as const;
const neural = { type: 'learned', model: 'neural' } as const;
const request = pickRequest();
const ok = (latencyMs: number) => ({ ok: true, latencyMs });

describe.each([
  { name: 'learned', options: linear, uneven: { mean: 0.8, p99: 0.5 } },
  { name: 'learned by a network', options: neural, uneven: { mean: 0.8, p99: 0.6 } },
])('$name', ({ name, options, uneven }) => {
  describePolicyContract(name, learned.create, {
    options,
    learned: (policy, slot) => policy.explain!(slot, request)['predictedMs'],
  });
  describeLatencyPolicy(name, learned.create, { options, uneven });

  /** Slot by slot, answers to picks one after the other, a millisecond apart. */
  function policyAfter(latencies: readonly (readonly number[])[], inFlight: readonly number[] = [], seed = 1) {
    const clock = fakeClock(1e9);
    const deps = policyDeps({ clock, rng: seededRng(seed), inFlight: fixedInFlight(inFlight) });
    const policy = learned.create({ ...options, exploration: 0 } as LearnedOptions, deps);
    policy.update(endpoints(latencies.length));
    for (const [slot, list] of latencies.entries()) {
      for (const ms of list) {
        clock.advance(1);
        policy.done(slot, { ok: ms >= 0, latencyMs: Math.abs(ms) });
      }
    }
    return policy;
  }

  test.each([
    { why: 'the soonest', latencies: [[30, 30], [20, 20], [40, 40]], inFlight: [], want: 1 }, // biome-ignore format: a table
    { why: 'by what is in flight', latencies: [[20, 20], [20, 20]], inFlight: [3, 1], want: 1 }, // biome-ignore format: a table
    { why: 'a fast failure is slow', latencies: [[-0.1], [200, 200]], inFlight: [], want: 1 },
    { why: 'a newcomer is as slow as the others', latencies: [[10, 10, 10], [], [90]], inFlight: [0, 0, 0], want: 0 },
  ])('$why', ({ latencies, inFlight, want }) => {
    expect(policyAfter(latencies, inFlight).pick(request, null)).toBe(want);
  });

  test('of equal endpoints, heavier ones are preferred', () => {
    const policy = learned.create({ ...options, exploration: 0 } as LearnedOptions, policyDeps());
    policy.update(endpoints([{ weight: 1 }, { weight: 1.2 }]));
    for (let i = 0; i < 20; i++) expect(policy.pick(request, null)).toBe(1);
  });

  test('it says why', () => {
    const policy = policyAfter([[20, 20], [40]], [2, 0]);
    const said = policy.explain!(0, request);
    expect(said).toMatchObject({ inFlight: 2, exploration: 0 });
    expect(said['recentMs']).toBeCloseTo(20, 6);
    expect(said['predictedMs']).toBeCloseTo(60, 6);
    expect(said['feature.inFlight']).toBeCloseTo(Math.log(3), 9);
    expect(Object.keys(said).filter((key) => key.startsWith('contribution.')).length).toBeGreaterThan(4);
    expect(policy.explain!(0, request)).toEqual(said);
  });

  test('whatever the latencies, every number is finite and picks go on', () => {
    const latency = fc.constantFrom(0, 5e-324, 1e-6, 1, 1e12, Number.MAX_VALUE, -1);
    const step = fc.record({
      ok: fc.boolean(),
      latencyMs: latency,
      waitMs: fc.constantFrom(0, 1, 1e6),
      times: fc.nat(40),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), fc.integer(), (steps, seed) => {
        const clock = fakeClock();
        const policy = learned.create(options as LearnedOptions, policyDeps({ clock, rng: seededRng(seed) }));
        policy.update(endpoints(3));
        for (const { waitMs, times, ...outcome } of steps) {
          clock.advance(waitMs);
          for (let i = 0; i <= times; i++) policy.done(policy.pick(request, null), outcome);
          for (const slot of [0, 1, 2]) {
            const numbers = Object.values(policy.explain!(slot, request)).filter((each) => typeof each === 'number');
            expect(numbers.every(Number.isFinite)).toBe(true);
          }
        }
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe('learned', () => {
  test('explores much at first, and less the more it has learned', () => {
    const policy = learned.create(linear, policyDeps());
    policy.update(endpoints(2));
    const explorations = Array.from({ length: 5 }, () => {
      for (let i = 0; i < 1000; i++) policy.done(policy.pick(request, null), ok(10));
      return policy.explain!(0, request)['exploration'] as number;
    });
    // Every pick is answered at once, so each is a sample: 40 by the number of answers, 0.01 at least.
    expect(explorations.map((each) => Number(each.toFixed(4)))).toEqual([0.04, 0.02, 0.0133, 0.01, 0.01]);
  });

  test('the share of exploring picks takes any endpoint', () => {
    const policy = learned.create({ ...linear, exploration: 0.1 }, policyDeps({ rng: seededRng(3) }));
    policy.update(endpoints(2));
    for (let i = 0; i < 1000; i++) {
      const slot = policy.pick(request, null);
      policy.done(slot, ok(slot === 0 ? 10 : 1000));
    }
    const picks = 20_000;
    let slow = 0;
    for (let i = 0; i < picks; i++) {
      const slot = policy.pick(request, null);
      policy.done(slot, ok(slot === 0 ? 10 : 1000));
      if (slot === 1) slow++;
    }
    // Half of a tenth; five binomial deviations.
    expect(Math.abs(slow / picks - 0.05)).toBeLessThan(5 * Math.sqrt(0.05 / picks));
  });

  test('what was learned stays with those that stay, and leaves with its endpoint', () => {
    const policy = learned.create(linear, policyDeps());
    policy.update(endpoints([{ id: 'slow' }, { id: 'fast' }]));
    for (let i = 0; i < 50; i++) policy.done(0, ok(500));
    policy.done(5000, ok(1));
    const before = policy.explain!(0, request);
    policy.update(endpoints([{ id: 'other', slot: 3 }, { id: 'slow', slot: 0 }])); // biome-ignore format: short
    expect(policy.explain!(0, request)).toEqual(before);
    policy.update(endpoints([{ id: 'new', slot: 0 }]));
    expect(policy.explain!(0, request)['why']).toMatch(/no answer yet/);
  });

  test('learns that an endpoint is slow at night, as far as its recent latency does not tell', () => {
    const clock = fakeClock();
    const policy = learned.create(linear, policyDeps({ clock, rng: seededRng(5) }));
    policy.update(endpoints(2));
    const hourMs = 3_600_000;
    const isNight = () => clock.now() % (24 * hourMs) < 12 * hourMs;
    const serve = () => {
      const slot = policy.pick(request, null);
      policy.done(slot, ok(slot === 0 ? 20 : isNight() ? 60 : 8));
      return slot;
    };
    // 20 days of an answer each 3 minutes.
    for (let i = 0; i < 9600; i++, clock.advance(hourMs / 20)) serve();
    const contribution = () => {
      const { 'contribution.sine': sine, 'contribution.cosine': cosine } = policy.explain!(1, request);
      return (sine as number) + (cosine as number);
    };
    clock.advance(6 * hourMs);
    expect(isNight()).toBe(true);
    const atNight = contribution();
    clock.advance(12 * hourMs);
    // Only the first answers of each night and day are news.
    expect(atNight - contribution()).toBeGreaterThan(0.03);
  });
});

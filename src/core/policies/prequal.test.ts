import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy, PolicyDeps } from '../kernel/policy.ts';
import { createLoadReport } from '../load/orca.ts';
import {
  describeLatencyPolicy,
  describePolicyContract,
  endpoints,
  fakeClock,
  fixedInFlight,
  type PolicyUnderTest,
  pickRequest,
  poisson,
  policyDeps,
  type Simulation,
  seededRng,
  simulate,
  workloads,
} from '../testing/index.ts';
import { prequal } from './prequal.ts';
import { createPolicy } from './registry.ts';

const options = { type: 'prequal' } as const;
const learned = (policy: Policy, slot: number) => policy.explain!(slot, pickRequest())['latencyMs'];
describePolicyContract('prequal', prequal.create, { options, learned });
describePolicyContract('prequal with other numbers', prequal.create, {
  options: { ...options, poolSize: 4, probes: 1, hotAbove: 0.5 },
});

describeLatencyPolicy('prequal', prequal.create, { options, uneven: { mean: 0.85, p99: 0.75 } });

const request = pickRequest();

interface Endpoints {
  readonly inFlight: readonly number[];
  /** At the in-flight above. */
  readonly latencies?: readonly number[];
  readonly weights?: readonly number[];
  /** In flight, as the endpoint reports them with its last answer. */
  readonly reported?: readonly number[];
}

function policyOf({ inFlight, latencies, weights, reported }: Endpoints, deps: Partial<PolicyDeps> = {}, more = {}) {
  const policy = prequal.create({ ...options, ...more }, policyDeps({ inFlight: fixedInFlight(inFlight), ...deps }));
  policy.update(endpoints(inFlight.map((_, slot) => ({ weight: weights?.[slot] ?? 1 }))));
  latencies?.forEach((latencyMs, slot) => {
    const report = reported && { ...createLoadReport(), inFlight: reported[slot]! };
    for (let i = 0; i < 9; i++) policy.done(slot, { ok: true, latencyMs, report });
  });
  return policy;
}

describe('prequal', () => {
  // The 0.84 quantile of five is the greatest, of seven the sixth.
  test.each([
    { why: 'the fastest while nobody is hot', inFlight: [3, 3, 3, 3, 3], latencies: [9, 8, 5, 8, 9], want: 2 },
    {
      why: 'the fastest that is not hot',
      inFlight: [3, 3, 9, 3, 3, 3, 3],
      latencies: [9, 7, 1, 8, 9, 9, 9],
      want: 1,
    },
    {
      why: 'hot is a matter of weight',
      inFlight: [3, 3, 9, 3, 3, 3, 3],
      latencies: [9, 7, 1, 8, 9, 9, 9],
      weights: [1, 1, 3, 1, 1, 1, 1],
      want: 2,
    },
    { why: 'equals: fewer under way', inFlight: [3, 1, 3, 3, 3], want: 1 },
    { why: 'equals: fewer per weight, the new one counted', inFlight: [3, 3, 3], weights: [1, 2, 1], want: 1 },
    {
      why: 'other clients count where they are reported',
      inFlight: [1, 1, 1, 1, 1, 1, 1],
      reported: [4, 4, 20, 4, 4, 4, 4],
      latencies: [9, 7, 1, 8, 9, 9, 9],
      want: 1,
    },
  ])('$why', ({ want, ...given }) => {
    for (const seed of [1, 2, 3]) expect(policyOf(given, { rng: seededRng(seed) }).pick(request, null)).toBe(want);
  });

  test('all that may serve are hot: the fewest under way', () => {
    const given = { inFlight: [9, 7, 8, 1], latencies: [1, 50, 2, 90] };
    expect(policyOf(given, {}, { hotAbove: 0 }).pick(request, new Set([3]))).toBe(1);
    expect(policyOf(given, {}, { hotAbove: 1 }).pick(request, new Set([3]))).toBe(0);
  });

  test('a report counts for a second; the request that carried it is over, those of ours are known', () => {
    const clock = fakeClock();
    const policy = policyOf({ inFlight: [2, 0] }, { clock });
    policy.done(0, { ok: true, latencyMs: -1, report: { ...createLoadReport(), inFlight: 9, latencyMs: 40 } });
    expect(policy.explain!(0, request)).toMatchObject({ underWay: 8, latencyMs: 40 });
    clock.advance(1000);
    expect(policy.explain!(0, request)).toMatchObject({ underWay: 8 });
    clock.advance(1);
    expect(policy.explain!(0, request)).toMatchObject({ underWay: 2, latencyMs: 0 });
  });

  test('many endpoints: those drawn are asked, all equally often', () => {
    const asked = new Map<number, number>();
    const inFlight = {
      of: (slot: number) => {
        asked.set(slot, (asked.get(slot) ?? 0) + 1);
        return 0;
      },
      total: () => 0,
    };
    const policy = prequal.create(options, policyDeps({ inFlight }));
    policy.update(endpoints(50));
    const picks = 5000;
    for (let i = 0; i < picks; i++) policy.pick(request, null);
    expect([...asked.values()].reduce((sum, each) => sum + each, 0)).toBe(3 * picks);
    // Binomial: 300 of 5,000 with a deviation below sqrt(300); six of them.
    for (let slot = 0; slot < 50; slot++) expect(Math.abs(asked.get(slot)! - 300)).toBeLessThan(6 * Math.sqrt(300));
  });

  test('the answer of an endpoint that is ineligible now does not count', () => {
    const policy = policyOf({ inFlight: new Array<number>(40).fill(1) });
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 8; i++) policy.pick(request, null);
      for (let slot = 0; slot < 20; slot++) policy.setEligible(slot, false);
      for (let i = 0; i < 8; i++) expect(policy.pick(request, null)).toBeGreaterThanOrEqual(20);
      for (let slot = 0; slot < 20; slot++) policy.setEligible(slot, true);
    }
  });

  test('one endpoint that is fast does not get everything: what was sent to it counts', () => {
    const slots = Array.from({ length: 20 }, (_, slot) => slot);
    const policy = policyOf({ inFlight: slots.map(() => 1), latencies: slots.map((slot) => (slot === 7 ? 1 : 10)) });
    const picked = Array.from({ length: 200 }, () => policy.pick(request, null));
    const share = picked.filter((slot) => slot === 7).length / picked.length;
    // It is asked in 3 of 20 picks, and each answer serves at most four: b = 2/((1 − 10/20)·3 − 1) = 4.
    expect(share).toBeGreaterThan(1 / 20);
    expect(share).toBeLessThan(0.15 * 4);
  });

  test('a slot that changes hands is as new', () => {
    const policy = policyOf({ inFlight: [0, 0], latencies: [10, 50] });
    policy.done(1, { ok: false, latencyMs: 1, report: { ...createLoadReport(), inFlight: 30 } });
    policy.update(endpoints([{ slot: 0 }, { slot: 1, id: 'new' }]));
    expect(policy.explain!(1, request)).toMatchObject({ underWay: 0 });
    expect(policy.explain!(1, request)['latencyMs']).toBeLessThan(100);
  });

  test('explain changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 30 }), fc.integer(), (inFlight, seed) => {
        const run = (explained: boolean) => {
          const policy = policyOf({ inFlight, latencies: inFlight }, { rng: seededRng(seed) });
          return Array.from({ length: 20 }, (_, i) => {
            if (explained) policy.explain!(i % inFlight.length, request);
            return policy.pick(request, null);
          });
        };
        expect(run(true)).toEqual(run(false));
      }),
      { numRuns: 30 },
    );
  });
});

const prequalPolicy: PolicyUnderTest = (deps) => createPolicy('prequal', deps);
const leastConnections: PolicyUnderTest = (deps) => createPolicy('least-connections', deps);

/** Each endpoint reports, with every answer, what it has from all balancers. */
const reporting: PolicyUnderTest = (deps, truth) => {
  const policy = prequal.create(options, deps);
  const report = createLoadReport();
  return {
    ...policy,
    done: (slot, outcome) => {
      report.inFlight = truth.inSystem(slot) + 1;
      policy.done(slot, { ...outcome, report });
    },
  };
};

const SEEDS = [1, 2, 3, 4, 5, 6];

interface Comparison {
  readonly balancers?: number;
  readonly figure?: 'p99Ms' | 'meanMs';
}

/** Seed by seed, the logarithm of one policy's figure over another's. */
function compare(what: Simulation, one: PolicyUnderTest, other: PolicyUnderTest, how: Comparison = {}) {
  const { balancers = 1, figure = 'p99Ms' } = how;
  const ratios = SEEDS.map((seed) => {
    const simulation = { ...what, balancers, seed };
    return Math.log(simulate(simulation, one)[figure] / simulate(simulation, other)[figure]);
  });
  const mean = ratios.reduce((sum, each) => sum + each, 0) / SEEDS.length;
  const variance = ratios.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (SEEDS.length - 1);
  return { mean, error: Math.sqrt(variance / SEEDS.length) };
}

/** Disturbances are few: they need more time to differ from chance. */
const named = (name: string): Simulation => ({
  ...workloads.find((each) => each.name === name)!,
  seconds: name === 'antagonists' ? 10 : 5,
});

/** Of Student's t with 5 degrees of freedom: exceeded by chance once in 1,000 comparisons of equals. */
const T = 5.89;

describe('prequal in front of queues', { timeout: 60_000 }, () => {
  test.each([
    { workload: 'uneven', other: 'random', balancers: 1, below: 0.5 },
    { workload: 'uneven', other: 'least-connections', balancers: 1, below: 0.8 },
    { workload: 'uneven', other: 'least-connections', balancers: 2, below: 0.8 },
    { workload: 'antagonists', other: 'least-connections', balancers: 2, below: 0.8 },
    { workload: 'antagonists', other: 'least-connections', balancers: 4, below: 0.8 },
  ])('$workload, $balancers balancers: its p99 is below $below × that of $other', (row) => {
    const other: PolicyUnderTest = (deps) => createPolicy(row.other, deps);
    const { mean, error } = compare(named(row.workload), prequalPolicy, other, row);
    expect(mean + T * error).toBeLessThan(Math.log(row.below));
  });

  test('forty endpoints, 85 % busy, ten balancers: what endpoints report of the others helps', () => {
    const { endpoints: ten, service } = named('even');
    const forty = { endpoints: [ten, ten, ten, ten].flat(), arrivals: poisson(13_600), service, seconds: 1.5 };
    const { mean, error } = compare(forty, reporting, prequalPolicy, { balancers: 10, figure: 'meanMs' });
    expect(mean + T * error).toBeLessThan(Math.log(0.95));
  });

  test('even endpoints, 85 % busy: least-connections is better, as its page says', () => {
    const { mean, error } = compare(named('even'), prequalPolicy, leastConnections);
    expect(mean - T * error).toBeGreaterThan(0);
    expect(mean).toBeLessThan(Math.log(1.3));
  });

  test('an endpoint that fails fast gets nearly nothing', () => {
    const failing = workloads.find(({ name }) => name === 'failing')!;
    const result = simulate({ ...failing, seconds: 80 }, prequalPolicy);
    // One of ten. It is asked again as knowledge of it fades: 10 s × ln(10,000 ms / 10 ms), every 69 s.
    expect(result.share(0, 0, 20_000)).toBeGreaterThan(0.05);
    expect(result.share(0, 21_000, 80_000)).toBeLessThan(0.001);
  });
});

/** What `adaptive` is held to in the queue simulation, shortened; `npm run bench:policies` prints the whole table. */
import { describe, expect, test } from 'vitest';
import {
  createOracle,
  hardWorkloads,
  type PolicyUnderTest,
  poisson,
  type SimulationResult,
  simulate,
  type Workload,
  workloads,
} from '../testing/index.ts';
import { createPolicy } from './registry.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];
/**
 * Of each run. 15 s are 7,500 requests and more, from `hundred` 3 s are 54,000. What happens seldom needs its time: in 30 s
 * ten endpoints are disturbed some 22 times, in six runs 135 times; one fails after 20 s, the newcomer joins after 30 s.
 */
const SECONDS = 15;
const SECONDS_OF = new Map([
  ['antagonists', 30],
  ['mixed-antagonists', 30],
  ['failing', 30],
  ['hundred', 3],
  ['newcomer', 45],
]);

const subject: PolicyUnderTest = (deps) => createPolicy('adaptive', deps);
const reference: PolicyUnderTest = (deps) => createPolicy('least-connections', deps);

type Figure = 'meanMs' | 'p99Ms' | 'p999Ms' | 'failures';

const runs = new Map<PolicyUnderTest, Map<Workload, SimulationResult[]>>();

/** Tests that ask for the same runs share them. */
function run(workload: Workload, policy: PolicyUnderTest): SimulationResult[] {
  const known = runs.get(policy) ?? new Map<Workload, SimulationResult[]>();
  runs.set(policy, known);
  const seconds = SECONDS_OF.get(workload.name) ?? SECONDS;
  const results = known.get(workload) ?? SEEDS.map((seed) => simulate({ ...workload, seconds, seed }, policy));
  known.set(workload, results);
  return results;
}

/**
 * Expects the mean of the ratios, seed by seed, to be at most `bound`. Both policies saw the same requests, so the standard
 * error is that of the paired ratios. Three are allowed above the bound: a policy that keeps it fails in less than one
 * seed set of 60 (Student's t, 5 degrees of freedom: 0.015), and the seeds are fixed.
 */
function expectRatio(own: ReturnType<typeof run>, others: ReturnType<typeof run>, figure: Figure, bound: number): void {
  const ratios = own.map((result, index) => result[figure] / others[index]![figure]);
  const mean = ratios.reduce((sum, each) => sum + each, 0) / ratios.length;
  const variance = ratios.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (ratios.length - 1);
  expect(mean, `${figure} of ${ratios.map((each) => each.toFixed(3))}`).toBeLessThanOrEqual(
    bound + 3 * Math.sqrt(variance / ratios.length),
  );
}

const FIGURES = ['meanMs', 'p99Ms', 'p999Ms'] as const;

describe('adaptive against least-connections', () => {
  test.each(workloads)(
    '$name: at most 3 % above',
    (workload) => {
      const [own, others] = [run(workload, subject), run(workload, reference)];
      for (const figure of FIGURES) expectRatio(own, others, figure, 1.03);
      if (workload.name !== 'failing') return;
      // The failing endpoint looks idle to least-connections; here one pick in a hundred of those is enough to know it.
      expectRatio(own, others, 'failures', 0.01);
    },
    60_000,
  );

  test.each(['uneven', 'antagonists'])(
    '%s: p99 at most 0.7 of it, p99.9 at most half',
    (name) => {
      const workload = workloads.find((each) => each.name === name)!;
      const [own, others] = [run(workload, subject), run(workload, reference)];
      expectRatio(own, others, 'p99Ms', 0.7);
      expectRatio(own, others, 'p999Ms', 0.5);
    },
    60_000,
  );

  // Fast answers beside fast failures: least-connections sends such an endpoint more than its share of a tenth.
  test.each([
    { speed: 1, oneIn: 5, bound: 0.2 },
    { speed: 5, oneIn: 5, bound: 0.7 },
    { speed: 20, oneIn: 2, bound: 0.01 },
  ])('an endpoint $speed times as fast that fails one in $oneIn: failures at most $bound of it', (given) => {
    const even = workloads.find(({ name }) => name === 'even')!;
    const fails = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, afterMs: 1 / given.speed, oneIn: given.oneIn };
    const endpoints = [{ slowdown: 1 / given.speed, fails }, ...even.endpoints.slice(1)];
    const workload = { ...even, name: 'partly-failing', endpoints, arrivals: poisson(1800) };
    expectRatio(run(workload, subject), run(workload, reference), 'failures', given.bound);
  });

  // What it costs where least-connections is better is written on the page; it shall not grow unseen.
  test('crowded: the mean at most 3 % above that of the oracle, and a better tail than least-connections', () => {
    const workload = hardWorkloads.find(({ name }) => name === 'crowded')!;
    const [own, others, oracles] = [run(workload, subject), run(workload, reference), run(workload, createOracle)];
    expectRatio(own, oracles, 'meanMs', 1.03);
    expectRatio(own, others, 'p999Ms', 1);
  }, 60_000);

  test('bursts on endpoints with one place: at most 30 % above', () => {
    const workload = hardWorkloads.find(({ name }) => name === 'bursts-one-place')!;
    const [own, others] = [run(workload, subject), run(workload, reference)];
    for (const figure of FIGURES) expectRatio(own, others, figure, 1.3);
  }, 60_000);
});

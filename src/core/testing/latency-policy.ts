/**
 * What a policy that goes by latency promises beyond the contract, as seeded tests: call it in the policy's own test file.
 */
import { describe, expect, test } from 'vitest';
import type { Policy, PolicyDeps } from '../kernel/policy.ts';
import { leastConnections } from '../policies/least-connections.ts';
import { random } from '../policies/random.ts';
import { poisson } from './arrivals.ts';
import { type PolicyUnderTest, type Simulation, simulate } from './queue-simulation.ts';
import { exponential } from './service-times.ts';
import type { SimulationResult } from './simulation-result.ts';
import { workloads } from './workloads.ts';

export interface LatencySubject<O> {
  readonly options: O;
  /**
   * What the policy is held to on endpoints of uneven speeds: its figures as a part of those of least-connections and of
   * random, geometric means over the seeds, below 1. Absent: it is not compared.
   */
  readonly uneven?: { readonly mean: number; readonly p99: number };
}

export function describeLatencyPolicy<O>(
  type: string,
  create: (options: O, deps: PolicyDeps) => Policy,
  { options, uneven }: LatencySubject<O>,
): void {
  const underTest: PolicyUnderTest = (deps) => create(options, deps);
  describe(`${type} goes by latency`, () => {
    describeFailing(underTest);
    if (uneven !== undefined) describeUneven(underTest, uneven);
  });
}

const FAILS_AT_MS = 12_000;
const SECONDS = 30;

/** An endpoint of those in `slowdowns` fails everything from `FAILS_AT_MS` on. */
interface Failing {
  readonly slowdowns: readonly number[];
  readonly perSecond: number;
  readonly slot: number;
  readonly afterMs: number;
}

const EVEN = Array.from({ length: 10 }, () => 1);
const UNEVEN = [1, 1, 1, 1.5, 1.5, 2, 3, 4, 6, 8];

/** The closed loop: the policy's picks make the latencies it learns from. */
function describeFailing(underTest: PolicyUnderTest): void {
  test.each<Failing & { readonly why: string }>([
    { why: 'one of ten, at once', slowdowns: EVEN, perSecond: 1800, slot: 0, afterMs: 0.2 },
    { why: 'one of ten, sooner than it answers', slowdowns: EVEN, perSecond: 1800, slot: 3, afterMs: 5 },
    { why: 'one of ten, idle before', slowdowns: EVEN, perSecond: 100, slot: 9, afterMs: 1 },
    { why: 'one of three', slowdowns: [1, 1, 1], perSecond: 500, slot: 1, afterMs: 1 },
    { why: 'one of two', slowdowns: [1, 1], perSecond: 200, slot: 1, afterMs: 1 },
    { why: 'the fastest', slowdowns: UNEVEN, perSecond: 1200, slot: 0, afterMs: 0.2 },
    {
      why: 'one of a large pool',
      slowdowns: Array.from({ length: 80 }, () => 1),
      perSecond: 1500,
      slot: 7,
      afterMs: 0.2,
    },
  ])(
    'the share of an endpoint that fails never grows: $why',
    (failing) => {
      for (const seed of [1, 2]) expectNoGrowth(simulate(failingSimulation(failing, seed), underTest), failing.slot);
    },
    30_000,
  );
}

function failingSimulation({ slowdowns, perSecond, slot, afterMs }: Failing, seed: number): Simulation {
  const fails = { fromMs: FAILS_AT_MS, toMs: Number.POSITIVE_INFINITY, afterMs };
  return {
    endpoints: slowdowns.map((slowdown, each) => (each === slot ? { slowdown, fails } : { slowdown })),
    arrivals: poisson(perSecond),
    service: exponential(10),
    seconds: SECONDS,
    seed,
  };
}

/** In no second after the failures began is the share above that of the ten seconds before. */
function expectNoGrowth(result: SimulationResult, slot: number): void {
  const before = result.between(FAILS_AT_MS - 10_000, FAILS_AT_MS);
  const share = before.share(slot);
  for (let fromMs = FAILS_AT_MS; fromMs < SECONDS * 1000; fromMs += 1000) {
    const second = result.between(fromMs, fromMs + 1000);
    expect(second.share(slot), `second ${fromMs / 1000}`).toBeLessThanOrEqual(share + noise(share, second.requests));
  }
  // And it is not merely the noise that hides a growth: over all the time it shrank, where there were picks enough to say so.
  const rare = share * before.requests < 25;
  const after = result.between(FAILS_AT_MS, SECONDS * 1000).share(slot);
  expect(after).toBeLessThan(share + (rare ? noise(share, before.requests) : 0));
}

/**
 * A share that did not change is counted with a deviation of sqrt(share/requests), five allowed: wrong in 10^-6. One that
 * was hardly ever picked may have been counted as 0.
 */
function noise(share: number, requests: number): number {
  return 5 * Math.sqrt(Math.max(share, 1 / requests) / requests);
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

function describeUneven(underTest: PolicyUnderTest, bounds: { readonly mean: number; readonly p99: number }): void {
  const uneven = { ...workloads.find(({ name }) => name === 'uneven')!, seconds: 20 };
  const results = (policy: PolicyUnderTest) => SEEDS.map((seed) => simulate({ ...uneven, seed }, policy));

  test('beats least-connections and random on endpoints of uneven speeds', () => {
    const own = results(underTest);
    for (const reference of [LEAST_CONNECTIONS, RANDOM]) {
      const others = results(reference);
      expect(ratioBound(own, others, ({ meanMs }) => meanMs)).toBeLessThan(bounds.mean);
      expect(ratioBound(own, others, ({ p99Ms }) => p99Ms)).toBeLessThan(bounds.p99);
    }
  }, 30_000);
}

const LEAST_CONNECTIONS: PolicyUnderTest = (deps) => leastConnections.create({ type: 'least-connections' }, deps);
const RANDOM: PolicyUnderTest = (deps) => random.create({ type: 'random' }, deps);

/** Seed by seed, since both saw the same requests: an upper bound of the geometric mean of the ratios. */
function ratioBound(
  own: readonly SimulationResult[],
  others: readonly SimulationResult[],
  figure: (result: SimulationResult) => number,
): number {
  const logs = own.map((result, i) => Math.log(figure(result) / figure(others[i]!)));
  const mean = logs.reduce((sum, each) => sum + each, 0) / logs.length;
  const variance = logs.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (logs.length - 1);
  // Student's t of 7 degrees of freedom is above 4.79 once in a thousand.
  return Math.exp(mean + 4.79 * Math.sqrt(variance / logs.length));
}

import { describe, expect, test } from 'vitest';
import type { Policy } from '../kernel/policy.ts';
import { createPolicy } from '../policies/registry.ts';
import { bursts, poisson, script } from './arrivals.ts';
import { createOracle } from './oracle.ts';
import { type PolicyUnderTest, type Simulation, simulate } from './queue-simulation.ts';
import { seededRng } from './rng.ts';
import { bimodal, exponential, fixedTime, pareto } from './service-times.ts';
import { antagonists, coldStart, slowBetween } from './slowdowns.ts';

const roundRobin: PolicyUnderTest = (deps) => createPolicy('round-robin', deps);
const leastConnections: PolicyUnderTest = (deps) => createPolicy('least-connections', deps);

/** A policy that sends every request to slot 0 and writes down what it was told. */
function recorder(told: string[]): PolicyUnderTest {
  return ({ inFlight, clock }): Policy => ({
    update: (members) => void told.push(`${clock.now()} members ${members.map(({ slot }) => slot)}`),
    setEligible: () => undefined,
    pick: () => {
      told.push(`${clock.now()} pick, ${inFlight.of(0)} in flight`);
      return 0;
    },
    done: (_slot, { ok, latencyMs }) =>
      void told.push(`${clock.now()} ${ok ? 'ok' : 'failed'} after ${latencyMs}, ${inFlight.of(0)} in flight`),
  });
}

describe('a scripted run, event by event', () => {
  const base: Simulation = {
    endpoints: [{ servers: 1 }],
    arrivals: script([0, 1, 5, 10]),
    service: fixedTime(4),
    seconds: 1,
  };

  test('requests wait in one line; a pick is counted before the next, uncounted before its outcome', () => {
    const told: string[] = [];
    const result = simulate(base, recorder(told));
    expect(told).toEqual([
      '0 members 0',
      '0 pick, 0 in flight',
      '1 pick, 1 in flight',
      '4 ok after 4, 1 in flight',
      '5 pick, 1 in flight',
      '8 ok after 7, 1 in flight',
      '10 pick, 1 in flight',
      '12 ok after 7, 1 in flight',
      '16 ok after 6, 0 in flight',
    ]);
    expect(result).toMatchObject({ requests: 4, failures: 0, meanMs: 6, p50Ms: 6, p99Ms: 7, p999Ms: 7, maxMs: 7 });
  });

  test('two servers work side by side, and a slowdown counts from when a service begins', () => {
    const told: string[] = [];
    const result = simulate(
      { ...base, endpoints: [{ servers: 2, slowdown: slowBetween(4.5, 9, 10) }] },
      recorder(told),
    );
    expect(told.filter((each) => each.includes('ok'))).toEqual([
      '4 ok after 4, 1 in flight',
      '5 ok after 4, 0 in flight',
      '14 ok after 4, 1 in flight',
      '45 ok after 40, 0 in flight',
    ]);
    // Of four, the third is at 75 %, and above it is the fourth.
    expect(result).toMatchObject({ p50Ms: 4, p99Ms: 40, p999Ms: 40 });
  });

  test('a failing endpoint answers at once, without a server and without a place in the line', () => {
    const told: string[] = [];
    const fails = { fromMs: 1, toMs: 6, afterMs: 0.5 };
    const result = simulate({ ...base, endpoints: [{ servers: 1, fails }] }, recorder(told));
    expect(told.filter((each) => each.includes('after'))).toEqual([
      '1.5 failed after 0.5, 1 in flight',
      '4 ok after 4, 0 in flight',
      '5.5 failed after 0.5, 0 in flight',
      '14 ok after 4, 0 in flight',
    ]);
    expect(result).toMatchObject({ requests: 4, failures: 2, meanMs: 4 });
  });

  test('an endpoint joins at its time; a request without an endpoint fails', () => {
    const told: string[] = [];
    simulate({ ...base, endpoints: [{}, { joinsAtMs: 3 }] }, recorder(told));
    expect(told.filter((each) => each.includes('members'))).toEqual(['0 members 0', '3 members 0,1']);
    const late = simulate({ ...base, endpoints: [{ joinsAtMs: 3 }] }, leastConnections);
    expect(late).toMatchObject({ requests: 4, failures: 2, meanMs: 4 });
  });
});

describe('against queueing theory', () => {
  const seconds = 2000;
  // A mean over correlated latencies: batches of 100 s are long against the 0.1 s in which a queue forgets, so the standard
  // error is that of 20 batch means. Five of them are allowed.
  function expectMean(simulation: Simulation, policy: PolicyUnderTest, wantMs: number): void {
    const result = simulate(simulation, policy);
    const means = Array.from({ length: 20 }, (_, i) => result.between(i * 1e5, (i + 1) * 1e5).meanMs);
    const mean = means.reduce((sum, each) => sum + each, 0) / 20;
    const variance = means.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 19;
    expect(Math.abs(mean - wantMs)).toBeLessThan(5 * Math.sqrt(variance / 20));
    expect(variance).toBeGreaterThan(0);
  }

  test('M/M/1 at 80 %: the mean is service / (1 − load)', () => {
    const one = { endpoints: [{ servers: 1 }], arrivals: poisson(80), service: exponential(10), seconds };
    expectMean(one, leastConnections, 10 / (1 - 0.8));
  });

  test('M/M/4 at 80 %: Erlang C gives the wait', () => {
    // a = 3.2 erlang on c = 4: C = (a^4/4!/(1−ρ)) / (Σ a^k/k! + the same), wait = C × service / (c − a).
    const [a, last] = [3.2, 3.2 ** 4 / 24 / 0.2];
    const erlangC = last / (1 + a + a ** 2 / 2 + a ** 3 / 6 + last);
    const four = { endpoints: [{ servers: 4 }], arrivals: poisson(320), service: exponential(10), seconds };
    expectMean(four, leastConnections, 10 + (erlangC * 10) / (4 - a));
  });

  test('M/D/1 at 80 %: half the wait of M/M/1 (Pollaczek and Khinchine)', () => {
    const one = { endpoints: [{ servers: 1 }], arrivals: poisson(80), service: fixedTime(10), seconds };
    expectMean(one, leastConnections, 10 + 20);
  });
});

describe('seeds', () => {
  const base: Simulation = {
    endpoints: [{}, {}, { slowdown: antagonists() }],
    arrivals: poisson(600),
    service: exponential(10),
    seconds: 10,
  };

  test('a seed repeats a run, another gives another', () => {
    const meanMs = (seed: number) => simulate({ ...base, seed }, leastConnections).meanMs;
    expect(meanMs(1)).toBe(meanMs(1));
    expect(meanMs(1)).not.toBe(meanMs(2));
  });

  test('two policies see the same requests in the same weather, whatever they draw', () => {
    const lone = { ...base, endpoints: [{ slowdown: antagonists() }], arrivals: poisson(100) };
    const drawing: PolicyUnderTest = (deps) => {
      const policy = leastConnections(deps, undefined as never);
      return {
        ...policy,
        pick: (...args) => {
          deps.rng.next();
          return policy.pick(...args);
        },
      };
    };
    expect(simulate(lone, drawing).meanMs).toBe(simulate(lone, roundRobin).meanMs);
  });

  test('balancers share the endpoints, not what they know', () => {
    const one = simulate({ ...base, seconds: 60 }, leastConnections);
    const four = simulate({ ...base, seconds: 60, balancers: 4 }, leastConnections);
    expect(four.requests).toBe(one.requests);
    expect(four.meanMs).toBeGreaterThan(one.meanMs);
  });
});

test('shares and intervals are those of arrivals', () => {
  const uneven = { endpoints: [{}, { slowdown: slowBetween(5000, 10_000, 50) }], arrivals: poisson(300), seconds: 10 };
  const result = simulate({ ...uneven, service: exponential(10) }, leastConnections);
  expect(result.share(0) + result.share(1)).toBeCloseTo(1, 12);
  expect(result.share(1, 6000)).toBeLessThan(0.3);
  expect(result.share(1, 0, 5000)).toBeGreaterThan(0.4);
  const [early, late] = [result.between(0, 5000), result.between(5000, 10_000)];
  expect(early.requests + late.requests).toBe(result.requests);
  expect(early.share(1)).toBe(result.share(1, 0, 5000));
  expect(late.meanMs).toBeGreaterThan(2 * early.meanMs);
});

describe('what is drawn has the mean that it says', () => {
  test.each([
    { why: 'exponential', service: exponential(10), meanMs: 10, deviationMs: 10 },
    { why: 'bimodal', service: bimodal(5, 105, 0.05), meanMs: 10, deviationMs: 100 * Math.sqrt(0.05 * 0.95) },
    // α L^α/(1 − (L/H)^α) × (L^(k−α) − H^(k−α))/(α − k) for the moments k = 1, 2; L = 1, H = 10, α = 2 (k = 2: its limit).
    {
      why: 'Pareto',
      service: pareto(1, 10, 2),
      meanMs: (2 / 0.99) * 0.9,
      deviationMs: Math.sqrt((2 / 0.99) * Math.log(10) - ((2 / 0.99) * 0.9) ** 2),
    },
  ])('$why', ({ service, meanMs, deviationMs }) => {
    const rng = seededRng(1);
    const draws = 100_000;
    let sum = 0;
    for (let i = 0; i < draws; i++) sum += service(rng);
    expect(Math.abs(sum / draws - meanMs)).toBeLessThan((5 * deviationMs) / Math.sqrt(draws));
  });

  test('bursts: each phase has its rate', () => {
    const next = bursts({ restPerSecond: 100, burstPerSecond: 2000, periodMs: 1000, burstMs: 200 })(seededRng(1));
    const counts = [0, 0];
    for (let atMs = next(0); atMs < 100_000; atMs = next(atMs)) counts[atMs % 1000 < 200 ? 0 : 1]!++;
    // Counts of a Poisson process: 100 bursts of 400 and 100 rests of 80, deviations the square roots.
    expect(Math.abs(counts[0]! - 40_000)).toBeLessThan(5 * Math.sqrt(40_000));
    expect(Math.abs(counts[1]! - 8000)).toBeLessThan(5 * Math.sqrt(8000));
  });

  test('antagonists disturb their share of windows, whatever the times they are asked at', () => {
    const often = antagonists({ windowMs: 10, share: 0.3, slowdown: 4 })(seededRng(1));
    const rarely = antagonists({ windowMs: 10, share: 0.3, slowdown: 4 })(seededRng(1));
    let disturbed = 0;
    for (let atMs = 0; atMs < 100_000; atMs += 5) {
      const slowdown = often(atMs);
      if (atMs % 10 === 0) disturbed += (slowdown - 1) / 3;
      if (atMs % 35 === 0) expect(rarely(atMs)).toBe(slowdown);
    }
    expect(Math.abs(disturbed - 3000)).toBeLessThan(5 * Math.sqrt(10_000 * 0.3 * 0.7));
  });

  test('a cold start ends', () => {
    const slowdown = coldStart(1000, 500, 11)(seededRng(1));
    expect([0, 1000, 1250, 1500, 9000].map(slowdown)).toEqual([11, 11, 6, 1, 1]);
  });
});

test('the oracle avoids the slow, the failing and the full', () => {
  const base = { arrivals: poisson(50), service: exponential(10), seconds: 10 };
  const shares = (endpoints: Simulation['endpoints']) => {
    const result = simulate({ ...base, endpoints }, createOracle);
    return endpoints.map((_, slot) => result.share(slot));
  };
  expect(shares([{ slowdown: 3 }, {}])[0]).toBeLessThan(0.01);
  expect(shares([{ fails: { fromMs: 0, toMs: 1e6, afterMs: 1 } }, {}])[0]).toBe(0);
  // One server is taken half of the time; then the other endpoint's four are.
  expect(shares([{ servers: 1 }, {}])[0]).toBeLessThan(0.5);
});

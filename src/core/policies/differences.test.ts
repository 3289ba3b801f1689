import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PolicyDriver } from '../testing/policy-driver.ts';
import { runTrace } from '../testing/policy-trace.ts';
import { createPolicy, policies } from './registry.ts';

const STEPS = 1500;
const flat = () => 5;

/** What a policy of this type picks in traces where endpoints differ in speed, weight, zone and place, clients in keys and places. */
function picksOf(type: string, latencyOf?: (slot: number) => number): string[] {
  return [1, 2, 3].map((seed) => {
    // By their addresses' last byte, clients are at the latitudes of all endpoints and between them.
    const locate = (clientIp: string) => ({ latitude: 2 * Number(clientIp.split('.')[3]), longitude: 0 });
    const driver = new PolicyDriver((deps) => createPolicy(type, { ...deps, zone: 'a', locate }), seed);
    return runTrace(driver, { seed, steps: STEPS, ...(latencyOf && { latencyOf }) }).join(' ');
  });
}

const picks = new Map(policies.types.map((type) => [type as string, picksOf(type)]));
const goByLatency = policies.types.filter((type) =>
  picksOf(type, flat).some((each, i) => each !== picks.get(type)![i]),
);
const pairs = policies.types.flatMap((one, i) => policies.types.slice(i + 1).map((other) => [one, other] as const));

describe('each policy is one of its own', () => {
  test.each(pairs)('%s and %s differ', (one, other) => {
    expect(picks.get(one)!.every((each, trace) => each === picks.get(other)![trace])).toBe(false);
  });
});

describe('a policy whose picks depend on latencies', () => {
  test('is told from the others', () => {
    expect(goByLatency).toContain('peak-ewma');
    expect(goByLatency).not.toContain('least-connections');
  });

  test.each(goByLatency)('%s is tried with an endpoint that fails, and says what it learned', (type) => {
    const text = readFileSync(new URL(`./${type}.test.ts`, import.meta.url), 'utf8');
    expect(text).toContain('describeLatencyPolicy(');
    expect(text).toMatch(/describePolicyContract\([^;]*learned/s);
  });

  test.each(policies.types)('%s is under the contract', (type) => {
    expect(readFileSync(new URL(`./${type}.test.ts`, import.meta.url), 'utf8')).toContain('describePolicyContract(');
  });
});

import { describe, expect, test } from 'vitest';
import type { EquipoiseError } from '../kernel/errors.ts';
import type { Policy, PolicyDeps } from '../kernel/policy.ts';
import { InFlightCounts } from '../load/in-flight.ts';
import { describePolicyContract, endpoints, fixedInFlight, pickRequest, policyDeps } from '../testing/index.ts';
import { type BoundedLoadOptions, boundedLoad } from './bounded-load.ts';
import { createPolicy, policies } from './registry.ts';

/** As `createPolicy` makes it, around any policy. */
function wrapping(policy: string, factor = 1.25) {
  return (deps: PolicyDeps) => createPolicy({ type: 'bounded-load', factor, policy } as BoundedLoadOptions, deps);
}

const hashing = ['ip-hash', 'maglev', 'rendezvous', 'ring-hash'];

for (const type of hashing) {
  describePolicyContract(`bounded-load of ${type}`, (_options, deps) => wrapping(type)(deps), {
    options: {},
    decidedBy: 'key-and-load',
  });
}

/** A wrapped policy whose places are `jump` modulo the members: 0 is slot 0, and so on. */
function counting(places: number): Policy & { jumps: number[] } {
  const jumps: number[] = [];
  return {
    jumps,
    update: () => undefined,
    setEligible: () => undefined,
    pick: ({ jump }, avoid) => {
      jumps.push(jump);
      return avoid?.has(jump % places) ? (jump + 1) % places : jump % places;
    },
    done: () => undefined,
    pickMany: () => [],
  };
}

function around(wrapped: Policy, deps: Partial<PolicyDeps>, factor?: number): Policy {
  return boundedLoad.create(
    { type: 'bounded-load', ...(factor !== undefined && { factor }) },
    policyDeps({ ...deps, wrapped: () => wrapped }),
  );
}

describe('bounded-load', () => {
  // Four endpoints of weight 1, total 8, cost 1: the bound is ceil(1.25 × 9 / 4) = ceil(2.8) = 3.
  test.each([
    { why: 'its own endpoint has room', inFlight: [2, 2, 2, 2], want: 0, jumps: [0] },
    { why: 'its own is at the bound: the next place', inFlight: [3, 2, 2, 1], want: 1, jumps: [0, 1] },
    { why: 'two are at the bound', inFlight: [3, 3, 2, 0], want: 2, jumps: [0, 1, 2] },
    { why: 'a loose factor', inFlight: [3, 3, 2, 0], factor: 2, want: 0, jumps: [0] },
    { why: 'cost counts', inFlight: [3, 3, 2, 0], cost: 3, want: 0, jumps: [0] },
    { why: 'weight counts', inFlight: [3, 3, 2, 0], weights: [2, 1, 1, 1], want: 0, jumps: [0] },
    { why: 'who is ineligible bears no share', inFlight: [3, 3, 2, 0], down: [3], want: 0, jumps: [0] },
    { why: 'a place that was asked for before', inFlight: [0, 3, 3, 2], jump: 1, want: 3, jumps: [1, 2, 3] },
  ])('$why', ({ inFlight, factor, weights, down, cost = 1, jump = 0, want, jumps }) => {
    const inner = counting(4);
    const policy = around(inner, { inFlight: fixedInFlight(inFlight) }, factor);
    policy.update(endpoints(inFlight.map((_, slot) => ({ weight: weights?.[slot] ?? 1 }))));
    for (const slot of down ?? []) policy.setEligible(slot, false);
    const request = pickRequest({ key: 'k', cost, jump });
    expect(policy.pick(request, null)).toBe(want);
    expect(inner.jumps).toEqual(jumps);
    expect(request.jump).toBe(jump);
  });

  test('jumps that never meet room end in a scan that finds it, from another place for another key', () => {
    const inFlight = new Array<number>(100).fill(10);
    inFlight[20] = 0;
    inFlight[70] = 0;
    const policy = around(counting(20), { inFlight: fixedInFlight(inFlight) }, 1);
    policy.update(endpoints(100));
    const found = Array.from({ length: 40 }, (_, i) => policy.pick(pickRequest({ key: `k${i}` }), null));
    expect(new Set(found)).toEqual(new Set([20, 70]));
    expect(new Set(found.map((_, i) => policy.pick(pickRequest({ key: `k${i}` }), new Set([20]))))).toEqual(
      new Set([70]),
    );
  });

  test('when everybody with room is avoided, the key stays at home', () => {
    const policy = around(counting(3), { inFlight: fixedInFlight([9, 9, 0]) }, 1);
    policy.update(endpoints(3));
    expect(policy.pick(pickRequest({ key: 'k' }), new Set([2]))).toBe(0);
  });

  test('keys are where the wrapped policy has them while nobody is at its bound, and follow it in pickMany', () => {
    const deps = policyDeps({ inFlight: fixedInFlight(new Array(8).fill(1)) });
    const [bounded, plain] = [wrapping('ring-hash')(deps), createPolicy('ring-hash', deps)];
    for (const policy of [bounded, plain]) policy.update(endpoints(8));
    for (let i = 0; i < 100; i++) {
      const request = pickRequest({ key: `user-${i}` });
      expect(bounded.pick(request, null)).toBe(plain.pick(request, null));
      expect(bounded.pickMany!(request, 3)).toEqual(plain.pickMany!(request, 3));
    }
  });

  test('one hot key is served by as many as the bound asks for, and nobody is beyond it', () => {
    const inFlight = new InFlightCounts();
    const policy = wrapping('ring-hash')(policyDeps({ inFlight }));
    policy.update(endpoints(10));
    const request = pickRequest({ key: 'hot' });
    for (let i = 0; i < 1000; i++) inFlight.start(policy.pick(request, null));
    const counts = Array.from({ length: 10 }, (_, slot) => inFlight.of(slot));
    expect(Math.max(...counts)).toBe(125);
    expect(counts.filter((count) => count > 0).length).toBeGreaterThanOrEqual(8);
  });

  test('explains the bound and changes nothing', () => {
    const policy = wrapping('ring-hash')(policyDeps({ inFlight: fixedInFlight([3, 3, 2, 0]) }));
    policy.update(endpoints(4));
    expect(policy.explain!(1, pickRequest())).toMatchObject({ inFlight: 3, bound: 3 });
  });

  test.each(policies.types.filter((type) => !hashing.includes(type) && !policies.get(type)?.wraps))(
    'refuses to wrap %s',
    (type) => {
      let error: unknown;
      try {
        wrapping(type)(policyDeps());
      } catch (thrown) {
        error = thrown;
      }
      expect((error as EquipoiseError).code).toBe('config-invalid');
      expect((error as EquipoiseError).message).toContain('ring-hash');
    },
  );

  test('needs something to wrap', () => {
    expect(() => boundedLoad.create({ type: 'bounded-load' }, policyDeps())).toThrow(/wraps/);
  });
});

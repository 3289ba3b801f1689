import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../kernel/endpoint.ts';
import type { Policy, PolicyDeps } from '../kernel/policy.ts';
import { InFlightCounts } from '../load/in-flight.ts';
import { describePolicyContract, endpoints, pickRequest, policyDeps } from '../testing/index.ts';
import { createPolicy } from './registry.ts';
import type { ZoneAwareOptions } from './zone-aware.ts';

const create = (options: Partial<ZoneAwareOptions>, deps: PolicyDeps) =>
  createPolicy({ type: 'zone-aware', ...options } as ZoneAwareOptions, deps);

/** Members get a zone by their slot. */
function inZones(policy: Policy, zoneOf: (slot: number) => string): Policy {
  const zoned = (member: Endpoint) => ({ ...member, zone: zoneOf(member.slot) });
  return { ...policy, update: (members) => policy.update(members.map(zoned)) };
}

describePolicyContract('zone-aware without zones', create, { options: {} });
describePolicyContract('zone-aware of rendezvous without zones', create, {
  options: { policy: 'rendezvous' },
  decidedBy: 'key',
});
for (const policy of ['least-connections', 'p2c', 'round-robin']) {
  describePolicyContract(
    `zone-aware of ${policy}, three zones`,
    (options, deps) => inZones(create(options, deps), (slot) => ['a', 'b', ''][slot % 3]!),
    { options: { policy, zone: 'a' }, decidedBy: 'place' },
  );
}

interface Zones {
  readonly [zone: string]: { readonly up: number; readonly down?: number; readonly weight?: number };
}

/** A pool of such zones, in this order, and the zone of each slot. */
function poolOf(zones: Zones, options: Partial<ZoneAwareOptions> = {}, deps: Partial<PolicyDeps> = {}) {
  const specs = Object.entries(zones).flatMap(([zone, { up, down = 0, weight = 1 }]) =>
    Array.from({ length: up + down }, (_, i) => ({ zone, weight, eligible: i < up })),
  );
  const policy = create(options, policyDeps(deps));
  policy.update(endpoints(specs.map(({ zone, weight }) => (zone === '' ? { weight } : { zone, weight }))));
  specs.forEach(({ eligible }, slot) => {
    policy.setEligible(slot, eligible);
  });
  return { policy, zoneOf: (slot: number) => specs[slot]!.zone };
}

const PICKS = 20_000;

function sharesOf({ policy, zoneOf }: ReturnType<typeof poolOf>, zone: string): Record<string, number> {
  const shares: Record<string, number> = {};
  const request = pickRequest({ zone });
  for (let i = 0; i < PICKS; i++) {
    const picked = zoneOf(policy.pick(request, null));
    shares[picked] = (shares[picked] ?? 0) + 1 / PICKS;
  }
  return shares;
}

/** Six deviations of a share of independent draws, at most 6 × sqrt(1/4/N). */
const TOLERANCE = 3 / Math.sqrt(PICKS);

function expectShares(shares: Record<string, number>, want: Readonly<Record<string, number>>): void {
  for (const [zone, share] of Object.entries(want)) {
    if (share === 0 || share === 1) expect(shares[zone] ?? 0).toBeCloseTo(share, 9);
    else expect(Math.abs((shares[zone] ?? 0) - share)).toBeLessThan(TOLERANCE);
  }
}

describe('zone-aware', () => {
  // Capacity is 1.4 × eligible; spare is capacity − need.
  test.each([
    { why: 'all is well', zones: { a: { up: 3 }, b: { up: 3 } }, want: { a: 1 } },
    { why: '5 of 7 are enough', zones: { a: { up: 5, down: 2 }, b: { up: 7 } }, want: { a: 1 } },
    { why: '2 of 4 cover 70 %', zones: { a: { up: 2, down: 2 }, b: { up: 4 } }, want: { a: 0.7, b: 0.3 } },
    {
      why: 'the rest goes by what is spare: 1.6 to 0.4',
      zones: { a: { up: 1, down: 3 }, b: { up: 4 }, c: { up: 1 } },
      want: { a: 0.35, b: 0.65 * 0.8, c: 0.65 * 0.2 },
    },
    {
      why: 'who is in need itself takes nothing',
      zones: { a: { up: 1, down: 1 }, b: { up: 1, down: 1 }, c: { up: 2 } },
      want: { a: 0.7, b: 0, c: 0.3 },
    },
    {
      why: 'nobody has any to spare: by eligible weight',
      zones: { a: { up: 1, down: 3 }, b: { up: 1, down: 1 }, c: { up: 3, down: 3 } },
      want: { a: 0.35, b: 0.65 / 4, c: (0.65 * 3) / 4 },
    },
    {
      why: 'only the first has any to spare',
      zones: { b: { up: 4 }, a: { up: 1, down: 3 }, c: { up: 1, down: 1 } },
      want: { a: 0.35, b: 0.65, c: 0 },
    },
    {
      why: 'nobody is left here',
      zones: { a: { up: 0, down: 2 }, b: { up: 1 }, c: { up: 3 } },
      want: { a: 0, b: 0.25, c: 0.75 },
    },
    {
      why: 'weights count',
      zones: { a: { up: 0, down: 1 }, b: { up: 1, weight: 3 }, c: { up: 1 } },
      want: { b: 0.75, c: 0.25 },
    },
    { why: 'endpoints without a zone help', zones: { a: { up: 0, down: 1 }, '': { up: 2 } }, want: { '': 1 } },
    {
      why: 'another factor',
      zones: { a: { up: 2, down: 2 }, b: { up: 4 } },
      options: { overprovisioning: 1 },
      want: { a: 0.5, b: 0.5 },
    },
    {
      why: 'a small pool ignores zones',
      zones: { a: { up: 2 }, b: { up: 2 } },
      options: { minEndpoints: 5 },
      want: { a: 0.5, b: 0.5 },
    },
    {
      why: 'one just large enough does not',
      zones: { a: { up: 2 }, b: { up: 2 } },
      options: { minEndpoints: 4 },
      want: { a: 1 },
    },
    { why: 'an unknown zone', zones: { b: { up: 1 }, c: { up: 3 } }, want: { b: 0.25, c: 0.75 } },
  ])('zone a: $why', ({ zones, options, want }) => {
    expectShares(sharesOf(poolOf(zones as Zones, options), 'a'), want as Record<string, number>);
  });

  test.each([
    { why: 'the request', options: { zone: 'b' }, deps: { zone: 'c' }, request: 'a', want: 'a' },
    { why: 'else the option', options: { zone: 'b' }, deps: { zone: 'c' }, request: '', want: 'b' },
    { why: 'else where the process runs', options: {}, deps: { zone: 'c' }, request: '', want: 'c' },
  ])('the own zone is that of $why', ({ options, deps, request, want }) => {
    const zones = { a: { up: 2 }, b: { up: 2 }, c: { up: 2 } };
    expect(sharesOf(poolOf(zones, options, deps), request)[want]).toBeCloseTo(1, 9);
  });

  test('a request of no zone goes to all, not to endpoints of no zone', () => {
    expectShares(sharesOf(poolOf({ a: { up: 2 }, '': { up: 2 } }), ''), { a: 0.5, '': 0.5 });
  });

  test('when the own zone has nobody for a request, another zone has; at last the own one', () => {
    const { policy } = poolOf({ a: { up: 1 }, b: { up: 1 }, c: { up: 1 } });
    const request = pickRequest({ zone: 'a' });
    expect(policy.pick(request, new Set([0, 1]))).toBe(2);
    expect(policy.pick(request, new Set([0, 2]))).toBe(1);
    expect(policy.pick(request, new Set([0, 1, 2]))).toBe(-1);
    const degraded = poolOf({ a: { up: 1, down: 99 }, b: { up: 1 } }).policy;
    expect(degraded.pick(request, new Set([100]))).toBe(0);
  });

  test('the wrapped policy decides inside, and keeps what it learned', () => {
    const inFlight = new InFlightCounts();
    const { policy } = poolOf({ a: { up: 2 }, b: { up: 2 } }, { policy: 'least-response-time' }, { inFlight });
    policy.done(0, { ok: true, latencyMs: 50 });
    policy.done(1, { ok: true, latencyMs: 5 });
    policy.update(
      endpoints([
        { slot: 3, zone: 'b' },
        { zone: 'a', slot: 1, weight: 2 },
        { zone: 'a', slot: 0, weight: 2 },
      ]),
    );
    expect(policy.pick(pickRequest({ zone: 'a' }), null)).toBe(1);
    expect(policy.explain!(1, pickRequest())).toMatchObject({ zone: 'a', capacity: 5.6, need: 4 });
    expect(policy.explain!(77, pickRequest())).toEqual({});
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Endpoint, Location } from '../kernel/endpoint.ts';
import type { Policy, PolicyDeps } from '../kernel/policy.ts';
import { distanceKm } from '../load/great-circle.ts';
import { describePolicyContract, endpoints, pickRequest, policyDeps } from '../testing/index.ts';
import type { GeographicOptions } from './geographic.ts';
import { createPolicy } from './registry.ts';

const create = (options: Partial<GeographicOptions>, deps: PolicyDeps) =>
  createPolicy({ type: 'geographic', ...options } as GeographicOptions, deps);

const frankfurt = { latitude: 50.11, longitude: 8.68 };
const virginia = { latitude: 38.95, longitude: -77.45 };
const tokyo = { latitude: 35.68, longitude: 139.65 };
const places = [frankfurt, virginia, tokyo];

/** Members stand at a place by their slot; every fourth has none. */
function placed(policy: Policy): Policy {
  const at = (member: Endpoint): Endpoint => {
    const location = places[member.slot % 4];
    return location === undefined ? member : { ...member, location };
  };
  return { ...policy, update: (members) => policy.update(members.map(at)) };
}

describePolicyContract('geographic without locations', create, { options: { fallback: frankfurt } });
describePolicyContract('geographic without a client’s place', create, { options: {} });
for (const policy of ['least-connections', 'p2c', 'weighted-round-robin']) {
  describePolicyContract(`geographic of ${policy}, three places`, (options, deps) => placed(create(options, deps)), {
    options: { fallback: tokyo, policy },
    decidedBy: 'place',
  });
}

const clients: Readonly<Record<string, Location>> = {
  berlin: { latitude: 52.52, longitude: 13.4 },
  boston: { latitude: 42.36, longitude: -71.06 },
  seoul: { latitude: 37.57, longitude: 126.98 },
};

/** Slots 0 and 1 in Frankfurt, 2 and 3 in Virginia, 4 in Tokyo, 5 nowhere. */
function poolOf(options: Partial<GeographicOptions> = {}, deps: Partial<PolicyDeps> = {}): Policy {
  const policy = create(options, policyDeps({ locate: (ip) => clients[ip], ...deps }));
  const locations = [frankfurt, frankfurt, virginia, virginia, tokyo, undefined];
  policy.update(endpoints(locations.map((location) => (location === undefined ? {} : { location }))));
  return policy;
}

/** Which slots serve, of many picks. */
function servedBy(policy: Policy, clientIp: string, avoided: readonly number[] = []): number[] {
  const request = pickRequest({ clientIp });
  const avoid = avoided.length === 0 ? null : new Set(avoided);
  return [...new Set(Array.from({ length: 60 }, () => policy.pick(request, avoid)))].sort((a, b) => a - b);
}

describe('geographic', () => {
  test.each([
    { why: 'the nearest place', client: 'berlin', want: [0, 1] },
    { why: 'over the Atlantic', client: 'boston', want: [2, 3] },
    { why: 'over the sea', client: 'seoul', want: [4] },
    { why: 'inside, who is eligible', client: 'berlin', down: [0], want: [1] },
    { why: 'the next when the nearest has none', client: 'berlin', down: [0, 1], want: [2, 3] },
    { why: 'the next when the nearest has none left', client: 'boston', avoided: [2, 3], want: [0, 1] },
    { why: 'the last is who stands nowhere', client: 'boston', down: [0, 1, 2, 3], avoided: [4], want: [5] },
    { why: 'nobody', client: 'boston', down: [0, 1, 2, 3], avoided: [4, 5], want: [-1] },
    { why: 'an unknown client goes to all', client: 'mars', want: [0, 1, 2, 3, 4, 5] },
    { why: 'an unknown client has the fallback', client: 'mars', options: { fallback: clients['seoul']! }, want: [4] },
    { why: 'a client without an address too', client: '', options: { fallback: clients['seoul']! }, want: [4] },
    {
      why: 'a known client has no need of it',
      client: 'berlin',
      options: { fallback: clients['seoul']! },
      want: [0, 1],
    },
  ])('$why', ({ client, down = [], avoided = [], options, want }) => {
    const policy = poolOf(options);
    for (const slot of down) policy.setEligible(slot, false);
    expect(servedBy(policy, client, avoided)).toEqual(want);
  });

  test('locate is not asked for a client without an address', () => {
    const locate = (ip: string) => {
      expect(ip).toBe('berlin');
      return clients[ip];
    };
    expect(servedBy(poolOf({}, { locate }), 'berlin')).toEqual([0, 1]);
    expect(servedBy(poolOf({}, { locate }), '').length).toBe(6);
  });

  test('without locate, the fallback counts', () => {
    const policy = create({ fallback: clients['boston']! }, policyDeps());
    policy.update(endpoints([{ location: tokyo }, { location: virginia }]));
    expect(servedBy(policy, 'berlin')).toEqual([1]);
  });

  test('equally near places take turns by chance', () => {
    const policy = create({ fallback: { latitude: 0, longitude: 0 } }, policyDeps());
    const beside = [10, -10, 10].map((longitude) => ({ latitude: 0, longitude }));
    policy.update(endpoints([...beside, { latitude: 0, longitude: 11 }].map((location) => ({ location }))));
    const picks = Array.from({ length: 2000 }, () => policy.pick(pickRequest(), null));
    expect(new Set(picks)).toEqual(new Set([0, 1, 2]));
    // Two places, six binomial deviations.
    const west = picks.filter((slot) => slot === 1).length;
    expect(Math.abs(west - 1000)).toBeLessThan(6 * Math.sqrt(500));
  });

  test('what was learned of a place stays', () => {
    const policy = poolOf({ policy: 'least-response-time' });
    policy.done(0, { ok: true, latencyMs: 50 });
    policy.done(1, { ok: true, latencyMs: 5 });
    policy.update(endpoints([{ location: frankfurt }, { location: frankfurt }, { location: tokyo, slot: 4 }]));
    expect(servedBy(policy, 'berlin')).toEqual([1]);
  });

  test('explain says the distance', () => {
    const { explain } = poolOf();
    const request = pickRequest({ clientIp: 'berlin' });
    expect(explain!(0, request)['distanceKm']).toBeCloseTo(distanceKm(clients['berlin']!, frankfurt), 9);
    expect(explain!(5, request)).not.toHaveProperty('distanceKm');
    expect(explain!(0, pickRequest())).not.toHaveProperty('distanceKm');
  });

  test('nobody with a nearer eligible place is passed over', () => {
    const place = fc.record({
      latitude: fc.double({ min: -90, max: 90, noNaN: true }),
      longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.boolean()), { minLength: 1, maxLength: 20 }), place, (all, from) => {
        const policy = create({ fallback: from }, policyDeps());
        policy.update(endpoints(all.map(([location]) => ({ location }))));
        all.forEach(([, up], slot) => {
          policy.setEligible(slot, up);
        });
        const distances = all.map(([location, up]) => (up ? distanceKm(from, location) : Number.POSITIVE_INFINITY));
        const slot = policy.pick(pickRequest(), null);
        if (all.some(([, up]) => up)) expect(distances[slot]).toBe(Math.min(...distances));
        else expect(slot).toBe(-1);
      }),
    );
  });
});

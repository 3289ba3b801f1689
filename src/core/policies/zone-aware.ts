/**
 * Zone-aware: the request's own zone serves it as long as enough of the zone is eligible; what is too much for it goes to the
 * other zones by the capacity that these have to spare. Within a zone another policy decides.
 *
 * A zone's capacity is `overprovisioning` times the weight of its eligible endpoints, its own need the weight of all of them:
 * balancers do not know each other's load, so each zone is taken to be built for its own. Of the requests of a zone with
 * less capacity than need, the part that is covered stays. Other zones take by capacity minus need; if none has
 * any to spare, by eligible weight. An endpoint without a zone is in a zone of its own kind.
 *
 * Source  Envoy, "Zone aware routing" and "Priority levels" (overprovisioning factor 1.4), with the definition above
 *         for what Envoy learns from the origin cluster.
 * Cost    pick O(zones) and one pick of the wrapped policy for each zone tried; allocates nothing.
 * Order   the wrapped policy's inside a zone.
 * Errors  −1 when none is eligible and not avoided; never throws. Requests of an unknown zone are served by all together.
 */
import { z } from 'zod';
import { EquipoiseError } from '../kernel/errors.ts';
import type { Avoid, PickRequest, PolicyDefinition } from '../kernel/policy.ts';
import { type PolicyGroup, PolicyGroups } from '../load/policy-groups.ts';

const WRAPPED = 'least-connections';
const DEFAULT_OVERPROVISIONING = 1.4;
const DEFAULT_MIN_ENDPOINTS = 1;

/** `policy` is the schema of what it may wrap. */
export const zoneAwareOptions = <P extends z.ZodType>(policy: P) =>
  z.strictObject({
    type: z.literal('zone-aware'),
    zone: z.exactOptional(z.string().min(1)).describe('The zone of requests that name none; absent: where this runs.'),
    overprovisioning: z
      .number()
      .min(1)
      .max(100)
      .default(DEFAULT_OVERPROVISIONING)
      .describe('Times its weight that a zone can serve, 1 to 100; 1.4 keeps everything local down to 71 % eligible.'),
    minEndpoints: z
      .int()
      .min(1)
      .max(100_000)
      .default(DEFAULT_MIN_ENDPOINTS)
      .describe('With fewer eligible endpoints than this, zones are ignored.'),
    policy: policy
      .prefault(WRAPPED as never)
      .describe('What decides inside a zone: a type, or an object with its options.'),
  });

export interface ZoneAwareOptions {
  readonly type: 'zone-aware';
  readonly zone?: string;
  readonly overprovisioning?: number;
  readonly minEndpoints?: number;
  readonly policy?: string | { readonly type: string };
}

export const zoneAware: PolicyDefinition<'zone-aware', ZoneAwareOptions> = {
  type: 'zone-aware',
  wraps: WRAPPED,
  create: (options, { rng, wrapped, zone: runsIn = '' }) => {
    const { overprovisioning = DEFAULT_OVERPROVISIONING, minEndpoints = DEFAULT_MIN_ENDPOINTS } = options;
    if (wrapped === undefined) throw new EquipoiseError('contract-broken', 'zone-aware was not given what it wraps');
    const ownZone = options.zone ?? runsIn;
    const zones = new PolicyGroups(wrapped, ({ zone }) => zone ?? '');

    function localShareOf({ eligibleWeight, weight }: PolicyGroup): number {
      return weight === 0 ? 0 : Math.min(1, (overprovisioning * eligibleWeight) / weight);
    }

    function spareOf({ eligibleWeight, weight }: PolicyGroup): number {
      return Math.max(0, overprovisioning * eligibleWeight - weight);
    }

    const eligibleWeightOf = ({ eligibleWeight }: PolicyGroup): number => eligibleWeight;

    /** Drawn among the zones but `own`, in proportion to `partOf`; −1 when every part is 0. */
    function draw(own: PolicyGroup, partOf: (zone: PolicyGroup) => number): number {
      let total = 0;
      let drawn = -1;
      for (let i = 0; i < zones.groups.length; i++) {
        const zone = zones.groups[i]!;
        const part = zone === own ? 0 : partOf(zone);
        total += part;
        if (part > 0 && rng.next() * total < part) drawn = i;
      }
      return drawn;
    }

    /** The drawn zone, then the ones after it: the drawn one may have nobody who is not to be avoided. */
    function pickElsewhere(own: PolicyGroup, request: PickRequest, avoid: Avoid | null): number {
      const { groups } = zones;
      let first = draw(own, spareOf);
      if (first < 0) first = draw(own, eligibleWeightOf);
      for (let i = 0; first >= 0 && i < groups.length; i++) {
        const zone = groups[first + i < groups.length ? first + i : first + i - groups.length]!;
        if (zone === own || zone.eligibleWeight === 0) continue;
        const slot = zone.policy.pick(request, avoid);
        if (slot >= 0) return slot;
      }
      return -1;
    }

    function pick(request: PickRequest, avoid: Avoid | null): number {
      const own = zones.named(request.zone === '' ? ownZone : request.zone);
      if (own === undefined || own.name === '' || zones.eligibleCount < minEndpoints) {
        return zones.pickTogether(request, avoid);
      }
      const share = localShareOf(own);
      const stays = share === 1 || rng.next() < share;
      const slot = stays ? own.policy.pick(request, avoid) : pickElsewhere(own, request, avoid);
      if (slot >= 0) return slot;
      return stays ? pickElsewhere(own, request, avoid) : own.policy.pick(request, avoid);
    }

    return {
      update: (members) => zones.update(members),
      setEligible: (slot, value) => zones.setEligible(slot, value),
      pick,
      save: () => zones.save(),
      done: (slot, outcome) => zones.done(slot, outcome),
      explain: (slot, request) => {
        const zone = zones.of(slot);
        if (zone === undefined) return {};
        const capacity = overprovisioning * zone.eligibleWeight;
        return { zone: zone.name, capacity, need: zone.weight, ...zone.policy.explain?.(slot, request) };
      },
    };
  },
};

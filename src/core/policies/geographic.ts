/**
 * Geographic: the location nearest to the client that has an endpoint for it; inside the location another policy decides.
 *
 * The client's place is what `locate` knows of its address, else `fallback`. Where neither is known, all endpoints decide
 * together. Endpoints without a location are asked last.
 *
 * Source  great-circle distance: see load/great-circle.ts.
 * Cost    pick O(locations), and the same again for each location that has nobody for the request; allocates nothing itself.
 * Order   equally near locations are drawn; inside one, the wrapped policy's.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Location } from '../kernel/endpoint.ts';
import { EquipoiseError } from '../kernel/errors.ts';
import type { Avoid, PickRequest, PolicyDefinition } from '../kernel/policy.ts';
import { distanceKm } from '../load/great-circle.ts';
import { PolicyGroups } from '../load/policy-groups.ts';

const WRAPPED = 'least-connections';

/** `policy` is the schema of what it may wrap. */
export const geographicOptions = <P extends z.ZodType>(policy: P) =>
  z.strictObject({
    type: z.literal('geographic'),
    database: z
      .exactOptional(z.string().min(1))
      .describe('A MaxMind DB file (.mmdb) with the places of addresses, such as GeoLite2 City. The server reads it.'),
    fallback: z
      .exactOptional(
        z.strictObject({
          latitude: z.number().min(-90).max(90).describe('Degrees, north positive.'),
          longitude: z.number().min(-180).max(180).describe('Degrees, east positive.'),
        }),
      )
      .describe('Where clients are taken to be whose place is not known; absent: all endpoints are as near to them.'),
    policy: policy
      .prefault(WRAPPED as never)
      .describe('What decides inside a location: a type, or an object with its options.'),
  });

export interface GeographicOptions {
  readonly type: 'geographic';
  /** Read by the server, which gives `locate`; nothing here opens a file. */
  readonly database?: string;
  readonly fallback?: Location;
  readonly policy?: string | { readonly type: string };
}

/** Of endpoints without a location: farther than every place, nearer than those that were asked already. */
const NOWHERE_KM = 1e6;
const ASKED = Number.POSITIVE_INFINITY;

export const geographic: PolicyDefinition<'geographic', GeographicOptions> = {
  type: 'geographic',
  wraps: WRAPPED,
  create: ({ fallback }, { rng, wrapped, locate }) => {
    if (wrapped === undefined) throw new EquipoiseError('contract-broken', 'geographic was not given what it wraps');
    const places = new PolicyGroups(wrapped, ({ location }) =>
      location === undefined ? '' : `${location.latitude} ${location.longitude}`,
    );
    let distances = new Float64Array(0);

    function placeOf({ clientIp }: PickRequest): Location | undefined {
      return (clientIp === '' ? undefined : locate?.(clientIp)) ?? fallback;
    }

    function measure(from: Location): void {
      const { groups } = places;
      for (let i = 0; i < groups.length; i++) {
        const { eligibleWeight, members } = groups[i]!;
        const { location } = members[0]!;
        if (eligibleWeight === 0) distances[i] = ASKED;
        else distances[i] = location === undefined ? NOWHERE_KM : distanceKm(from, location);
      }
    }

    /** −1 when all were asked. */
    function nearest(): number {
      let found = -1;
      let ties = 0;
      for (let i = 0; i < distances.length; i++) {
        const distance = distances[i]!;
        if (distance === ASKED || (found >= 0 && distance > distances[found]!)) continue;
        ties = found >= 0 && distance === distances[found] ? ties + 1 : 1;
        if (ties === 1 || rng.below(ties) === 0) found = i;
      }
      return found;
    }

    function pick(request: PickRequest, avoid: Avoid | null): number {
      const from = placeOf(request);
      if (from === undefined) return places.pickTogether(request, avoid);
      measure(from);
      for (let place = nearest(); place >= 0; place = nearest()) {
        const slot = places.groups[place]!.policy.pick(request, avoid);
        if (slot >= 0) return slot;
        distances[place] = ASKED;
      }
      return -1;
    }

    return {
      update: (members) => {
        places.update(members);
        distances = new Float64Array(places.groups.length);
      },
      setEligible: (slot, value) => places.setEligible(slot, value),
      pick,
      save: () => places.save(),
      done: (slot, outcome) => places.done(slot, outcome),
      explain: (slot, request) => {
        const group = places.of(slot);
        const from = placeOf(request);
        const to = group?.members[0]?.location;
        const known = from !== undefined && to !== undefined ? { distanceKm: distanceKm(from, to) } : {};
        return { ...known, ...group?.policy.explain?.(slot, request) };
      },
    };
  },
};

/**
 * Adaptive: least connections while endpoints are alike; where they differ by more than noise, picks follow their speed.
 *
 * With r the slowness of an endpoint against its pool, its load is r × in-flight, and for a slow one r² − 1 more, as if so
 * many were under way: an endpoint six times slower is left alone until the others are busy. What is known of an endpoint
 * fades within seconds, so that it is tried again.
 *
 * Source  original; docs/algorithms/adaptive.md has what was tried, and the figures.
 * Cost    pick O(members) up to 64, then O(log members); allocates nothing.
 * Order   ties take turns in proportion to the weights, so an idle pool of equals is weighted round robin.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Endpoint } from '../kernel/endpoint.ts';
import type { PolicyDefinition } from '../kernel/policy.ts';
import { LeastLoaded } from '../load/least-loaded.ts';
import { Slowness } from '../load/slowness.ts';

export const AdaptiveOptions = /* @__PURE__ */ (() => z.strictObject({ type: z.literal('adaptive') }))();
export type AdaptiveOptions = z.input<typeof AdaptiveOptions>;

export const adaptive: PolicyDefinition<'adaptive', AdaptiveOptions> = {
  type: 'adaptive',
  create: (_options, { rng, inFlight, clock }) => {
    const slowness = new Slowness();
    const least = new LeastLoaded(loadOf, rng);
    let members: readonly Endpoint[] = [];
    let refreshed = 0;

    function loadOf(slot: number): number {
      const factor = slowness.of(slot);
      return factor * inFlight.of(slot) + Math.max(0, factor * factor - 1);
    }

    /** One member a pick: no endpoint's slowness is older than as many picks as there are members. */
    function refreshOne(): void {
      if (members.length === 0) return;
      refreshed = refreshed + 1 < members.length ? refreshed + 1 : 0;
      slowness.refresh(members[refreshed]!.slot, clock.now());
    }

    return {
      update: (next) => {
        members = next;
        slowness.resize(next.length);
        least.update(next, (slot) => slowness.forget(slot));
      },
      setEligible: (slot, eligible) => least.setEligible(slot, eligible),
      pick: (_request, avoid) => {
        refreshOne();
        return least.pick(avoid);
      },
      save: () => {
        const [restoreLeast, restoreSlowness, before] = [least.save(), slowness.save(), refreshed];
        return () => {
          restoreLeast();
          restoreSlowness();
          refreshed = before;
        };
      },
      done: (slot, outcome) => {
        slowness.record(slot, outcome, clock.now());
        least.changed(slot);
      },
      explain: (slot) => ({
        inFlight: inFlight.of(slot),
        measuredSlowness: slowness.measured(slot),
        slowness: slowness.of(slot),
        load: loadOf(slot),
      }),
    };
  },
};

/**
 * Least connections: the endpoint with the fewest picks in flight per weight.
 *
 * Source  nginx, src/http/modules/ngx_http_upstream_least_conn_module.c (in-flight / weight, ties by weighted turns).
 * Cost    pick O(members) up to 64, then O(log members); allocates nothing.
 * Order   ties take turns in proportion to their weights, so an idle pool is weighted round robin.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { PolicyDefinition } from '../kernel/policy.ts';
import { LeastLoaded } from '../load/least-loaded.ts';

export const LeastConnectionsOptions = /* @__PURE__ */ (() =>
  z.strictObject({ type: z.literal('least-connections') }))();
export type LeastConnectionsOptions = z.input<typeof LeastConnectionsOptions>;

export const leastConnections: PolicyDefinition<'least-connections', LeastConnectionsOptions> = {
  type: 'least-connections',
  create: (_options, { rng, inFlight }) => {
    const least = new LeastLoaded((slot) => inFlight.of(slot), rng);
    return {
      update: (members) => least.update(members),
      setEligible: (slot, eligible) => least.setEligible(slot, eligible),
      pick: (_request, avoid) => least.pick(avoid),
      save: () => least.save(),
      done: (slot) => least.changed(slot),
    };
  },
};

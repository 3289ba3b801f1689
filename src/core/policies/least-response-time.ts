/**
 * Least response time: the endpoint with the least (mean of its last 10 latencies + 100 ms per pick in flight) / weight.
 *
 * An endpoint without data has the mean `initialMs`; at 0, newcomers are tried before all others. The mean does not age:
 * an endpoint that was slow stays unloved until the others have enough in flight.
 *
 * Source  the "least response time" pattern of application delivery controllers; the window, the 100 ms and the 0 are ours.
 * Cost    pick O(members) up to 64, then O(log members); allocates nothing.
 * Order   ties take turns in proportion to their weights.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { PolicyDefinition } from '../kernel/policy.ts';
import { LeastLoaded } from '../load/least-loaded.ts';
import { MeanLatency, NO_MEAN } from '../load/mean-latency.ts';

const DEFAULT_INITIAL_MS = 0;

export const LeastResponseTimeOptions = /* @__PURE__ */ (() =>
  z.strictObject({
    type: z.literal('least-response-time'),
    initialMs: z
      .number()
      .min(0)
      .max(3_600_000)
      .default(DEFAULT_INITIAL_MS)
      .describe('The mean of an endpoint without data, in milliseconds; the usual latency is a neutral start.'),
  }))();
export type LeastResponseTimeOptions = z.input<typeof LeastResponseTimeOptions>;

const WINDOW = 10;
const IN_FLIGHT_MS = 100;

export const leastResponseTime: PolicyDefinition<'least-response-time', LeastResponseTimeOptions> = {
  type: 'least-response-time',
  create: ({ initialMs = DEFAULT_INITIAL_MS }, { rng, inFlight }) => {
    const latency = new MeanLatency(WINDOW);
    const meanOf = (slot: number): number => {
      const mean = latency.of(slot);
      return mean === NO_MEAN ? initialMs : mean;
    };
    const least = new LeastLoaded((slot) => meanOf(slot) + IN_FLIGHT_MS * inFlight.of(slot), rng);
    const forget = (slot: number) => latency.forget(slot);
    return {
      update: (members) => least.update(members, forget),
      setEligible: (slot, eligible) => least.setEligible(slot, eligible),
      pick: (_request, avoid) => least.pick(avoid),
      save: () => least.save(),
      done: (slot, outcome) => {
        latency.record(slot, outcome);
        least.changed(slot);
      },
      explain: (slot) => ({
        meanMs: meanOf(slot),
        inFlight: inFlight.of(slot),
        load: meanOf(slot) + IN_FLIGHT_MS * inFlight.of(slot),
        why: latency.of(slot) === NO_MEAN ? 'no answer yet: initialMs' : 'its last 10 latencies',
      }),
    };
  },
};

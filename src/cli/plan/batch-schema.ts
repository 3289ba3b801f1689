import { z } from 'zod';
import { defaultWeights } from '../../core/planning/batch.ts';

const count = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const positive = z.number().refine((value) => value > 0, 'must be above 0; leave it out for 1');
const notNegative = z.number().min(0);

/** A matrix of costs; its cells are checked apart, there may be millions. */
export const CostsFile = z.strictObject({
  costs: z.array(z.array(z.any())),
  capacities: z.array(count).optional(),
});

/** Requests and endpoints by name. */
export const BatchFile = z.strictObject({
  requests: z.array(
    z.strictObject({
      id: z.string().min(1),
      size: positive.optional(),
      latencyMs: z.record(z.string(), notNegative.nullable()),
      resource: z.record(z.string(), z.number()).optional(),
    }),
  ),
  endpoints: z.array(
    z.strictObject({ id: z.string().min(1), capacity: count.optional(), load: notNegative.optional() }),
  ),
  weights: z
    .strictObject({
      latency: notNegative.default(defaultWeights.latency),
      load: notNegative.default(defaultWeights.load),
      resource: notNegative.default(defaultWeights.resource),
    })
    .default(defaultWeights),
});

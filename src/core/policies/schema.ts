import { z } from 'zod';
import { IpHashOptions } from './ip-hash.ts';
import { LeastConnectionsOptions } from './least-connections.ts';
import { LeastResponseTimeOptions } from './least-response-time.ts';
import { P2cOptions } from './p2c.ts';
import { PeakEwmaOptions } from './peak-ewma.ts';
import { RandomOptions } from './random.ts';
import { RingHashOptions } from './ring-hash.ts';
import { RoundRobinOptions } from './round-robin.ts';
import { WeightedRandomOptions } from './weighted-random.ts';
import { WeightedRoundRobinOptions } from './weighted-round-robin.ts';

/** One line per policy, by type. */
const PolicyObject = z.discriminatedUnion('type', [
  IpHashOptions,
  LeastConnectionsOptions,
  LeastResponseTimeOptions,
  P2cOptions,
  PeakEwmaOptions,
  RandomOptions,
  RingHashOptions,
  RoundRobinOptions,
  WeightedRandomOptions,
  WeightedRoundRobinOptions,
]);

/**
 * The options of a built-in policy, told apart by `type`, with defaults filled in; unknown keys are errors. A type alone is
 * short for an object: `p2c` means `{ type: p2c }`.
 */
export const PolicyOptions = z.preprocess(
  (given) => (typeof given === 'string' ? { type: given } : given),
  PolicyObject,
);
export type PolicyOptions = z.output<typeof PolicyOptions>;

// The short form is lost on a generator that reads the type behind the preprocessing: editors would reject it.
PolicyOptions._zod.toJSONSchema = () => {
  const { $schema: _, ...object } = z.toJSONSchema(PolicyObject, { io: 'input' });
  const types = PolicyObject.options.map((each) => each.shape.type.value);
  return { anyOf: [{ type: 'string', enum: types }, object] };
};

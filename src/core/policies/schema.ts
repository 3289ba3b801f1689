import { z } from 'zod';
import { AdaptiveOptions } from './adaptive.ts';
import { AntColonyOptions } from './ant-colony.ts';
import { boundedLoadOptions } from './bounded-load.ts';
import { FirstOptions } from './first.ts';
import { geographicOptions } from './geographic.ts';
import { IpHashOptions } from './ip-hash.ts';
import { LearnedOptions } from './learned.ts';
import { LeastConnectionsOptions } from './least-connections.ts';
import { LeastResponseTimeOptions } from './least-response-time.ts';
import { MaglevOptions } from './maglev.ts';
import { P2cOptions } from './p2c.ts';
import { PeakEwmaOptions } from './peak-ewma.ts';
import { PrequalOptions } from './prequal.ts';
import { RandomOptions } from './random.ts';
import { RendezvousOptions } from './rendezvous.ts';
import { RingHashOptions } from './ring-hash.ts';
import { RoundRobinOptions } from './round-robin.ts';
import { WeightedRandomOptions } from './weighted-random.ts';
import { WeightedResponseTimeOptions } from './weighted-response-time.ts';
import { WeightedRoundRobinOptions } from './weighted-round-robin.ts';
import { zoneAwareOptions } from './zone-aware.ts';

/** The short form: `p2c` means `{ type: p2c }`. */
function orType<T extends z.ZodDiscriminatedUnion>(policies: T) {
  const schema = z.preprocess((given) => (typeof given === 'string' ? { type: given } : given), policies);
  // The short form is lost on a generator that reads the type behind the preprocessing: editors would reject it.
  schema._zod.toJSONSchema = () => {
    const { $schema: _, ...object } = z.toJSONSchema(policies, { io: 'input' });
    const variants = policies.options as unknown as readonly { shape: { type: z.ZodLiteral } }[];
    return { anyOf: [{ type: 'string', enum: variants.map((each) => each.shape.type.value as string) }, object] };
  };
  return schema;
}

/** What a wrapper that takes every policy wraps: give it to the wrapper's schema. */
export const AnyPolicy: z.ZodType<{ readonly type: string }> = z.lazy(() => PolicyOptions);
// Where it is used, the place of `PolicyOptions` is known: see its id below.
AnyPolicy._zod.toJSONSchema = () => ({ $ref: '#/$defs/policy' });

/** One line per policy that hashes a key, by type: what bounded-load wraps. */
const HashingPolicy = orType(
  z.discriminatedUnion('type', [IpHashOptions, MaglevOptions, RendezvousOptions, RingHashOptions], {
    error: ({ code, input, options }) => {
      // What has no type at all is said as everywhere else.
      if (code !== 'invalid_union' || (input as { type?: unknown }).type === undefined) return undefined;
      return `bounded-load wraps hashing policies only; known here: ${(options as string[]).join(', ')}`;
    },
  }),
);

/** One line per policy, by type. */
const PolicyObject = z.discriminatedUnion('type', [
  AdaptiveOptions,
  AntColonyOptions,
  boundedLoadOptions(HashingPolicy),
  FirstOptions,
  geographicOptions(AnyPolicy),
  IpHashOptions,
  LearnedOptions,
  LeastConnectionsOptions,
  LeastResponseTimeOptions,
  MaglevOptions,
  P2cOptions,
  PeakEwmaOptions,
  PrequalOptions,
  RandomOptions,
  RendezvousOptions,
  RingHashOptions,
  RoundRobinOptions,
  WeightedRandomOptions,
  WeightedResponseTimeOptions,
  WeightedRoundRobinOptions,
  zoneAwareOptions(AnyPolicy),
]);

/**
 * The options of a built-in policy, told apart by `type`, with defaults filled in; unknown keys are errors, in what a wrapper
 * wraps as well. A type alone is short for an object: `p2c` means `{ type: p2c }`. In a JSON Schema it is `#/$defs/policy`.
 */
export const PolicyOptions = orType(PolicyObject);
// Not by `meta`, whose copy has no short form in a JSON Schema.
z.globalRegistry.add(PolicyOptions, { id: 'policy' });
export type PolicyOptions = z.output<typeof PolicyOptions>;

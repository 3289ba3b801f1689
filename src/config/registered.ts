import { z } from 'zod';

const types = [
  'round-robin',
  'weighted-round-robin',
  'random',
  'weighted-random',
  'least-connections',
  'least-response-time',
  'p2c',
  'ip-hash',
] as const;
const PolicyOptions = z.discriminatedUnion('type', [
  ...types.map((type) => z.strictObject({ type: z.literal(type) })),
  z.strictObject({ type: z.literal('ring-hash'), virtualNodes: z.int().min(1).default(150) }),
] as never) as unknown as z.ZodType<
  { type: string },
  { type: (typeof types)[number] } | { type: 'ring-hash'; virtualNodes?: number }
>;

import { HealthConfig } from '../control/health/schema.ts';

type PolicyInput = z.input<typeof PolicyOptions>;

/** A policy's type alone, or an object with its options; an object out. */
export const PolicyFile = z
  .preprocess((value) => (typeof value === 'string' ? { type: value } : value), PolicyOptions)
  .meta({ orType: true }) as unknown as z.ZodType<z.output<typeof PolicyOptions>, PolicyInput['type'] | PolicyInput>;

export const HealthFile = HealthConfig;

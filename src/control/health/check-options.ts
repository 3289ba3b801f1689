import { z } from 'zod';
import { PositiveDuration } from '../schema/duration.ts';

/** The options that every probe shares; a probe's schema spreads them. */
export const CheckOptions = /* @__PURE__ */ z.strictObject({
  interval: PositiveDuration.default(2000).describe('Between the starts of two checks.'),
  fastInterval: z
    .exactOptional(PositiveDuration)
    .describe('As interval, while a verdict is about to change; absent: a quarter of it.'),
  downInterval: z.exactOptional(PositiveDuration).describe('As interval, while an endpoint is down; absent: the same.'),
  timeout: PositiveDuration.default(1000).describe('For a whole check, from connect to the last byte.'),
  rise: z.int().min(1).default(2).describe('Successes in a row that make a down endpoint up.'),
  fall: z.int().min(1).default(3).describe('Failures in a row that make an endpoint down.'),
  initial: z.enum(['unknown', 'down']).default('unknown').describe('unknown serves until judged, down does not.'),
  jitter: z.number().min(0).max(1).default(0.1).describe('Share of the interval by which a check moves at random.'),
});
export type CheckOptions = z.infer<typeof CheckOptions>;

/** Of probes that tell nothing which requests do not tell as well: a database's role is not seen by its connections. */
export const SparingOptions = /* @__PURE__ */ z.strictObject({
  skipWhileServing: z
    .boolean()
    .default(false)
    .describe('No check while ten requests or more succeeded since the last one was due and none failed.'),
});

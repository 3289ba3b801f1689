import { z } from 'zod';
import { PositiveDuration } from '../schema/duration.ts';

/** The options that every probe shares; a probe's schema spreads them. */
export const CheckOptions = /* @__PURE__ */ z.strictObject({
  interval: PositiveDuration.default(2000).describe('Between the starts of two checks.'),
  timeout: PositiveDuration.default(1000).describe('For a whole check, from connect to the last byte.'),
  rise: z.int().min(1).default(2).describe('Successes in a row that make a down endpoint up.'),
  fall: z.int().min(1).default(3).describe('Failures in a row that make an endpoint down.'),
  initial: z.enum(['unknown', 'down']).default('unknown').describe('unknown serves until judged, down does not.'),
  jitter: z.number().min(0).max(1).default(0.1).describe('Share of the interval by which a check moves at random.'),
});
export type CheckOptions = z.infer<typeof CheckOptions>;

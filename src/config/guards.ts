import { z } from 'zod';
import { section } from './reading.ts';
import { decimal, duration, integer } from './scalars.ts';

const longestMs = 2 ** 30;

/** A pool's circuit breakers, one for each endpoint. */
export const CircuitBreakerFile = section({
  failures: integer({ min: 1, max: 1023 }).prefault(5).describe('Failures in a row that open it.'),
  openFor: duration({ max: longestMs }).prefault('10s').describe('How long an endpoint is left alone then.'),
  halfOpen: integer({ min: 1, max: 63 }).prefault(1).describe('Requests at a time that try it again after that.'),
});

/** A pool's outlier ejection. */
export const OutliersFile = section({
  consecutiveFailures: integer({ max: 1_000_000 }).prefault(5).describe('Failures in a row that eject; 0: never.'),
  interval: duration().prefault('10s').describe('Between two comparisons of the endpoints’ success rates.'),
  minRequests: integer({ min: 1 }).prefault(100).describe('In an interval; fewer are not judged by their rate.'),
  deviations: decimal({ max: 100 }).prefault(1.9).describe('Below the mean rate of at least five endpoints.'),
  failureRate: z.exactOptional(decimal({ max: 1 })).describe('Share of failures that ejects; absent: none.'),
  baseEjection: duration().prefault('30s').describe('Times the number of ejections so far.'),
  maxEjection: duration().prefault('5m').describe('The longest ejection.'),
  maxEjected: decimal({ max: 1 }).prefault(0.5).describe('Share of the endpoints that may be out at a time.'),
});

/** When a pool's checks are not believed. */
export const PanicFile = section({
  below: decimal({ max: 1 }).describe('While fewer than this share of the endpoints is not down, `down` is ignored.'),
});

import type { GuardOptions } from '../picker/guards.ts';
import { checkKeys, checkNumber } from './refuse.ts';

export const NO_END = Number.POSITIVE_INFINITY;

type Ranges = Readonly<Record<string, readonly [least: number, most: number]>>;

const LONGEST_MS = 2 ** 30;
/** The breaker's own default. */
const OPEN_FOR_MS = 10_000;
const RANGES: Readonly<Record<keyof GuardOptions, Ranges>> = {
  circuitBreaker: {
    failures: [1, 1023],
    openForMs: [1, LONGEST_MS],
    halfOpen: [1, 63],
    growth: [1, NO_END],
    maxOpenForMs: [1, LONGEST_MS],
  },
  outliers: {
    consecutiveFailures: [0, NO_END],
    intervalMs: [1, NO_END],
    minRequests: [1, NO_END],
    minEndpoints: [2, NO_END],
    deviations: [0, NO_END],
    minGap: [0, 1],
    fewGap: [0, 1],
    failureRate: [0, 1],
    baseEjectionMs: [1, NO_END],
    maxEjectionMs: [1, NO_END],
    maxEjected: [0, 1],
    minEligible: [0, NO_END],
  },
  slowStart: { windowMs: [1, NO_END], floor: [0, 1], aggression: [Number.MIN_VALUE, NO_END], maxShare: [0, 1] },
  panic: { below: [0, 1] },
};

/** Refuses unknown keys and numbers out of range: `config-invalid`, with place and fix. */
export function checkGuards(given: GuardOptions): void {
  for (const [name, ranges] of Object.entries(RANGES)) {
    const options = given[name as keyof GuardOptions];
    if (options !== undefined) checkNumbers(name, options, ranges);
  }
  const { openForMs = OPEN_FOR_MS, maxOpenForMs } = given.circuitBreaker ?? {};
  if (maxOpenForMs !== undefined) checkNumber('circuitBreaker.maxOpenForMs', maxOpenForMs, openForMs, LONGEST_MS);
  if (given.slowStart !== undefined) checkNumber('slowStart.windowMs', given.slowStart.windowMs, 1, NO_END);
  if (given.panic !== undefined) checkNumber('panic.below', given.panic.below, 0, 1);
}

/** Every value that is there is a number in its range. */
export function checkNumbers(where: string, options: object, ranges: Ranges): void {
  checkKeys(where, options, Object.keys(ranges));
  for (const [key, value] of Object.entries(options)) {
    const [least, most] = ranges[key]!;
    if (value !== undefined) checkNumber(`${where}.${key}`, value, least, most);
  }
}

import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const EXPECTED = 'expected a duration such as 250ms, 2s, 1m or 1h, or a number of milliseconds';
const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;

/** `250ms`, `2s`, `1.5m`, `1h`, or a number of milliseconds (also in text), ≥ 0; parsed to milliseconds. */
export const Duration = /* @__PURE__ */ z
  .union([z.number().nonnegative(EXPECTED), z.string().regex(TEXT, EXPECTED)], { error: EXPECTED })
  .transform(toMilliseconds);
export type Duration = z.infer<typeof Duration>;

/** A `Duration` of at least 1 ms. */
export const PositiveDuration = /* @__PURE__ */ Duration.refine((ms) => ms >= 1, 'must be at least 1ms');
export type PositiveDuration = z.infer<typeof PositiveDuration>;

function toMilliseconds(value: number | string): number {
  if (typeof value === 'number') return value;
  const [, amount, unit] = TEXT.exec(value)!; // the schema accepted it
  return Number(amount) * UNIT_MS[(unit ?? 'ms') as keyof typeof UNIT_MS];
}

import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;

/** `250ms`, `2s`, `1.5m`, `1h`, or a number of milliseconds (also in text), ≥ 0; parsed to milliseconds. */
export const Duration = /* @__PURE__ */ z
  .union([z.number().nonnegative({ error: refusal }), z.string().regex(TEXT, { error: refusal })], { error: refusal })
  .transform(toMilliseconds);
export type Duration = z.infer<typeof Duration>;

/** A `Duration` of at least 1 ms. */
export const PositiveDuration = /* @__PURE__ */ Duration.refine((ms) => ms >= 1, 'must be at least 1ms');
export type PositiveDuration = z.infer<typeof PositiveDuration>;

function refusal({ input }: { readonly input?: unknown }): string {
  return `expected a duration, found ${found(input)}; write 250ms, 2s, 1m, 1h or a number of milliseconds`;
}

function found(input: unknown): string {
  if (typeof input === 'string') return `text "${input.length > 40 ? `${input.slice(0, 40)}…` : input}"`;
  if (input === null || input === undefined) return 'nothing';
  return typeof input === 'object' ? 'a list or mapping' : String(input);
}

function toMilliseconds(value: number | string): number {
  if (typeof value === 'number') return value;
  const [, amount, unit] = TEXT.exec(value)!; // the schema accepted it
  return Number(amount) * UNIT_MS[(unit ?? 'ms') as keyof typeof UNIT_MS];
}

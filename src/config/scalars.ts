import type { z } from 'zod';
import { proposal } from '../core/kernel/proposal.ts';
import { misread, nameOf, type Reading, scalar } from './reading.ts';

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};
/** Timers hold 31 bits of milliseconds. */
const longestMs = 2 ** 31 - 1;

export interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** `250ms`, `2s`, `1m`, `1.5h` or a number of milliseconds → milliseconds. At least 1 and below 25 days. */
export function duration({ min = 1, max = longestMs }: Range = {}): z.ZodType<number, string | number> {
  const read = (value: unknown): Reading<number> => {
    const ms = readUnits(value, durationUnits);
    const fix = 'write 250ms, 2s, 1m, 1h or a number of milliseconds';
    if (ms === undefined) return misread(`expected a duration, found ${nameOf(value)}`, fix);
    return inRange(ms, min, max, formatDuration);
  };
  return scalar(read, { type: ['string', 'number'], pattern: '^\\d+(\\.\\d+)?(ms|s|m|h)?$', minimum: min });
}

/** `64KiB`, `1MiB`, `1GiB`, `10kB`, `5MB` or a number of bytes → bytes. */
export function size({ min = 1, max = Number.MAX_SAFE_INTEGER }: Range = {}): z.ZodType<number, string | number> {
  const read = (value: unknown): Reading<number> => {
    const bytes = readUnits(value, sizeUnits);
    const fix = 'write 64KiB, 1MiB, 1GiB or a number of bytes';
    if (bytes === undefined) return misread(`expected a size, found ${nameOf(value)}`, fix);
    return inRange(bytes, min, max, formatSize);
  };
  const pattern = '^\\d+(\\.\\d+)?(B|kB|MB|GB|KiB|MiB|GiB)?$';
  return scalar(read, { type: ['string', 'number'], pattern, minimum: min });
}

/** A whole number. */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER }: Range = {}): z.ZodType<number, number> {
  const read = (value: unknown): Reading<number> => {
    if (typeof value !== 'number')
      return { ...misread(`expected a number, found ${nameOf(value)}`), expected: 'number' };
    if (!Number.isInteger(value)) return misread(`expected a whole number, found ${value}`);
    return inRange(value, min, max);
  };
  return scalar(read, numberShape('integer', min, max));
}

/** A number, fractions allowed. */
export function decimal({ min = 0, max = Number.MAX_VALUE }: Range = {}): z.ZodType<number, number> {
  const read = (value: unknown): Reading<number> => {
    if (typeof value !== 'number' || Number.isNaN(value)) {
      return { ...misread(`expected a number, found ${nameOf(value)}`), expected: 'number' };
    }
    return inRange(value, min, max);
  };
  return scalar(read, numberShape('number', min, max));
}

export function flag(): z.ZodType<boolean, boolean> {
  const read = (value: unknown): Reading<boolean> =>
    typeof value === 'boolean'
      ? { value }
      : { ...misread(`expected true or false, found ${nameOf(value)}`), expected: 'boolean' };
  return scalar(read, { type: 'boolean' });
}

/** A text that `check` finds no fault with. */
export function text(check: (value: string) => Reading<string> = (value) => ({ value })): z.ZodType<string, string> {
  const read = (value: unknown): Reading<string> => {
    if (typeof value === 'string') return check(value);
    const quotable = typeof value === 'number' || typeof value === 'boolean';
    return misread(`expected text, found ${nameOf(value)}`, quotable ? `put it in quotes: "${value}"` : undefined);
  };
  return scalar(read, { type: 'string' });
}

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[], notYet: readonly string[] = []) {
  const read = (value: unknown): Reading<Word> => {
    const word = words.find((each) => each === value);
    if (word !== undefined) return { value: word };
    if (notYet.includes(String(value))) return misread(`"${value}" is not built yet`, `now: ${words.join(', ')}`);
    const fix = typeof value === 'string' ? proposal(value, words) : `write one of ${words.join(', ')}`;
    return misread(`expected one of ${words.join(', ')}, found ${nameOf(value)}`, fix);
  };
  return scalar<Word>(read, { enum: words });
}

/** The shortest exact form: 90000 → `90s`, 1500 → `1500ms`. */
export function formatDuration(ms: number): string {
  const unit = ['h', 'm', 's'].find((each) => ms !== 0 && ms % durationUnits[each]! === 0) ?? 'ms';
  return `${ms / durationUnits[unit]!}${unit}`;
}

/** The shortest exact form in binary units: 65536 → `64KiB`, 1000 → `1000B`. */
export function formatSize(bytes: number): string {
  const unit = ['GiB', 'MiB', 'KiB'].find((each) => bytes !== 0 && bytes % sizeUnits[each]! === 0) ?? 'B';
  return `${bytes / sizeUnits[unit]!}${unit}`;
}

function readUnits(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  const parts = typeof value === 'string' ? /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(value) : null;
  if (parts === null) return undefined;
  const unit = parts[2] === '' ? 1 : Object.hasOwn(units, parts[2]!) ? units[parts[2]!]! : undefined;
  return unit === undefined ? undefined : Math.round(Number(parts[1]) * unit);
}

function inRange(value: number, min: number, max: number, format: (value: number) => string = String): Reading<number> {
  if (value < min) return misread(`${format(value)} is too small`, `the least is ${format(min)}`);
  if (value > max) return misread(`${format(value)} is too large`, `the most is ${format(max)}`);
  return { value };
}

function numberShape(type: 'integer' | 'number', minimum: number, max: number) {
  return max >= Number.MAX_SAFE_INTEGER ? { type, minimum } : { type, minimum, maximum: max };
}

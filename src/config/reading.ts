import { z } from 'zod';
import { hideUrlSecrets } from '../core/kernel/url-secrets.ts';

/** What reading a value gave: the typed value, or why not and what would do. */
export type Reading<T> = { readonly value: T } | Misread;

export interface Misread {
  readonly message: string;
  readonly fix?: string;
  /** The type that was asked for, where a text from the environment may be converted to it. */
  readonly expected?: 'number' | 'boolean';
}

export const misread = (message: string, fix?: string): Misread => (fix === undefined ? { message } : { message, fix });

export const isMisread = (reading: Reading<unknown>): reading is Misread => 'message' in reading;

/** JSON Schema of the input, as far as an editor can check it. */
export type JsonShape = Readonly<Record<string, unknown>>;

/** A zod type for one scalar, made from a function that reads it and the JSON Schema of what it accepts. */
export function scalar<Out, In = Out>(read: (value: unknown) => Reading<Out>, json: JsonShape): z.ZodType<Out, In> {
  const schema = z.any().transform((value, context): Out => {
    const reading = value === undefined ? misread('is required') : read(value);
    if (!isMisread(reading)) return reading.value;
    const { message, ...params } = reading;
    context.addIssue({ code: 'custom', message, input: value, params: { ...params, missing: value === undefined } });
    return z.NEVER;
  });
  return schema.meta(json) as unknown as z.ZodType<Out, In>;
}

/** A union whose form is known by `formOf`, so that what is wrong is said of the form that was meant, and not of each. */
export function oneOfForms<const Forms extends readonly z.ZodType[]>(
  forms: Forms,
  formOf: (value: unknown) => z.ZodType,
) {
  const schema = z.union(forms);
  schema._zod.parse = (payload, context) => formOf(payload.value)._zod.run(payload, context) as never;
  schema._zod.run = schema._zod.parse;
  return schema;
}

const notYetKeys = new WeakMap<object, readonly string[]>();

/**
 * An object that refuses every key it does not know. Keys of the contract that are not built in this version are
 * listed, so that they are refused with "not yet" instead of "unknown".
 */
export function section<const Shape extends z.core.$ZodLooseShape>(shape: Shape, notYet: readonly string[] = []) {
  const schema = z.strictObject(shape);
  notYetKeys.set(schema._zod.def, notYet);
  return schema;
}

/** The keys given to `section` as not built yet; empty for any other schema. */
export function notYetOf(schema: z.core.$ZodType): readonly string[] {
  return notYetKeys.get(schema._zod.def) ?? [];
}

/** How a value is called in a message: `text "abc"`, `a list`, `nothing`. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return nameOfText(hideUrlSecrets(value));
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

const nameOfText = (text: string): string => (text.length > 40 ? `text "${text.slice(0, 40)}…"` : `text "${text}"`);

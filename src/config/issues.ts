import type { z } from 'zod';
import { closest, proposal } from '../core/kernel/proposal.ts';
import type { Finding, Path } from './problem.ts';
import { nameOf, notYetOf } from './reading.ts';

export interface SchemaResult<T> {
  /** Absent when there are findings. */
  readonly value?: T;
  readonly findings: readonly Finding[];
  /** Paths where a number or a boolean was asked for and a text was found. */
  readonly retypable: readonly Path[];
}

/** Parses by a zod schema and says what is wrong the way a person would. Never throws. */
export function parseBySchema<T>(schema: z.ZodType<T>, value: unknown): SchemaResult<T> {
  const strangers: Finding[] = [];
  const result = schema.safeParse(value, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') strangers.push(...strangersOf(issue));
      return describe(issue);
    },
  });
  if (result.success) return { value: result.data, findings: [], retypable: [] };
  const issues = result.error.issues.filter((issue) => issue.code !== 'unrecognized_keys');
  const findings = issues.map((issue) => toFinding(issue, value));
  const retypable = issues.filter(wantsOtherType).map((issue) => issue.path as Path);
  return { findings: [...strangers, ...findings], retypable };
}

function strangersOf(issue: z.core.$ZodRawIssue<z.core.$ZodIssueUnrecognizedKeys>): Finding[] {
  const schema = issue.inst as z.core.$ZodObject;
  const known = Object.keys(schema._zod.def.shape);
  const notYet = notYetOf(schema);
  return issue.keys.map((key) => {
    const path = [...((issue.path ?? []) as Path), key];
    return { path, ...strangerMessage(key, known, notYet), on: 'key', certain: true };
  });
}

function strangerMessage(key: string, known: readonly string[], notYet: readonly string[]) {
  if (notYet.includes(key)) return { message: `"${key}" is not built yet`, fix: 'leave it out' };
  const guess = closest(key, known) ?? closest(key, notYet);
  if (guess !== undefined && notYet.includes(guess)) {
    return { message: `unknown key "${key}"`, fix: `did you mean "${guess}"? That is not built yet` };
  }
  const fix = proposal(key, known);
  return { message: `unknown key "${key}"`, ...(fix !== undefined && { fix }) };
}

/** Messages for the issues that zod makes itself; a fix follows after a semicolon. */
function describe(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value'))
    return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeNames[issue.expected] ?? issue.expected}, found ${nameOf(issue.input)}`;
    case 'invalid_value': {
      const fix = typeof issue.input === 'string' ? proposal(issue.input, issue.values.map(String)) : undefined;
      const message = `expected ${issue.values.join(', ')}, found ${nameOf(issue.input)}`;
      return fix === undefined ? message : `${message}; ${fix}`;
    }
    case 'invalid_union':
      return 'discriminator' in issue ? describeType(issue) : undefined;
    case 'too_small':
      if (issue.origin === 'array') return 'the list is empty';
      return issue.origin === 'string' ? 'is empty' : `${issue.input} is too small; the least is ${issue.minimum}`;
    case 'too_big':
      return `${issue.input} is too large; the most is ${issue.maximum}`;
    case 'invalid_format':
      return `${nameOf(issue.input)} does not have the form ${issue.pattern ?? issue.format}`;
    default:
      return undefined;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function describeType(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const known = ((issue as { options?: readonly unknown[] }).options ?? []).map(String);
  const tag = String(issue.discriminator);
  const given: unknown = (issue.input as Record<string, unknown> | undefined)?.[tag];
  const mistyped = Object.keys(issue.input ?? {}).find((each) => closest(each, [tag]) !== undefined);
  if (given === undefined && mistyped !== undefined) {
    return `is required, and there is an unknown key "${mistyped}"; did you mean "${tag}"?`;
  }
  if (given === undefined) return `is required; known here: ${known.join(', ')}`;
  if (typeof given !== 'string') return `expected a type, found ${nameOf(given)}; known here: ${known.join(', ')}`;
  return `unknown type "${given}"; ${proposal(given, known)}`;
}

function toFinding(issue: z.core.$ZodIssue, value: unknown): Finding {
  const { path, missing } = trim(issue.path as Path, value);
  const params = issue.code === 'custom' ? (issue.params as { fix?: string } | undefined) : undefined;
  const [message, ...rest] = issue.message.split('; ');
  const fix = params?.fix ?? (rest.length > 0 ? rest.join('; ') : undefined);
  return {
    path,
    message: message!,
    ...(fix !== undefined && { fix }),
    on: missing ? 'key' : 'value',
    certain: !missing,
  };
}

/** Cuts off steps that the input does not have: `policy: x` stands for `policy: { type: x }`. */
function trim(path: Path, value: unknown): { path: Path; missing: boolean } {
  let current = value;
  for (const [depth, step] of path.entries()) {
    if (typeof current !== 'object' || current === null) return { path: path.slice(0, depth), missing: false };
    if (!Object.hasOwn(current, step)) return { path: path.slice(0, depth + 1), missing: true };
    current = (current as Record<string | number, unknown>)[step];
  }
  return { path, missing: false };
}

function wantsOtherType(issue: z.core.$ZodIssue): boolean {
  if (issue.code === 'custom') return (issue.params as { expected?: string } | undefined)?.expected !== undefined;
  return ['invalid_type', 'invalid_union', 'invalid_value', 'invalid_format'].includes(issue.code);
}

import { type LineBytes, MOST_ESCAPED_BYTES } from './line-bytes.ts';
import type { ConnectionRecord, RequestRecord } from './record.ts';

/** Writes records of one listener as lines, their ends included. */
export interface LineFormat {
  /** A line is never longer. */
  readonly mostBytes: number;
  /** It tells what only few formats do, and what is found out only for those. */
  readonly isDetailed: boolean;
  request(line: LineBytes, record: RequestRecord): void;
  connection(line: LineBytes, record: ConnectionRecord): void;
}

export interface LineOptions {
  /** The listener's name. */
  readonly listener: string;
  /** Lower-case names of what records bring as `headers`. */
  readonly headers: readonly string[];
  /** Parameters whose values are hidden. */
  readonly hideQuery: 'all' | readonly string[];
}

/** Texts of a line that are no headers: names, address, method, host, path, request id, and the query, whose hidden values add to it. */
const TEXTS = 12;
/** Keys, numbers and punctuation. */
const FIXED_BYTES = 1024;

/** How long a line can get whose headers have these names. */
export function mostBytes(headers: readonly string[]): number {
  // Around a header: quotes, colon, comma; its name, which is ASCII.
  const named = headers.reduce((sum, name) => sum + 2 * MOST_ESCAPED_BYTES + name.length + 8, 0);
  return FIXED_BYTES + TEXTS * MOST_ESCAPED_BYTES + named;
}

export const LINE_FEED = 10;
export const SPACE = 32;
export const QUOTE = 34;
export const DASH = 45;
export const SLASH = 47;
export const COLON = 58;
export const QUESTION_MARK = 63;

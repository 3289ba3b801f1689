import { HTAB, isName, isToken, latin1, SEMICOLON, SP, startsWith } from './bytes.ts';
import type { RequestHead } from './request-head.ts';

const AMPERSAND = 38;
const EQUALS = 61;
const QUESTION = 63;

/** A parsed head of either kind. */
type Head = Pick<RequestHead, 'bytes' | 'fields'>;

/** The first field of that lower-case name, as an index among the head's fields; −1 when there is none. */
export function fieldOf({ bytes, fields }: Head, lowerName: string): number {
  const { offsets, count } = fields;
  for (let field = 0; field < count; field++) {
    if (isToken(bytes, offsets[4 * field]!, offsets[4 * field + 1]!, lowerName)) return field;
  }
  return -1;
}

/** Its value without white space around it; undefined when there is none. */
export function headerOf(head: Head, lowerName: string): string | undefined {
  const field = fieldOf(head, lowerName);
  if (field === -1) return undefined;
  const { offsets } = head.fields;
  return latin1(head.bytes, offsets[4 * field + 2]!, offsets[4 * field + 3]!);
}

/** The value of the first cookie of that name, over all Cookie lines, as sent; empty when there is none. */
export function cookieOf(head: RequestHead, name: string): string {
  const { bytes, fields } = head;
  const { offsets, count } = fields;
  for (let field = 0; field < count; field++) {
    const start = offsets[4 * field]!;
    if (offsets[4 * field + 1]! - start !== 6 || !isName(bytes, start, 'cookie')) continue;
    const value = pairIn(bytes, offsets[4 * field + 2]!, offsets[4 * field + 3]!, SEMICOLON, name);
    if (value !== null) return value;
  }
  return '';
}

/** The value of the first parameter of that name, as sent: nothing is decoded. Empty when there is none. */
export function parameterOf(head: RequestHead, name: string): string {
  const { bytes, targetEnd } = head;
  const { pathEnd } = head;
  return pathEnd === targetEnd ? '' : (pairIn(bytes, pathEnd + 1, targetEnd, AMPERSAND, name) ?? '');
}

/** Behind the question mark, as sent. */
export function queryOf({ bytes, pathStart, targetEnd }: RequestHead): string {
  let p = pathStart;
  while (p < targetEnd && bytes[p] !== QUESTION) p++;
  return p === targetEnd ? '' : latin1(bytes, p + 1, targetEnd);
}

/** The value of the first `name=value` among the pairs of bytes[from, to); null when there is none. */
function pairIn(bytes: Uint8Array, from: number, to: number, separator: number, name: string): string | null {
  let start = from;
  for (let p = from; p <= to; p++) {
    if (p < to && bytes[p] !== separator) continue;
    while (start < p && isSpace(bytes[start]!)) start++;
    const equals = start + name.length;
    if (equals < p && bytes[equals] === EQUALS && startsWith(bytes, start, name)) {
      let end = p;
      while (end > equals + 1 && isSpace(bytes[end - 1]!)) end--;
      return latin1(bytes, equals + 1, end);
    }
    start = p + 1;
  }
  return null;
}

const isSpace = (byte: number): boolean => byte === SP || byte === HTAB;

const DASH = 45;
const LENGTH = 55;
const NEWEST_VERSION = 0;
const FORBIDDEN_VERSION = 255;

/** Where the parts of a traceparent lie, behind its start. */
export const TRACE_ID = { from: 3, to: 35 } as const;
export const PARENT_ID = { from: 36, to: 52 } as const;
const FLAGS_AT = 53;

/** Bits of the flags: W3C Trace Context §3.2.2.5; the second one is of level 2. */
export const SAMPLED = 1;
export const RANDOM_ID = 2;

/**
 * Reads a traceparent where it lies, bytes[start, end): its flags, 0 to 255; −1 when it is to be ignored.
 *
 * Source  W3C Trace Context §3.2, §3.2.4: lower-case digits, no id of zeros, no version ff; a later version may have more behind
 *         the flags, and another dash before that.
 * Cost    no allocation.
 */
export function readTraceparent(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < LENGTH) return -1;
  const version = hexByte(bytes, start);
  if (version < 0 || version === FORBIDDEN_VERSION) return -1;
  if (end - start > LENGTH && (version === NEWEST_VERSION || bytes[start + LENGTH] !== DASH)) return -1;
  if (bytes[start + 2] !== DASH || bytes[start + TRACE_ID.to] !== DASH) return -1;
  if (bytes[start + PARENT_ID.to] !== DASH) return -1;
  if (!isId(bytes, start + TRACE_ID.from, start + TRACE_ID.to)) return -1;
  if (!isId(bytes, start + PARENT_ID.from, start + PARENT_ID.to)) return -1;
  return hexByte(bytes, start + FLAGS_AT);
}

/** Lower-case digits, not all of them 0. */
function isId(bytes: Uint8Array, from: number, to: number): boolean {
  let any = 0;
  for (let p = from; p < to; p++) {
    const digit = digitOf(bytes[p]!);
    if (digit < 0) return false;
    any |= digit;
  }
  return any !== 0;
}

/** −1 where these are not two lower-case digits. */
function hexByte(bytes: Uint8Array, at: number): number {
  const high = digitOf(bytes[at]!);
  const low = digitOf(bytes[at + 1]!);
  return high < 0 || low < 0 ? -1 : 16 * high + low;
}

function digitOf(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  return byte >= 97 && byte <= 102 ? byte - 87 : -1;
}

/** What a request carries on to the endpoint. */
export function formatTraceparent(traceId: string, spanId: string, flags: number): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

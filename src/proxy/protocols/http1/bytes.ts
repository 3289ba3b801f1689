/** Byte classes and comparisons of HTTP/1.1 messages (RFC 9110 §5.6, RFC 9112). Tables, so that a test is one load. */

export const HTAB = 9;
export const LF = 10;
export const CR = 13;
export const SP = 32;
export const COMMA = 44;
export const SLASH = 47;
export const ZERO = 48;
export const COLON = 58;
export const SEMICOLON = 59;

/** `tchar` of RFC 9110 §5.6.2: what methods and field names are made of. */
export const TOKEN = tableOf("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

/** What a field value may hold: HTAB, SP, VCHAR and obs-text (RFC 9110 §5.5); no other control character. */
export const FIELD_BYTE = tableWhere((byte) => byte === HTAB || (byte >= SP && byte !== 127));

/** What a request target may hold: visible ASCII without `#` (RFC 9112 §3.2 has no fragment). */
export const TARGET_BYTE = tableWhere((byte) => byte > SP && byte < 127 && byte !== 35);

/** What a host name may hold (`reg-name` of RFC 3986), without the comma, which joins repeated fields. */
export const HOST_BYTE = tableOf("-._~%!$&'()*+;=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

/** Value of a hexadecimal digit, or 255. */
export const HEX_VALUE = hexTable();

/**
 * Does bytes[start…] spell `lowerName`, a lower-case field name, in any case? The bytes must be token characters:
 * among those, setting bit 5 maps only a letter's two cases onto each other.
 */
export function isName(bytes: Uint8Array, start: number, lowerName: string): boolean {
  for (let i = 0; i < lowerName.length; i++) {
    if ((bytes[start + i]! | 32) !== lowerName.charCodeAt(i)) return false;
  }
  return true;
}

/** Does bytes[start, end) spell `lowerToken` in any case? */
export function isToken(bytes: Uint8Array, start: number, end: number, lowerToken: string): boolean {
  if (end - start !== lowerToken.length) return false;
  for (let i = 0; i < lowerToken.length; i++) {
    const byte = bytes[start + i]!;
    const lower = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    if (lower !== lowerToken.charCodeAt(i)) return false;
  }
  return true;
}

/** Does bytes[start…] spell `text` exactly? */
export function startsWith(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** The bytes as text, a character a byte. `latin1Slice` is what `toString('latin1')` ends in, without its detours. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return (bytes as Latin1Bytes).latin1Slice(start, end);
}

interface Latin1Bytes extends Uint8Array {
  latin1Slice(start: number, end: number): string;
}

/** Calls `visit` for each element of a comma-separated list, without optional white space; empty ones are skipped. */
export function forEachListElement(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (start: number, end: number) => void,
): void {
  let from = start;
  for (let p = start; p <= end; p++) {
    if (p < end && bytes[p] !== COMMA) continue;
    let last = p;
    while (from < last && (bytes[from] === SP || bytes[from] === HTAB)) from++;
    while (last > from && (bytes[last - 1] === SP || bytes[last - 1] === HTAB)) last--;
    if (last > from) visit(from, last);
    from = p + 1;
  }
}

function tableWhere(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0));
}

function tableOf(characters: string): Uint8Array {
  return tableWhere((byte) => characters.includes(String.fromCharCode(byte)));
}

function hexTable(): Uint8Array {
  const table = new Uint8Array(256).fill(255);
  for (const [value, digit] of [...'0123456789abcdef'].entries()) {
    table[digit.charCodeAt(0)] = value;
    table[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return table;
}

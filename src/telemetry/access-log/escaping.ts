/** How a text of bytes is written so that nothing in it can end it, or the line. */
export interface Escaping {
  /** 1: the byte stands as it is. */
  readonly plain: Uint8Array;
  /** What stands for each other byte. */
  readonly instead: readonly Uint8Array[];
  /** Whole characters of UTF-8 stand as they are; their bytes are not plain, since each sequence is looked at. */
  readonly keepsUtf8: boolean;
  /** Behind a text that was cut. */
  readonly ellipsis: Uint8Array;
}

const encoder = new TextEncoder();

/** The bytes of a text of ours. */
export const encoded = (text: string): Uint8Array => encoder.encode(text);

function createEscaping(
  isPlain: (byte: number) => boolean,
  instead: (byte: number) => string,
  keepsUtf8 = false,
  ellipsis = '...',
): Escaping {
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  return {
    plain: Uint8Array.from(all, (byte) => (isPlain(byte) ? 1 : 0)),
    instead: all.map((byte) => encoded(instead(byte))),
    ...{ keepsUtf8, ellipsis: encoded(ellipsis) },
  };
}

const QUOTE = 34;
const NUMBER_SIGN = 35;
const BACKSLASH = 92;
const isVisible = (byte: number): boolean => byte >= 32 && byte < 127;
const isSafe = (byte: number): boolean => isVisible(byte) && byte !== QUOTE && byte !== BACKSLASH;
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const behindBackslash = (byte: number, otherwise: string): string =>
  byte === QUOTE || byte === BACKSLASH ? `\\${String.fromCharCode(byte)}` : otherwise;

/** A string of JSON (RFC 8259, section 7). A byte that is part of no character of UTF-8 is read as Latin-1. */
export const JSON_TEXT = createEscaping(isSafe, (byte) => behindBackslash(byte, `\\u00${hex(byte)}`), true, '…');

const isUpper = (byte: number): boolean => byte >= 65 && byte <= 90;

/** The same in lower case. */
export const JSON_LOWER: Escaping = {
  ...JSON_TEXT,
  plain: JSON_TEXT.plain.map((plain, byte) => (isUpper(byte) ? 0 : plain)),
  instead: JSON_TEXT.instead.map((text, byte) => (isUpper(byte) ? Uint8Array.of(byte + 32) : text)),
};

/** As Apache writes what stands between quotes (mod_log_config). */
export const APACHE_TEXT = createEscaping(isSafe, (byte) => behindBackslash(byte, `\\x${hex(byte)}`));

/** As HAProxy writes a request (configuration manual, section 8.6). */
export const HAPROXY_TEXT = createEscaping(
  (byte) => isVisible(byte) && byte !== QUOTE && byte !== NUMBER_SIGN,
  (byte) => `#${hex(byte).toUpperCase()}`,
);

/** As above, where spaces part the fields. */
export const HAPROXY_NAME: Escaping = {
  ...HAPROXY_TEXT,
  plain: HAPROXY_TEXT.plain.map((plain, byte) => (byte === 32 ? 0 : plain)),
};

const isTail = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/**
 * How many bytes the character of UTF-8 at `at` has (RFC 3629, section 4); 0: there is none, or it is a control character
 * (U+0080 to U+009F), which a terminal would obey.
 */
export function characterBytes(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > end) return 0;
  const second = bytes[at + 1]!;
  for (let i = 1; i < length; i++) if (!isTail(bytes[at + i])) return 0;
  if (first === 0xc2 && second < 0xa0) return 0;
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second >= 0xa0)) return 0;
  return (first === 0xf0 && second < 0x90) || (first === 0xf4 && second >= 0x90) ? 0 : length;
}

import { COLON, HEX_VALUE, HOST_BYTE, ZERO } from './bytes.ts';

const BRACKET = 91;
const CLOSING_BRACKET = 93;
const DOT = 46;

/** `uri-host [":" port]`, not empty; brackets only around an IPv6 literal (RFC 3986 §3.2.2). */
export function isHost(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] === BRACKET) return isLiteral(bytes, start + 1, end);
  let p = start;
  while (p < end && HOST_BYTE[bytes[p]!] === 1) p++;
  return p > start && isPortPart(bytes, p, end);
}

/** The rest of `[…]` and what may follow it. */
function isLiteral(bytes: Uint8Array, start: number, end: number): boolean {
  let colons = 0;
  let p = start;
  for (; p < end && bytes[p] !== CLOSING_BRACKET; p++) {
    if (bytes[p] === COLON) colons++;
    else if (bytes[p] !== DOT && HEX_VALUE[bytes[p]!] === 255) return false;
  }
  return p < end && colons >= 2 && isPortPart(bytes, p + 1, end);
}

/** Nothing, or a colon and at most a decimal number up to 65535. */
function isPortPart(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true;
  if (bytes[start] !== COLON) return false;
  let port = 0;
  for (let p = start + 1; p < end; p++) {
    const digit = bytes[p]! - ZERO;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
    if (port > 65_535) return false;
  }
  return true;
}

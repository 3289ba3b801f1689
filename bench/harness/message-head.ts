/** Reading of an HTTP/1.1 head as bytes, without allocation; enough for messages whose sender is known to be correct. */

const CR = 13;
const LF = 10;
const SPACE = 32;
const ZERO = 48;
const NINE = 57;
const CONTENT_LENGTH = new TextEncoder().encode('content-length:');

/** Offset behind the empty line; -1 while it has not come. */
export function headEnd(bytes: Uint8Array, count: number): number {
  for (let at = 3; at < count; at++) {
    if (bytes[at] === LF && bytes[at - 1] === CR && bytes[at - 2] === LF) return at + 1;
  }
  return -1;
}

/** Value of Content-Length; -1 without one. */
export function contentLength(bytes: Uint8Array, end: number): number {
  const line = findLine(bytes, end, CONTENT_LENGTH);
  if (line < 0) return -1;
  let digit = line + CONTENT_LENGTH.length;
  while (bytes[digit] === SPACE) digit++;
  let value = 0;
  for (; bytes[digit]! >= ZERO && bytes[digit]! <= NINE; digit++) value = value * 10 + bytes[digit]! - ZERO;
  return value;
}

/** Offset of the field line that begins with `start` (lower case; matched in any case); -1 without one. */
export function findLine(bytes: Uint8Array, end: number, start: Uint8Array): number {
  for (let at = 0; at < end; at++) {
    if (bytes[at] === LF && beginsWith(bytes, at + 1, start)) return at + 1;
  }
  return -1;
}

function beginsWith(bytes: Uint8Array, from: number, start: Uint8Array): boolean {
  for (let index = 0; index < start.length; index++) {
    // Setting 0x20 makes letters lower case and leaves `-`, `:` and space as they are.
    if ((bytes[from + index]! | 0x20) !== start[index]) return false;
  }
  return true;
}

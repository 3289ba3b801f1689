import { characterBytes, type Escaping, encoded } from './escaping.ts';

/** Longer texts are cut, so that a line mostly stays within what one write keeps whole on a pipe. */
export const MOST_TEXT_BYTES = 512;
/** What a text becomes at most: `\u0000` for a byte is the longest escape. */
export const MOST_ESCAPED_BYTES = 6 * MOST_TEXT_BYTES;

const ZERO = 48;
const POINT = 46;
const MINUS = 45;
/** Below, an integer is small for the machine. */
const BILLION = 1_000_000_000;

/** Where from[start, end) is cut; `end` where it is short enough. */
export function cutOf(from: Uint8Array, start: number, end: number): number {
  if (end - start <= MOST_TEXT_BYTES) return end;
  let cut = start + MOST_TEXT_BYTES - 1;
  // Not within a character.
  for (let i = 0; i < 3 && (from[cut]! & 0xc0) === 0x80; i++) cut--;
  return cut;
}

/**
 * Lines one behind the other, in memory that is there already: nothing is allocated for one.
 *
 * Errors  whoever writes has seen to it that there is room.
 */
export class LineBytes {
  readonly bytes: Uint8Array;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** Bytes that need no escaping. */
  constant(text: Uint8Array): void {
    const { bytes, length } = this;
    for (let i = 0; i < text.length; i++) bytes[length + i] = text[i]!;
    this.length = length + text.length;
  }

  /** from[start, end) with what must be escaped escaped, cut where it is too long. */
  text(from: Uint8Array, start: number, end: number, escaping: Escaping): void {
    if (end - start <= MOST_TEXT_BYTES) this.#escaped(from, start, end, escaping);
    else {
      this.#escaped(from, start, cutOf(from, start, end), escaping);
      this.constant(escaping.ellipsis);
    }
  }

  #escaped(from: Uint8Array, start: number, end: number, escaping: Escaping): void {
    const { plain } = escaping;
    const { bytes } = this;
    let at = this.length;
    for (let i = start; i < end; i++) {
      const byte = from[i]!;
      if (plain[byte] === 1) bytes[at++] = byte;
      else {
        this.length = at;
        i += this.#special(from, i, end, escaping) - 1;
        at = this.length;
      }
    }
    this.length = at;
  }

  /** How many bytes are dealt with. */
  #special(from: Uint8Array, at: number, end: number, { instead, keepsUtf8 }: Escaping): number {
    const byte = from[at]!;
    const length = keepsUtf8 && byte >= 0x80 ? characterBytes(from, at, end) : 0;
    if (length === 0) this.constant(instead[byte]!);
    for (let i = 0; i < length; i++) this.byte(from[at + i]!);
    return length || 1;
  }

  /** As `text`; a short one of plain characters needs no bytes of its own. */
  string(text: string, escaping: Escaping): void {
    const { plain } = escaping;
    const { bytes, length } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127 || plain[code] !== 1 || i === MOST_TEXT_BYTES) {
        const whole = encoded(text);
        this.text(whole, 0, whole.length, escaping);
        return;
      }
      bytes[length + i] = code;
    }
    this.length = length + text.length;
  }

  /** A whole number. */
  integer(value: number): void {
    if (value < 0) {
      this.byte(MINUS);
      this.integer(-value);
    } else if (value >= BILLION) {
      const high = Math.floor(value / BILLION);
      this.integer(high);
      this.digits(value - high * BILLION, 9);
    } else {
      let count = 1;
      for (let limit = 10; value >= limit && count < 9; limit *= 10) count++;
      this.digits(value, count);
    }
  }

  /** The last `count` digits of a whole number below a billion. */
  digits(value: number, count: number): void {
    const { bytes, length } = this;
    let left = value | 0;
    for (let i = length + count - 1; i >= length; i--) {
      const tenth = (left / 10) | 0;
      bytes[i] = ZERO + left - 10 * tenth;
      left = tenth;
    }
    this.length = length + count;
  }

  /** Milliseconds with three decimals. */
  millis(ms: number): void {
    const us = Math.round(ms * 1000);
    const whole = Math.floor(us / 1000);
    this.integer(whole);
    this.byte(POINT);
    this.digits(us - whole * 1000, 3);
  }
}

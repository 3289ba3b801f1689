import { type Escaping, encoded } from './escaping.ts';
import { decoded } from './hide-query.ts';
import { cutOf, type LineBytes } from './line-bytes.ts';

const AMPERSAND = 38;
const EQUALS = 61;
const PERCENT = 37;
const QUESTION = 63;
const HIDDEN = encoded('***');

/** As `createQueryFilter`, from bytes to a line: writes what a log may show of a query, or of a URL with one. */
export class QueryFilter {
  readonly #hidesAll: boolean;
  readonly #names: readonly Uint8Array[];

  /** The names of parameters whose values are hidden; `all`: every query is. */
  constructor(hidden: 'all' | readonly string[]) {
    this.#hidesAll = hidden === 'all';
    this.#names = hidden === 'all' ? [] : hidden.map(encoded);
  }

  /** from[start, end) is a query, without its question mark. */
  write(line: LineBytes, from: Uint8Array, start: number, end: number, escaping: Escaping): void {
    if (this.#hidesAll && end > start) line.constant(HIDDEN);
    else if (this.#names.length === 0) line.text(from, start, end, escaping);
    else this.#writePairs(line, from, start, end, escaping);
  }

  /** from[start, end) is a URL. */
  writeUrl(line: LineBytes, from: Uint8Array, start: number, end: number, escaping: Escaping): void {
    const mark = from.indexOf(QUESTION, start);
    if (mark === -1 || mark >= end) {
      line.text(from, start, end, escaping);
      return;
    }
    line.text(from, start, mark, escaping);
    line.byte(QUESTION);
    this.write(line, from, mark + 1, end, escaping);
  }

  /** What is shown is written in one piece, up to each value that is not. */
  #writePairs(line: LineBytes, from: Uint8Array, start: number, end: number, escaping: Escaping): void {
    const most = cutOf(from, start, end);
    let shownFrom = start;
    for (let p = start; p < most; ) {
      const pairEnd = indexBefore(from, AMPERSAND, p, most);
      const equals = indexBefore(from, EQUALS, p, pairEnd);
      if (equals < pairEnd && this.#hides(from, p, equals)) {
        line.text(from, shownFrom, equals + 1, escaping);
        line.constant(HIDDEN);
        shownFrom = pairEnd;
      }
      p = pairEnd + 1;
    }
    if (shownFrom < most) line.text(from, shownFrom, most, escaping);
    if (most < end) line.constant(escaping.ellipsis);
  }

  /** A name may come percent-encoded, and means the same then. */
  #hides(from: Uint8Array, start: number, end: number): boolean {
    if (indexBefore(from, PERCENT, start, end) < end) return this.#hidesDecoded(from.subarray(start, end));
    for (const name of this.#names) if (name.length === end - start && isAt(from, start, name)) return true;
    return false;
  }

  #hidesDecoded(sent: Uint8Array): boolean {
    const name = encoded(decoded(String.fromCharCode(...sent)));
    return this.#names.some((each) => each.length === name.length && isAt(name, 0, each));
  }
}

/** The first `byte` of from[start, end), or `end`. */
function indexBefore(from: Uint8Array, byte: number, start: number, end: number): number {
  let p = start;
  while (p < end && from[p] !== byte) p++;
  return p;
}

function isAt(from: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (from[start + i] !== text[i]) return false;
  return true;
}

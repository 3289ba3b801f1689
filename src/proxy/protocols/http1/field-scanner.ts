import { COLON, CR, FIELD_BYTE, HTAB, LF, SP, TOKEN } from './bytes.ts';

/** What a scan or a parse ended with; any other number is the HTTP status that refuses the message. */
export const COMPLETE = 0;
export const INCOMPLETE = 1;

const NAME = 0;
const LEADING_SPACE = 1;
const VALUE = 2;
const LINE_END = 3;
const SECTION_END = 4;

/**
 * Scans a field section (headers or trailers) into offsets: strict, incremental, byte by byte.
 *
 * Any cut of the input gives the same result, and no byte is looked at twice. Refused (RFC 9112 §2.2, §5): bare CR or
 * LF, folded lines, white space before the colon, an empty or non-token name, control characters in a value.
 */
export class FieldScanner {
  /** Four numbers a field: name start, name end, value start, value end (without surrounding white space). */
  readonly offsets: Int32Array;
  count = 0;
  /** After COMPLETE: the index behind the empty line. */
  position = 0;
  #stage = NAME;

  constructor(maxFields: number) {
    // One more: the line that is too many, or the empty one, begins like a field.
    this.offsets = new Int32Array(4 * (maxFields + 1));
  }

  begin(position: number): void {
    this.position = position;
    this.offsets[0] = position;
    this.#stage = NAME;
    this.count = 0;
  }

  /** Goes on up to `end`; the bytes before it must be those of the previous calls. 400 and 431 refuse. */
  scan(bytes: Uint8Array, end: number): number {
    const { offsets } = this;
    let p = this.position;
    let stage = this.#stage;
    let field = 4 * this.count;
    while (p < end) {
      if (stage === NAME) {
        while (p < end && TOKEN[bytes[p]!] === 1) p++;
        if (p === end) break;
        const byte = bytes[p]!;
        if (byte === COLON && p > offsets[field]!) {
          offsets[field + 1] = p;
          stage = LEADING_SPACE;
        } else if (byte === CR && p === offsets[field]) {
          stage = SECTION_END;
        } else return 400;
        p++;
      }
      if (stage === LEADING_SPACE) {
        while (p < end && (bytes[p] === SP || bytes[p] === HTAB)) p++;
        if (p === end) break;
        offsets[field + 2] = p;
        stage = VALUE;
      }
      if (stage === VALUE) {
        while (p < end && FIELD_BYTE[bytes[p]!] === 1) p++;
        if (p === end) break;
        if (bytes[p] !== CR) return 400;
        stage = LINE_END;
        p++;
      }
      if (p === end) break;
      if (bytes[p] !== LF) return 400;
      p++;
      if (stage === SECTION_END) {
        this.position = p;
        this.count = field >> 2;
        return COMPLETE;
      }
      if (field === offsets.length - 4) return 431;
      offsets[field + 3] = trimmedEnd(bytes, offsets[field + 2]!, p - 2);
      field += 4;
      offsets[field] = p;
      stage = NAME;
    }
    this.position = p;
    this.#stage = stage;
    this.count = field >> 2;
    return INCOMPLETE;
  }

  /** Where the line of a field begins and ends (behind its CRLF). */
  lineStart(field: number): number {
    return this.offsets[4 * field]!;
  }

  lineEnd(field: number, bytes: Uint8Array): number {
    let p = this.offsets[4 * field + 3]!;
    while (bytes[p] !== LF) p++;
    return p + 1;
  }
}

/** Where a value ends that is followed by optional white space up to `end`. */
function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let p = end;
  while (p > start && (bytes[p - 1] === SP || bytes[p - 1] === HTAB)) p--;
  return p;
}

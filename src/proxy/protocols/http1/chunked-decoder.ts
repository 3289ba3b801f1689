import { CR, FIELD_BYTE, HEX_VALUE, HTAB, LF, latin1, SEMICOLON, SP } from './bytes.ts';
import { Cuts } from './cuts.ts';
import { COMPLETE, FieldScanner, INCOMPLETE } from './field-scanner.ts';

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILERS = 6;
const DONE = 7;

/** A size line, extensions included, is not longer; a longer one only serves to waste time (CVE-2023-39326). */
const MAX_SIZE_LINE = 256;
const MAX_SIZE_DIGITS = 13;
const TRAILER_BYTES = 8192;
const TRAILER_FIELDS = 32;
const NO_BYTES = Buffer.alloc(0);

/**
 * Reads a chunked body strictly and says which of its bytes to forward: re-framing by leaving out.
 *
 * What remains after `cuts` is canonical: sizes without leading zeros, no extensions (they end at each hop, RFC 9112
 * §7.1.1), data. With `payloadOnly` the framing is cut as well (for HTTP/1.0 clients). The last chunk and the trailers
 * are never forwarded verbatim: when `done`, the caller sends `tail`.
 */
export class ChunkedDecoder {
  /** Ranges of the bytes last fed that are not forwarded. */
  readonly cuts = new Cuts();
  done = false;
  /** Bytes of content so far. */
  contentBytes = 0;
  #stage = SIZE;
  #size = 0;
  #digits = 0;
  #lineBytes = 0;
  #payloadOnly = false;
  #trailers: { bytes: Buffer; length: number; scanner: FieldScanner } | null = null;

  begin(payloadOnly: boolean): void {
    this.#stage = SIZE;
    this.#size = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
    this.#payloadOnly = payloadOnly;
    this.#trailers = null;
    this.done = false;
    this.contentBytes = 0;
    this.cuts.clear();
  }

  /**
   * Feeds bytes[from, to). The index behind what belongs to this body, or −1 when it is malformed.
   * Forward bytes[from, index) without `cuts`.
   */
  feed(bytes: Uint8Array, from: number, to: number): number {
    this.cuts.clear();
    let p = from;
    while (p < to && this.#stage !== DONE) {
      if (this.#stage === DATA) {
        const taken = Math.min(this.#size, to - p);
        this.contentBytes += taken;
        this.#size -= taken;
        p += taken;
        if (this.#size === 0) this.#stage = DATA_CR;
      } else if (this.#stage === TRAILERS) p = this.#feedTrailers(bytes, p, to);
      else if (this.#feedFraming(bytes[p]!, p)) p++;
      else return -1;
      if (p < 0) return -1;
    }
    return p;
  }

  /** The last chunk and the trailers that may pass; empty with `payloadOnly`. Valid when `done`. */
  get tail(): Buffer {
    if (this.#payloadOnly) return NO_BYTES;
    const trailers = this.#trailers;
    if (trailers === null || trailers.scanner.count === 0) return LAST_CHUNK;
    return Buffer.concat([Buffer.from('0\r\n'), ...allowedTrailers(trailers.bytes, trailers.scanner), CRLF]);
  }

  /** One byte of a size line or of the line end behind data. False refuses it. */
  #feedFraming(byte: number, p: number): boolean {
    switch (this.#stage) {
      case SIZE:
        return this.#feedSize(byte, p);
      case EXTENSION:
        return this.#feedExtension(byte, p);
      case SIZE_LF:
        if (byte !== LF) return false;
        this.#endSizeLine(p);
        return true;
      case DATA_CR:
        if (this.#payloadOnly) this.cuts.add(p, p + 1);
        this.#stage = DATA_LF;
        return byte === CR;
      default:
        if (this.#payloadOnly) this.cuts.add(p, p + 1);
        this.#stage = SIZE;
        this.#digits = 0;
        this.#size = 0;
        this.#lineBytes = 0;
        return byte === LF;
    }
  }

  #feedSize(byte: number, p: number): boolean {
    const value = HEX_VALUE[byte]!;
    if (value !== 255) {
      const leadingZero = value === 0 && this.#size === 0;
      this.#size = this.#size * 16 + value;
      // A zero before other digits says nothing; the last chunk's zero is in `tail`.
      if (leadingZero || this.#payloadOnly) this.cuts.add(p, p + 1);
      return ++this.#digits <= MAX_SIZE_LINE && this.#size < 16 ** MAX_SIZE_DIGITS;
    }
    if (this.#digits === 0) return false;
    if (byte === CR) {
      this.#cutFraming(p);
      this.#stage = SIZE_LF;
      return true;
    }
    if (byte !== SEMICOLON) return false;
    this.#stage = EXTENSION;
    this.cuts.add(p, p + 1);
    return true;
  }

  #feedExtension(byte: number, p: number): boolean {
    if (byte === CR) {
      this.#cutFraming(p);
      this.#stage = SIZE_LF;
      return true;
    }
    this.cuts.add(p, p + 1);
    const allowed = FIELD_BYTE[byte] === 1 && byte !== HTAB && byte !== SP;
    return allowed && ++this.#lineBytes <= MAX_SIZE_LINE;
  }

  #endSizeLine(p: number): void {
    this.#cutFraming(p);
    this.#stage = this.#size === 0 ? TRAILERS : DATA;
  }

  #cutFraming(p: number): void {
    if (this.#payloadOnly || this.#size === 0) this.cuts.add(p, p + 1);
  }

  /** Trailers are few and small: they are collected, so that forbidden ones can be dropped. */
  #feedTrailers(bytes: Uint8Array, from: number, to: number): number {
    if (this.#trailers === null && to - from >= 2 && bytes[from] === CR && bytes[from + 1] === LF) {
      return this.#end(from, from + 2);
    }
    this.#trailers ??= newTrailers();
    const { bytes: collected, scanner } = this.#trailers;
    const before = this.#trailers.length;
    const taken = Math.min(to - from, collected.byteLength - before);
    collected.set(bytes.subarray(from, from + taken), before);
    const status = scanner.scan(collected, before + taken);
    if (status !== COMPLETE && (status !== INCOMPLETE || before + taken === collected.byteLength)) return -1;
    const used = status === COMPLETE ? scanner.position - before : taken;
    this.#trailers.length = before + used;
    if (status === COMPLETE) return this.#end(from, from + used);
    this.cuts.add(from, from + used);
    return from + used;
  }

  #end(from: number, to: number): number {
    this.cuts.add(from, to);
    this.#stage = DONE;
    this.done = true;
    return to;
  }
}

const CRLF = Buffer.from('\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** Fields that frame, route or authenticate a message may not come behind its body (RFC 9110 §6.5.1). */
const FORBIDDEN_TRAILERS = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-real-ip',
  'x-request-id',
]);

function newTrailers(): { bytes: Buffer; length: number; scanner: FieldScanner } {
  const scanner = new FieldScanner(TRAILER_FIELDS);
  scanner.begin(0);
  return { bytes: Buffer.alloc(TRAILER_BYTES), length: 0, scanner };
}

function allowedTrailers(bytes: Buffer, scanner: FieldScanner): Buffer[] {
  const lines: Buffer[] = [];
  for (let field = 0; field < scanner.count; field++) {
    const name = latin1(bytes, scanner.offsets[4 * field]!, scanner.offsets[4 * field + 1]!).toLowerCase();
    if (isForbiddenTrailer(name)) continue;
    lines.push(bytes.subarray(scanner.lineStart(field), scanner.lineEnd(field, bytes)));
  }
  return lines;
}

/** Underscores count as dashes, as endpoints behind CGI or WSGI read them. */
function isForbiddenTrailer(lowerName: string): boolean {
  const name = lowerName.replaceAll('_', '-');
  return FORBIDDEN_TRAILERS.has(name) || name.startsWith('x-forwarded-') || name.startsWith('proxy-');
}

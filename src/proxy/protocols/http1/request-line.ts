import { COLON, CR, isToken, LF, latin1, SLASH, SP, startsWith, TARGET_BYTE, TOKEN } from './bytes.ts';
import { COMPLETE, INCOMPLETE } from './field-scanner.ts';
import { isHost } from './host.ts';

/**
 * The first line of a request, as offsets into its bytes: method, target in each of its forms, version
 * (RFC 9112 §3). One reading or none: every space, and the version's place, is fixed.
 */
export class RequestLine {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** Where the path begins: `targetStart`, or behind the authority of an absolute-form target. */
  pathStart = 0;
  hostStart = 0;
  hostEnd = 0;
  isAbsoluteForm = false;
  /** `OPTIONS *`. */
  isAsterisk = false;
  isHttp10 = false;
  isHead = false;
  /** Safe to send again when no byte of an answer came (RFC 9110 §9.2.2). */
  isIdempotent = false;
  /** Where the fields begin; −1 until the line is complete. */
  fieldsStart = -1;
  #searchedTo = 0;
  #emptyLineSkipped = false;

  beginLine(bytes: Uint8Array, start: number): void {
    this.bytes = bytes;
    this.start = start;
    this.fieldsStart = -1;
    this.#searchedTo = start;
    this.#emptyLineSkipped = false;
  }

  get method(): string {
    return latin1(this.bytes, this.start, this.methodEnd);
  }

  get host(): string {
    return latin1(this.bytes, this.hostStart, this.hostEnd);
  }

  /** Path without query. */
  get path(): string {
    const { pathEnd } = this;
    return pathEnd === this.pathStart ? '/' : latin1(this.bytes, this.pathStart, pathEnd);
  }

  get pathEnd(): number {
    let p = this.pathStart;
    while (p < this.targetEnd && this.bytes[p] !== 63) p++;
    return p;
  }

  /** COMPLETE, INCOMPLETE, or the status that refuses the request. */
  parseLine(bytes: Uint8Array, end: number): number {
    if (this.#searchedTo === this.start && end > this.start) {
      // One empty line before a request is tolerated (RFC 9112 §2.2).
      if (bytes[this.start] === CR && !this.#emptyLineSkipped) {
        if (end < this.start + 2) return INCOMPLETE;
        if (bytes[this.start + 1] !== LF) return 400;
        this.start += 2;
        this.#searchedTo = this.start;
        this.#emptyLineSkipped = true;
        if (end === this.start) return INCOMPLETE;
      }
      if (TOKEN[bytes[this.start]!] !== 1) return 400;
    }
    let p = this.#searchedTo;
    while (p < end && bytes[p]! !== LF) p++;
    this.#searchedTo = p;
    if (p === end) return INCOMPLETE;
    this.fieldsStart = p + 1;
    return this.#parseRequestLine(bytes, p);
  }

  #parseRequestLine(bytes: Uint8Array, lineFeed: number): number {
    // " HTTP/1.x\r" before the line feed: fixed places make every other reading impossible.
    const versionStart = lineFeed - 9;
    let p = this.start;
    while (p < versionStart && TOKEN[bytes[p]!] === 1) p++;
    if (p === this.start || bytes[p] !== SP) return 400;
    this.methodEnd = p;
    this.targetStart = ++p;
    while (p < versionStart && TARGET_BYTE[bytes[p]!] === 1) p++;
    this.targetEnd = p;
    if (p === this.targetStart || p !== versionStart - 1 || bytes[p] !== SP || bytes[lineFeed - 1] !== CR) return 400;
    if (!startsWith(bytes, versionStart, 'HTTP/') || bytes[versionStart + 6] !== 46) return 400;
    const major = bytes[versionStart + 5]!;
    const minor = bytes[versionStart + 7]!;
    if (major !== 49 || (minor !== 49 && minor !== 48)) return 505;
    this.isHttp10 = minor === 48;
    this.#classifyMethod(bytes);
    return this.#parseTarget(bytes);
  }

  #classifyMethod(bytes: Uint8Array): void {
    const length = this.methodEnd - this.start;
    const first = bytes[this.start]!;
    this.isHead = length === 4 && startsWith(bytes, this.start, 'HEAD');
    this.isIdempotent =
      this.isHead ||
      (length === 3 && (first === 71 ? startsWith(bytes, this.start, 'GET') : startsWith(bytes, this.start, 'PUT'))) ||
      (length === 6 && startsWith(bytes, this.start, 'DELETE')) ||
      (length === 7 && startsWith(bytes, this.start, 'OPTIONS')) ||
      (length === 5 && startsWith(bytes, this.start, 'TRACE'));
  }

  #parseTarget(bytes: Uint8Array): number {
    const { targetStart, targetEnd } = this;
    this.pathStart = targetStart;
    this.isAbsoluteForm = false;
    this.isAsterisk = false;
    const methodLength = this.methodEnd - this.start;
    if (methodLength === 7 && startsWith(bytes, this.start, 'CONNECT')) return 501;
    if (bytes[targetStart] === SLASH) return COMPLETE;
    if (bytes[targetStart] === 42 && targetEnd === targetStart + 1) {
      this.isAsterisk = true;
      return methodLength === 7 && startsWith(bytes, this.start, 'OPTIONS') ? COMPLETE : 400;
    }
    return this.#parseAbsoluteForm(bytes);
  }

  /** `http://host:port/path`: its authority takes the place of Host (RFC 9112 §3.2.2). */
  #parseAbsoluteForm(bytes: Uint8Array): number {
    const { targetStart, targetEnd } = this;
    let schemeEnd = targetStart;
    while (schemeEnd < targetEnd && bytes[schemeEnd] !== COLON) schemeEnd++;
    const known = isToken(bytes, targetStart, schemeEnd, 'http') || isToken(bytes, targetStart, schemeEnd, 'https');
    if (!known || !startsWith(bytes, schemeEnd, '://')) return 400;
    let p = schemeEnd + 3;
    this.hostStart = p;
    while (p < targetEnd && bytes[p] !== SLASH && bytes[p] !== 63) p++;
    this.hostEnd = p;
    this.pathStart = p;
    this.isAbsoluteForm = true;
    return isHost(bytes, this.hostStart, this.hostEnd) ? COMPLETE : 400;
  }
}

import { CR, FIELD_BYTE, forEachListElement, isName, isToken, LF, SP, startsWith, ZERO } from './bytes.ts';
import { cutConnectionNamed } from './connection-named.ts';
import { parseContentLength } from './content-length.ts';
import { Cuts } from './cuts.ts';
import { COMPLETE, FieldScanner, INCOMPLETE } from './field-scanner.ts';
import type { HeadLimits } from './request-head.ts';

/** What refuses a response; the client gets 502. */
export const BAD_RESPONSE = 502;

/**
 * Parses one response head in place, strictly and incrementally; the counterpart of `RequestHead`.
 *
 * `parse` ends with COMPLETE, INCOMPLETE or BAD_RESPONSE. A response with two readings (repeated Content-Length,
 * Content-Length with Transfer-Encoding, an unknown coding) is never forwarded (RFC 9112 §6.3).
 */
export class ResponseHead {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  /** Behind the empty line. */
  end = 0;
  status = 0;
  isHttp10 = false;
  /** No space behind the status, where RFC 9112 §4 wants one even without a reason. */
  lacksReason = false;
  /** Behind the status line. */
  fieldsStart = 0;
  keepAlive = true;
  /** −1: no Content-Length. */
  contentLength = -1;
  isChunked = false;
  /** The Transfer-Encoding line, which stays where the body goes out chunked; −1: none. */
  codingField = -1;
  /** The value of Upgrade, for a 101; −1 otherwise. */
  upgradeStart = -1;
  upgradeEnd = -1;
  /** What the endpoint says of its load, where that is wanted; −1: nothing. Its lines are cut. */
  reportStart = -1;
  reportEnd = -1;
  isReportBinary = false;
  readonly cuts = new Cuts();
  readonly fields: FieldScanner;

  readonly #limits: HeadLimits;
  #readsReports = false;
  #lineParsed = false;
  #searchedTo = 0;
  #lengths = 0;
  #codings = 0;
  #closes = false;
  #connectionNames = false;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
    this.fields = new FieldScanner(limits.headerFields);
  }

  /** `readsReports`: `endpoint-load-metrics` is for us; else it is a field like others. */
  begin(bytes: Uint8Array, start: number, readsReports = false): void {
    this.bytes = bytes;
    this.start = start;
    this.#readsReports = readsReports;
    this.#lineParsed = false;
    this.#searchedTo = start;
    this.cuts.clear();
  }

  parse(bytes: Uint8Array, end: number): number {
    this.bytes = bytes;
    const limit = Math.min(end, this.start + this.#limits.headBytes);
    if (!this.#lineParsed) {
      const status = this.#parseLine(bytes, limit);
      if (status === INCOMPLETE && limit < end) return BAD_RESPONSE;
      if (status !== COMPLETE) return status;
    }
    const status = this.fields.scan(bytes, limit);
    if (status === INCOMPLETE) return limit < end ? BAD_RESPONSE : INCOMPLETE;
    return status === COMPLETE ? this.#classify(bytes) : BAD_RESPONSE;
  }

  #parseLine(bytes: Uint8Array, end: number): number {
    let p = this.#searchedTo;
    while (p < end && bytes[p] !== LF) p++;
    this.#searchedTo = p;
    if (p === end) {
      // Anything but an answer is known by its first bytes; it need not send a line feed.
      const known = Math.min(5, end - this.start);
      return startsWith(bytes, this.start, 'HTTP/'.slice(0, known)) ? INCOMPLETE : BAD_RESPONSE;
    }
    this.#lineParsed = true;
    this.fieldsStart = p + 1;
    this.fields.begin(p + 1);
    return this.#parseStatusLine(bytes, p);
  }

  /** `HTTP/1.1 200 OK`; the reason, and the space before it, may be missing, as some servers have it. */
  #parseStatusLine(bytes: Uint8Array, lineFeed: number): number {
    const { start } = this;
    if (lineFeed < start + 13 || !startsWith(bytes, start, 'HTTP/1.') || bytes[lineFeed - 1] !== CR)
      return BAD_RESPONSE;
    const minor = bytes[start + 7]! - ZERO;
    if ((minor !== 0 && minor !== 1) || bytes[start + 8] !== SP) return BAD_RESPONSE;
    this.isHttp10 = minor === 0;
    this.status = 0;
    for (let p = start + 9; p < start + 12; p++) {
      const digit = bytes[p]! - ZERO;
      if (digit < 0 || digit > 9) return BAD_RESPONSE;
      this.status = this.status * 10 + digit;
    }
    if (this.status < 100 || this.status > 599) return BAD_RESPONSE;
    let p = start + 12;
    this.lacksReason = p === lineFeed - 1;
    if (p < lineFeed - 1 && bytes[p] !== SP) return BAD_RESPONSE;
    while (p < lineFeed - 1 && FIELD_BYTE[bytes[p]!] === 1) p++;
    return p === lineFeed - 1 ? COMPLETE : BAD_RESPONSE;
  }

  #classify(bytes: Uint8Array): number {
    this.keepAlive = !this.isHttp10;
    this.contentLength = -1;
    this.isChunked = false;
    this.codingField = -1;
    this.upgradeStart = -1;
    this.reportStart = -1;
    this.#lengths = 0;
    this.#codings = 0;
    this.#closes = false;
    this.#connectionNames = false;
    const { offsets, count } = this.fields;
    for (let field = 0; field < count; field++) {
      const start = offsets[4 * field]!;
      if (!this.#classifyField(bytes, field, start, offsets[4 * field + 1]! - start)) return BAD_RESPONSE;
    }
    this.end = this.fields.position;
    if (this.#codings > 0 && (this.#lengths > 0 || this.isHttp10)) return BAD_RESPONSE;
    if (this.#connectionNames) cutConnectionNamed(bytes, this.fields, this.cuts, NEVER_NAMED);
    return COMPLETE;
  }

  #classifyField(bytes: Uint8Array, field: number, p: number, length: number): boolean {
    switch (length) {
      case 7:
        if (isName(bytes, p, 'upgrade')) this.#onUpgrade(field);
        return true;
      case 10:
        if (isName(bytes, p, 'connection')) this.#onConnection(bytes, field);
        else if (isName(bytes, p, 'keep-alive')) this.#cut(field);
        return true;
      case 14:
        return isName(bytes, p, 'content-length') ? this.#onContentLength(bytes, field) : true;
      case 16:
        if (isName(bytes, p, 'proxy-connection')) this.#cut(field);
        return true;
      case 17:
        return isName(bytes, p, 'transfer-encoding') ? this.#onTransferEncoding(bytes, field) : true;
      case 21:
        if (this.#readsReports && isName(bytes, p, 'endpoint-load-metrics')) this.#onReport(field, false);
        return true;
      case 25:
        if (this.#readsReports && isName(bytes, p, 'endpoint-load-metrics-bin')) this.#onReport(field, true);
        return true;
      default:
        return true;
    }
  }

  #cut(field: number): void {
    this.cuts.add(this.fields.lineStart(field), this.fields.lineEnd(field, this.bytes));
  }

  /** The first one counts. */
  #onReport(field: number, isBinary: boolean): void {
    this.#cut(field);
    if (this.reportStart !== -1) return;
    this.reportStart = this.fields.offsets[4 * field + 2]!;
    this.reportEnd = this.fields.offsets[4 * field + 3]!;
    this.isReportBinary = isBinary;
  }

  #onUpgrade(field: number): void {
    this.upgradeStart = this.fields.offsets[4 * field + 2]!;
    this.upgradeEnd = this.fields.offsets[4 * field + 3]!;
    this.#cut(field);
  }

  #onConnection(bytes: Uint8Array, field: number): void {
    this.#cut(field);
    const start = this.fields.offsets[4 * field + 2]!;
    const end = this.fields.offsets[4 * field + 3]!;
    if (isToken(bytes, start, end, 'keep-alive')) this.keepAlive = true;
    else if (isToken(bytes, start, end, 'close')) this.#closes = true;
    else {
      forEachListElement(bytes, start, end, (from, to) => {
        if (isToken(bytes, from, to, 'close')) this.#closes = true;
        else if (!isToken(bytes, from, to, 'keep-alive') && !isToken(bytes, from, to, 'upgrade')) {
          this.#connectionNames = true;
        }
      });
    }
    // RFC 9112 §9.3: close wins, in whatever order they come.
    if (this.#closes) this.keepAlive = false;
  }

  #onContentLength(bytes: Uint8Array, field: number): boolean {
    if (++this.#lengths > 1) return false;
    const { offsets } = this.fields;
    this.contentLength = parseContentLength(bytes, offsets[4 * field + 2]!, offsets[4 * field + 3]!);
    // RFC 9110 §8.6: neither has content, so that a length only misleads.
    if (this.status === 204 || this.status < 200) this.#cut(field);
    return this.contentLength >= 0;
  }

  #onTransferEncoding(bytes: Uint8Array, field: number): boolean {
    if (++this.#codings > 1) return false;
    this.isChunked = isToken(
      bytes,
      this.fields.offsets[4 * field + 2]!,
      this.fields.offsets[4 * field + 3]!,
      'chunked',
    );
    if (this.status < 200) this.#cut(field);
    else this.codingField = field;
    return this.isChunked;
  }
}

const NEVER_NAMED = new Set(['content-length', 'content-type', 'set-cookie', 'transfer-encoding']);

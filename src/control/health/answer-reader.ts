/** What one piece of an answer led to. */
export type Reading = 'incomplete' | 'complete' | 'not-http' | 'head-too-long';

/** As Node's own client has it; informational answers before the real one count. */
const HEAD_BYTES = 16_384;
const BODY_BYTES = 65_536;
/** Of a chunk's size with its extensions. */
const SIZE_LINE_BYTES = 256;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/;
const LENGTH = /^[\t ]*(\d{1,15})[\t ]*$/;
const CHUNKED = /^[\t ]*chunked[\t ]*$/i;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,8})(?:;[\x21-\x7e\x80-\xff]*)?$/;
const VERSION = 'HTTP/1.';
const LINE_FEED = 10;

/**
 * Reads the answer to one request, in whatever pieces it comes: status, and the body's first 64 KiB where they are
 * wanted. As strict as the proxy is, so that a check passes no endpoint whose answers clients would never get:
 * no bare line feeds, one Content-Length or `chunked`, never both (RFC 9112 §6.3).
 */
export class AnswerReader {
  /** 0 before the status line. */
  status = 0;
  /** The body's start, a character a byte; empty unless it is kept. */
  body = '';
  /** 64 KiB were read; there may be more. */
  isCut = false;
  readonly #hasBody: boolean;
  readonly #keepsBody: boolean;
  #stage: 'status' | 'fields' | 'counted' | 'until-close' | 'size' | 'chunk' | 'chunk-end' | 'trailers' | 'over' =
    'status';
  /** The line under way. */
  #line = '';
  #headBytes = 0;
  #isHttp10 = false;
  /** −1: no Content-Length. */
  #length = -1;
  #isChunked = false;
  /** Of the body or the chunk, still to come. */
  #left = 0;
  #bodyBytes = 0;

  constructor(hasBody: boolean, keepsBody: boolean) {
    this.#hasBody = hasBody;
    this.#keepsBody = keepsBody;
  }

  /** Takes the next bytes; what follows a complete answer is ignored. */
  read(bytes: Uint8Array): Reading {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at < buffer.length && this.#stage !== 'over') {
      if (this.#isInBody()) at = this.#readBody(buffer, at);
      else {
        const lineFeed = buffer.indexOf(LINE_FEED, at);
        const end = lineFeed === -1 ? buffer.length : lineFeed + 1;
        const problem = this.#readLine(buffer.toString('latin1', at, end), lineFeed !== -1);
        if (problem !== undefined) return problem;
        at = end;
      }
    }
    return this.#stage === 'over' ? 'complete' : 'incomplete';
  }

  /** True when the answer may end here, with the connection. */
  get endsWithConnection(): boolean {
    return this.#stage === 'until-close';
  }

  #isInBody(): boolean {
    return this.#stage === 'counted' || this.#stage === 'chunk' || this.#stage === 'until-close';
  }

  #readBody(buffer: Buffer, from: number): number {
    const wanted = Math.min(this.#left, BODY_BYTES - this.#bodyBytes);
    const end = Math.min(buffer.length, from + wanted);
    if (this.#keepsBody) this.body += buffer.toString('latin1', from, end);
    this.#bodyBytes += end - from;
    this.#left -= end - from;
    this.isCut = this.#bodyBytes === BODY_BYTES && this.#left > 0;
    if (this.isCut) this.#stage = 'over';
    else if (this.#left === 0) this.#stage = this.#stage === 'chunk' ? 'chunk-end' : 'over';
    return end;
  }

  #readLine(piece: string, isWhole: boolean): Reading | undefined {
    this.#line += piece;
    const line = this.#line;
    if (this.#stage === 'size' || this.#stage === 'chunk-end') {
      if (line.length > SIZE_LINE_BYTES) return 'not-http';
    } else {
      this.#headBytes += piece.length;
      if (this.#headBytes > HEAD_BYTES) return 'head-too-long';
    }
    if (!isWhole) return this.#stage === 'status' && !isVersion(line) ? 'not-http' : undefined;
    this.#line = '';
    return line.endsWith('\r\n') && this.#takeLine(line.slice(0, -2)) ? undefined : 'not-http';
  }

  /** False refuses it. */
  #takeLine(line: string): boolean {
    switch (this.#stage) {
      case 'status':
        return this.#takeStatus(line);
      case 'fields':
        return line === '' ? this.#endHead() : this.#takeField(line);
      case 'size':
        return this.#takeSize(line);
      case 'chunk-end':
        this.#stage = 'size';
        return line === '';
      default:
        if (line === '') this.#stage = 'over';
        return line === '' || FIELD.test(line);
    }
  }

  #takeStatus(line: string): boolean {
    const match = STATUS_LINE.exec(line);
    if (match === null) return false;
    this.#isHttp10 = match[1] === '0';
    this.status = Number(match[2]);
    this.#length = -1;
    this.#isChunked = false;
    this.#stage = 'fields';
    return true;
  }

  #takeField(line: string): boolean {
    const match = FIELD.exec(line);
    if (match === null) return false;
    const [, name, value] = match as unknown as [string, string, string];
    // Only these two matter, and few names are as long.
    if (name.length === 14 && name.toLowerCase() === 'content-length') return this.#takeLength(value);
    if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') return this.#takeCoding(value);
    return true;
  }

  #takeLength(value: string): boolean {
    const length = LENGTH.exec(value)?.[1];
    if (length === undefined || this.#length !== -1) return false;
    this.#length = Number(length);
    return true;
  }

  #takeCoding(value: string): boolean {
    if (this.#isChunked || !CHUNKED.test(value)) return false;
    this.#isChunked = true;
    return true;
  }

  #endHead(): boolean {
    if (this.#isChunked && (this.#length !== -1 || this.#isHttp10)) return false;
    if (this.status < 200 && this.status !== 101) this.#stage = 'status';
    else if (!this.#hasBody || this.status < 200 || this.status === 204 || this.status === 304) this.#stage = 'over';
    else this.#beginBody();
    return true;
  }

  #beginBody(): void {
    if (this.#isChunked) {
      this.#stage = 'size';
    } else if (this.#length === -1) {
      this.#left = Number.POSITIVE_INFINITY;
      this.#stage = 'until-close';
    } else {
      this.#left = this.#length;
      this.#stage = this.#length === 0 ? 'over' : 'counted';
    }
  }

  #takeSize(line: string): boolean {
    const size = CHUNK_SIZE.exec(line)?.[1];
    if (size === undefined) return false;
    this.#left = Number.parseInt(size, 16);
    this.#stage = this.#left === 0 ? 'trailers' : 'chunk';
    return true;
  }
}

/** A service of another kind is known by its first bytes; it need not send a line feed. */
function isVersion(start: string): boolean {
  return start.length < VERSION.length ? VERSION.startsWith(start) : start.startsWith(VERSION);
}

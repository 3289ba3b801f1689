import { forEachListElement, isName, isToken, latin1, SLASH } from './bytes.ts';
import { cutConnectionNamed } from './connection-named.ts';
import { parseContentLength } from './content-length.ts';
import { Cuts } from './cuts.ts';
import { COMPLETE, FieldScanner, INCOMPLETE } from './field-scanner.ts';
import { isForwardingAlias } from './forwarding-alias.ts';
import { isHost } from './host.ts';
import { RequestLine } from './request-line.ts';

export interface HeadLimits {
  readonly headBytes: number;
  readonly headerFields: number;
}

const ABSENT = -1;
const SEVERAL = -2;
const LOWER_X = 120;

/**
 * Parses one request head in place, strictly and incrementally (design §3.11; RFC 9112).
 *
 * `begin`, then `parse` with a growing `end` until it is not INCOMPLETE: COMPLETE, or the status that refuses the
 * request (400, 414, 431, 501, 505). Nothing is copied: the fields below are offsets into the bytes, and `cuts` are
 * the lines that are not forwarded (hop-by-hop, and what an untrusted client may not claim).
 */
export class RequestHead extends RequestLine {
  /** Behind the empty line. */
  end = 0;
  /** The Host line, when it must be replaced (absolute-form targets); ABSENT otherwise. */
  hostField = ABSENT;
  keepAlive = true;
  /** −1: no Content-Length. */
  contentLength = -1;
  isChunked = false;
  /** The value of Upgrade, when Connection names it; ABSENT otherwise. */
  upgradeStart = ABSENT;
  upgradeEnd = ABSENT;
  /** A trusted peer sent X-Forwarded-For; its lines are cut, as the list is sent again with the peer's address. */
  hasForwardedFor = false;
  /** Fields of a trusted peer that are kept, so that ours are not added. */
  hasForwardedProto = false;
  hasForwardedHost = false;
  hasRequestId = false;
  /** Asks for an explanation, and is never forwarded; ABSENT: there is none, SEVERAL: too many. */
  explainField = ABSENT;
  /** The client says that the request may be sent again (draft-ietf-httpapi-idempotency-key-header). */
  hasIdempotencyKey = false;
  readonly cuts = new Cuts();
  readonly fields: FieldScanner;

  readonly #limits: HeadLimits;
  /** The head must end here; an empty line before it counts, whenever it came. */
  #maxEnd = 0;
  #trusted = false;
  #forwardedFor: string | null = null;
  #closes = false;
  #connectionNames = false;
  #wantsUpgrade = false;
  #hosts = 0;
  #lengths = 0;
  #codings = 0;

  constructor(limits: HeadLimits) {
    super();
    this.#limits = limits;
    this.fields = new FieldScanner(limits.headerFields);
  }

  /** `trusted`: the peer's X-Forwarded-*, Forwarded and X-Request-Id are believed. */
  begin(bytes: Uint8Array, start: number, trusted: boolean): void {
    this.beginLine(bytes, start);
    this.#maxEnd = start + this.#limits.headBytes;
    this.#trusted = trusted;
    this.cuts.clear();
  }

  /** Continues after more bytes arrived; `bytes` may be another buffer with the same content at the same offsets. */
  parse(bytes: Uint8Array, end: number): number {
    this.bytes = bytes;
    const limit = Math.min(end, this.#maxEnd);
    if (this.fieldsStart === ABSENT) {
      const status = this.parseLine(bytes, limit);
      if (status === INCOMPLETE && limit < end) return 414;
      if (status !== COMPLETE) return status;
      this.fields.begin(this.fieldsStart);
    }
    const status = this.fields.scan(bytes, limit);
    if (status === INCOMPLETE) return limit < end ? 431 : INCOMPLETE;
    return status === COMPLETE ? this.#classify(bytes) : status;
  }

  /** The values of all X-Forwarded-For lines: one list (RFC 9110 §5.3). */
  get forwardedFor(): string {
    this.#forwardedFor ??= this.#joinForwardedFor();
    return this.#forwardedFor;
  }

  #joinForwardedFor(): string {
    const { offsets, count } = this.fields;
    const values: string[] = [];
    for (let base = 0; base < 4 * count; base += 4) {
      if (!isToken(this.bytes, offsets[base]!, offsets[base + 1]!, 'x-forwarded-for')) continue;
      values.push(latin1(this.bytes, offsets[base + 2]!, offsets[base + 3]!));
    }
    return values.join(', ');
  }

  #classify(bytes: Uint8Array): number {
    this.#reset();
    const { fields } = this;
    const { offsets, count } = fields;
    for (let field = 0; field < count; field++) {
      const start = offsets[4 * field]!;
      const status = this.#classifyField(bytes, field, start, offsets[4 * field + 1]! - start);
      if (status !== COMPLETE) return status;
    }
    this.end = fields.position;
    return this.#conclude(bytes);
  }

  #reset(): void {
    this.keepAlive = !this.isHttp10;
    this.contentLength = -1;
    this.isChunked = false;
    this.hostField = ABSENT;
    this.upgradeStart = ABSENT;
    this.hasForwardedFor = false;
    this.#forwardedFor = null;
    this.hasForwardedProto = false;
    this.hasForwardedHost = false;
    this.hasRequestId = false;
    this.hasIdempotencyKey = false;
    this.explainField = ABSENT;
    this.#closes = false;
    this.#connectionNames = false;
    this.#wantsUpgrade = false;
    this.#hosts = 0;
    this.#lengths = 0;
    this.#codings = 0;
  }

  /** Names are told apart by length, then bytes: most fields of a browser are done with after one comparison. */
  #classifyField(bytes: Uint8Array, field: number, p: number, length: number): number {
    if ((bytes[p]! | 32) === LOWER_X && isForwardingAlias(bytes, p, length)) {
      this.#cut(field);
      return COMPLETE;
    }
    switch (length) {
      case 2:
        if (isName(bytes, p, 'te')) this.#cut(field);
        return COMPLETE;
      case 4:
        return isName(bytes, p, 'host') ? this.#onHost(bytes, field) : COMPLETE;
      case 6:
        return isName(bytes, p, 'expect') ? this.#onExpect(bytes, field) : COMPLETE;
      case 7:
        if (isName(bytes, p, 'upgrade')) this.#onUpgrade(field);
        return COMPLETE;
      case 9:
        if (isName(bytes, p, 'x-real-ip') || (!this.#trusted && isName(bytes, p, 'forwarded'))) this.#cut(field);
        return COMPLETE;
      case 10:
        if (isName(bytes, p, 'connection')) this.#onConnection(bytes, field);
        else if (isName(bytes, p, 'keep-alive')) this.#cut(field);
        return COMPLETE;
      case 12:
        if (isName(bytes, p, 'x-request-id')) this.#onRequestId(field);
        return COMPLETE;
      case 14:
        if (isName(bytes, p, 'content-length')) return this.#onContentLength(bytes, field);
        if (isName(bytes, p, 'http2-settings')) this.#cut(field);
        else if (isName(bytes, p, 'x-forwarded-')) this.#onForwarded(bytes, field, p);
        return COMPLETE;
      case 15:
        if (isName(bytes, p, 'idempotency-key')) this.hasIdempotencyKey = true;
        else if (isName(bytes, p, 'x-forwarded-')) this.#onForwarded(bytes, field, p);
        return COMPLETE;
      case 16:
        if (isName(bytes, p, 'proxy-connection')) this.#cut(field);
        else if (isName(bytes, p, 'x-forwarded-')) this.#onForwarded(bytes, field, p);
        return COMPLETE;
      case 17:
        if (isName(bytes, p, 'transfer-encoding')) return this.#onTransferEncoding(bytes, field);
        if (isName(bytes, p, 'x-forwarded-')) this.#onForwarded(bytes, field, p);
        return COMPLETE;
      default:
        if (length === 19 && isName(bytes, p, 'x-equipoise-explain')) this.#onExplain(field);
        else if (length > 12 && isName(bytes, p, 'x-forwarded-')) this.#onForwarded(bytes, field, p);
        return COMPLETE;
    }
  }

  #cut(field: number): void {
    this.cuts.add(this.fields.lineStart(field), this.fields.lineEnd(field, this.bytes));
  }

  #onExplain(field: number): void {
    this.explainField = this.explainField === ABSENT ? field : SEVERAL;
    this.#cut(field);
  }

  #onHost(bytes: Uint8Array, field: number): number {
    if (++this.#hosts > 1) return 400;
    const start = this.fields.offsets[4 * field + 2]!;
    const end = this.fields.offsets[4 * field + 3]!;
    if (!isHost(bytes, start, end)) return 400;
    this.hostField = field;
    if (this.isAbsoluteForm) return COMPLETE;
    this.hostStart = start;
    this.hostEnd = end;
    return COMPLETE;
  }

  #onExpect(bytes: Uint8Array, field: number): number {
    const start = this.fields.offsets[4 * field + 2]!;
    const end = this.fields.offsets[4 * field + 3]!;
    if (!isToken(bytes, start, end, '100-continue')) return 417;
    // An HTTP/1.0 client would not understand the 100 that the endpoint may send (RFC 9110 §10.1.1).
    if (this.isHttp10) this.#cut(field);
    return COMPLETE;
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
    else this.#onConnectionOptions(bytes, start, end);
    // RFC 9112 §9.3: close wins, in whatever order they come.
    if (this.#closes) this.keepAlive = false;
  }

  #onConnectionOptions(bytes: Uint8Array, start: number, end: number): void {
    forEachListElement(bytes, start, end, (from, to) => {
      if (isToken(bytes, from, to, 'close')) this.#closes = true;
      else if (isToken(bytes, from, to, 'keep-alive')) this.keepAlive = true;
      else if (isToken(bytes, from, to, 'upgrade')) this.#wantsUpgrade = true;
      else this.#connectionNames = true;
    });
  }

  #onRequestId(field: number): void {
    if (this.#trusted) this.hasRequestId = true;
    else this.#cut(field);
  }

  #onContentLength(bytes: Uint8Array, field: number): number {
    if (++this.#lengths > 1) return 400;
    const { offsets } = this.fields;
    this.contentLength = parseContentLength(bytes, offsets[4 * field + 2]!, offsets[4 * field + 3]!);
    return this.contentLength < 0 ? 400 : COMPLETE;
  }

  #onTransferEncoding(bytes: Uint8Array, field: number): number {
    if (++this.#codings > 1 || this.isHttp10) return 400;
    this.isChunked = isToken(
      bytes,
      this.fields.offsets[4 * field + 2]!,
      this.fields.offsets[4 * field + 3]!,
      'chunked',
    );
    this.#cut(field);
    return this.isChunked ? COMPLETE : 400;
  }

  #onForwarded(bytes: Uint8Array, field: number, p: number): void {
    const length = this.fields.offsets[4 * field + 1]! - p;
    if (!this.#trusted) this.#cut(field);
    else if (length === 15 && isName(bytes, p + 12, 'for')) {
      this.hasForwardedFor = true;
      this.#cut(field);
    } else if (length === 16 && isName(bytes, p + 12, 'host')) this.hasForwardedHost = true;
    else if (length === 17 && isName(bytes, p + 12, 'proto')) this.hasForwardedProto = true;
  }

  #conclude(bytes: Uint8Array): number {
    if (this.isChunked && this.#lengths > 0) return 400;
    if (this.#hosts === 0 && !this.isHttp10) return 400;
    if (this.#hosts === 0 && !this.isAbsoluteForm) this.hostStart = this.hostEnd = this.targetStart;
    if (this.upgradeStart !== ABSENT && !this.#mayUpgrade(bytes)) this.upgradeStart = ABSENT;
    if (this.#connectionNames) cutConnectionNamed(bytes, this.fields, this.cuts, NEVER_NAMED);
    return COMPLETE;
  }

  /** Upgrades are tunnelled for requests without a body; never to HTTP/2, which would hide requests from us. */
  #mayUpgrade(bytes: Uint8Array): boolean {
    const hasBody = this.isChunked || this.contentLength > 0;
    if (!this.#wantsUpgrade || hasBody || this.isHttp10) return false;
    let allowed = true;
    forEachListElement(bytes, this.upgradeStart, this.upgradeEnd, (from, to) => {
      // protocol [ "/" version ], RFC 9110 §7.8.
      const slash = bytes.indexOf(SLASH, from);
      const end = slash === -1 || slash > to ? to : slash;
      if (isToken(bytes, from, end, 'h2c') || isToken(bytes, from, end, 'h2')) allowed = false;
    });
    return allowed;
  }
}

const NEVER_NAMED = new Set([
  'content-length',
  'cookie',
  'authorization',
  'expect',
  'forwarded',
  'host',
  'transfer-encoding',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
]);

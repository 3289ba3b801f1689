import { INCOMPLETE } from '../protocols/http1/field-scanner.ts';
import { type HeadLimits, RequestHead } from '../protocols/http1/request-head.ts';
import { ResponseHead } from '../protocols/http1/response-head.ts';

/** The defaults of a listener, and small enough numbers for tests to pass them. */
export const LIMITS: HeadLimits = { headBytes: 4096, headerFields: 16 };

export interface FeedOptions {
  readonly limits?: HeadLimits;
  /** The peer's forwarding fields are believed. Default false. */
  readonly trusted?: boolean;
  /** Bytes before the message in its buffer. Default 0. */
  readonly at?: number;
  /** The character that lies around the message in its buffer; no reading depends on it. Default a line feed. */
  readonly around?: string;
  /** A parser that has read other messages before. Default: a new one. */
  readonly request?: RequestHead;
  readonly response?: ResponseHead;
  /** Lengths of the message at which it is parsed, ascending. Default: once, whole. */
  readonly lengths?: readonly number[];
}

/** Lengths at which a message that arrives byte by byte is parsed. */
export function everyByte(length: number): number[] {
  return Array.from({ length }, (_, index) => index + 1);
}

/** Lengths of a message that arrives in the pieces that `cuts` make of it. */
export function cutAt(length: number, cuts: readonly number[]): number[] {
  return [...new Set([...cuts.map((cut) => cut % (length + 1)), length])].sort((a, b) => a - b);
}

export function parseRequest(text: string, options: FeedOptions = {}): { head: RequestHead; status: number } {
  const head = options.request ?? new RequestHead(options.limits ?? LIMITS);
  const at = options.at ?? 0;
  head.begin(placed(text, 0, options), at, options.trusted ?? false);
  return { head, status: feed(head, text, options) };
}

export function parseResponse(text: string, options: FeedOptions = {}): { head: ResponseHead; status: number } {
  const head = options.response ?? new ResponseHead(options.limits ?? LIMITS);
  const at = options.at ?? 0;
  head.begin(placed(text, 0, options), at);
  return { head, status: feed(head, text, options) };
}

/** A fresh buffer for each length: nothing behind it can be read, and nothing can be remembered but offsets. */
function feed(parser: { parse(bytes: Uint8Array, end: number): number }, text: string, options: FeedOptions): number {
  let status = INCOMPLETE;
  for (const length of options.lengths ?? [text.length]) {
    status = parser.parse(placed(text, length, options), (options.at ?? 0) + length);
    if (status !== INCOMPLETE) break;
  }
  return status;
}

/** The first `length` characters at `at`; whatever lies around them would break or complete any message. */
function placed(text: string, length: number, { at = 0, around = '\n' }: FeedOptions): Buffer {
  const bytes = Buffer.alloc(at + text.length + 4, around);
  bytes.write(text.slice(0, length), at, 'latin1');
  return bytes;
}

/** Everything that a request's head says, free of where its bytes lie; only the status when it is not complete. */
export function readRequest(text: string, options: FeedOptions = {}) {
  const { head, status } = parseRequest(text, options);
  if (status !== 0) return { status };
  return {
    status,
    method: head.method,
    target: textOf(head.bytes, head.targetStart, head.targetEnd),
    path: head.path,
    host: head.host,
    isAbsoluteForm: head.isAbsoluteForm,
    isAsterisk: head.isAsterisk,
    isHttp10: head.isHttp10,
    isHead: head.isHead,
    isIdempotent: head.isIdempotent,
    keepAlive: head.keepAlive,
    contentLength: head.contentLength,
    isChunked: head.isChunked,
    upgrade: optionalText(head.bytes, head.upgradeStart, head.upgradeEnd),
    forwardedFor: head.hasForwardedFor ? head.forwardedFor : null,
    hasForwardedProto: head.hasForwardedProto,
    hasForwardedHost: head.hasForwardedHost,
    hasRequestId: head.hasRequestId,
    length: head.end - (options.at ?? 0),
    fields: fieldsOf(head),
    kept: keptFields(head),
  };
}

/** Everything that an answer's head says, free of where its bytes lie; only the status when it is not complete. */
export function readResponse(text: string, options: FeedOptions = {}) {
  const { head, status } = parseResponse(text, options);
  if (status !== 0) return { outcome: status };
  return {
    outcome: status,
    status: head.status,
    isHttp10: head.isHttp10,
    lacksReason: head.lacksReason,
    keepAlive: head.keepAlive,
    contentLength: head.contentLength,
    isChunked: head.isChunked,
    upgrade: optionalText(head.bytes, head.upgradeStart, head.upgradeEnd),
    length: head.end - (options.at ?? 0),
    fields: fieldsOf(head),
    kept: keptFields(head),
  };
}

/** The fields as `name: value`, in the order of the message. */
export function fieldsOf(head: RequestHead | ResponseHead): string[] {
  const { offsets, count } = head.fields;
  return Array.from({ length: count }, (_, field) => {
    const [nameStart, nameEnd, valueStart, valueEnd] = offsets.subarray(4 * field, 4 * field + 4);
    if (nameStart! >= nameEnd! || nameEnd! >= valueStart! || valueStart! > valueEnd!) throw new Error('offsets cross');
    return `${textOf(head.bytes, nameStart!, nameEnd!)}: ${textOf(head.bytes, valueStart!, valueEnd!)}`;
  });
}

/** The fields whose lines are not cut. A line that is cut in part, or a cut outside the lines, is an error. */
export function keptFields(head: RequestHead | ResponseHead): string[] {
  const isCut = new Uint8Array(head.bytes.byteLength);
  for (let cut = 0; cut < head.cuts.count; cut++) {
    if (cut > 0 && head.cuts.start(cut) < head.cuts.end(cut - 1)) throw new Error('two cuts overlap');
    isCut.fill(1, head.cuts.start(cut), head.cuts.end(cut));
  }
  const kept = fieldsOf(head).filter((_, field) => {
    const line = isCut.subarray(head.fields.lineStart(field), head.fields.lineEnd(field, head.bytes));
    if (new Set(line).size !== 1) throw new Error(`field ${field} is cut in part`);
    return line[0] === 0;
  });
  const cutLines = fieldsOf(head).filter((_, field) => isCut[head.fields.lineStart(field)] === 1);
  if (isCut.indexOf(1) === -1 ? cutLines.length > 0 : !cutsWithinLines(head, isCut)) throw new Error('a cut is astray');
  return kept;
}

function cutsWithinLines(head: RequestHead | ResponseHead, isCut: Uint8Array): boolean {
  const first = head.fields.lineStart(0);
  return isCut.indexOf(1) >= first && isCut.lastIndexOf(1) < head.end - 2;
}

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

function optionalText(bytes: Uint8Array, start: number, end: number): string | null {
  return start === -1 ? null : textOf(bytes, start, end);
}

import type { RandomIds } from '../../../telemetry/tracing/random-ids.ts';
import {
  formatTraceparent,
  PARENT_ID,
  RANDOM_ID,
  readTraceparent,
  SAMPLED,
  TRACE_ID,
} from '../../../telemetry/tracing/traceparent.ts';
import type { Tracer } from '../../../telemetry/tracing/tracer.ts';
import { isName, latin1 } from './bytes.ts';
import type { RequestHead } from './request-head.ts';
import { headerOf, queryOf } from './request-values.ts';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';
const NONE = -1;
/** Two of them say nothing. */
const SEVERAL = -2;
/** W3C Trace Context §3.3.1.5 asks for 512 characters at least. */
const MOST_STATE_CHARACTERS = 512;

interface TraceParts {
  /** Of the traceparent that is gone on with. */
  readonly field: number;
  /** −1: the trace begins here. */
  readonly flags: number;
  readonly clientIp: string;
  readonly peerIp: string;
  readonly tracer: Tracer;
}

/** The trace that a request belongs to, and what its span tells of the request. */
export class RequestTrace {
  readonly traceId: string;
  /** Of the request's own span. */
  readonly spanId: string;
  /** Empty: the trace begins here. */
  readonly parentId: string;
  readonly traceState: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly isHttp10: boolean;
  readonly userAgent: string;
  readonly clientIp: string;
  readonly peerIp: string;
  readonly #flags: number;
  readonly #ids: RandomIds;

  constructor(head: RequestHead, { field, flags, clientIp, peerIp, tracer }: TraceParts) {
    const { bytes } = head;
    const start = flags < 0 ? 0 : head.fields.offsets[4 * field + 2]!;
    const isBeginning = flags < 0;
    const { ids } = tracer;
    this.traceId = isBeginning ? ids.traceId() : latin1(bytes, start + TRACE_ID.from, start + TRACE_ID.to);
    this.parentId = isBeginning ? '' : latin1(bytes, start + PARENT_ID.from, start + PARENT_ID.to);
    this.traceState = isBeginning ? '' : traceStateOf(head);
    this.spanId = ids.spanId();
    this.#flags = isBeginning ? SAMPLED : SAMPLED | (flags & RANDOM_ID);
    this.#ids = ids;
    this.method = head.method;
    this.host = head.hostEnd > head.hostStart ? head.host : '';
    this.path = latin1(bytes, head.pathStart, head.pathEnd) || '/';
    this.query = tracer.shownQuery(queryOf(head));
    this.isHttp10 = head.isHttp10;
    this.userAgent = headerOf(head, 'user-agent') ?? '';
    this.clientIp = clientIp;
    this.peerIp = peerIp;
  }

  spanOfTry(): string {
    return this.#ids.spanId();
  }

  /** Leaves out the lines that ours replaces; tracestate means nothing without the trace that it came with (§3.3). */
  cutContext(head: RequestHead): void {
    cutNamed(head, TRACEPARENT);
    if (this.parentId === '') cutNamed(head, TRACESTATE);
  }

  /** Adds the traceparent of a try to a head, out[0, headBytes); how long it is then. */
  writeContext(spanId: string, out: Buffer, headBytes: number): number {
    // In the place of the empty line, which follows again.
    const line = `${TRACEPARENT}: ${formatTraceparent(this.traceId, spanId, this.#flags)}\r\n\r\n`;
    return headBytes - 2 + out.write(line, headBytes - 2, 'latin1');
  }
}

/** Which requests are traced; what is found out of one is of use until the next one is asked about. */
export class TraceDecision {
  readonly #tracer: Tracer;
  #field = NONE;
  /** −1: no traceparent that may be believed. */
  #flags = -1;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** Allocates nothing. */
  isTraced(head: RequestHead, isTrusted: boolean): boolean {
    const { parentBased } = this.#tracer.options;
    this.#field = onlyFieldOf(head, TRACEPARENT);
    this.#flags = this.#field < 0 ? -1 : flagsOf(head, this.#field);
    const isDecided = this.#flags >= 0 && (parentBased === 'all' || (parentBased === 'trusted' && isTrusted));
    return isDecided ? (this.#flags & SAMPLED) === SAMPLED : this.#tracer.draws();
  }

  /** Of the request that was found to be traced just now. */
  begin(head: RequestHead, clientIp: string, peerIp: string): RequestTrace {
    return new RequestTrace(head, { field: this.#field, flags: this.#flags, clientIp, peerIp, tracer: this.#tracer });
  }
}

function flagsOf({ bytes, fields: { offsets } }: RequestHead, field: number): number {
  return readTraceparent(bytes, offsets[4 * field + 2]!, offsets[4 * field + 3]!);
}

/** The field of that lower-case name; NONE without one, SEVERAL where there are more. */
function onlyFieldOf(head: RequestHead, name: string): number {
  let found = NONE;
  for (let field = 0; field < head.fields.count; field++) {
    if (!isNamed(head, field, name)) continue;
    if (found !== NONE) return SEVERAL;
    found = field;
  }
  return found;
}

function isNamed({ bytes, fields: { offsets } }: RequestHead, field: number, name: string): boolean {
  const start = offsets[4 * field]!;
  return offsets[4 * field + 1]! - start === name.length && isName(bytes, start, name);
}

function cutNamed(head: RequestHead, name: string): void {
  const { bytes, fields, cuts } = head;
  for (let field = 0; field < fields.count; field++) {
    if (isNamed(head, field, name)) cuts.insert(fields.lineStart(field), fields.lineEnd(field, bytes));
  }
}

/** All its lines together (RFC 9110 §5.3). */
function traceStateOf(head: RequestHead): string {
  const { bytes, fields } = head;
  const lines: string[] = [];
  for (let field = 0; field < fields.count; field++) {
    if (!isNamed(head, field, TRACESTATE)) continue;
    lines.push(latin1(bytes, fields.offsets[4 * field + 2]!, fields.offsets[4 * field + 3]!));
  }
  const state = lines.join(',');
  return state.length <= MOST_STATE_CHARACTERS ? state : '';
}

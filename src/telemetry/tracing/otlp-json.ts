/**
 * Spans as OTLP's JSON.
 *
 * Source  OTLP specification 1.x, "JSON Protobuf Encoding": names in camel case, ids as hexadecimal digits, 64-bit integers as
 *         decimal text, enums as numbers; `opentelemetry/proto/trace/v1/trace.proto`. Tested against its published definitions.
 */
import type { Attribute, Span } from './span.ts';

/** Longer texts end in `…`. */
const MOST_CHARACTERS = 1024;
const STATUS_ERROR = 2;
/** `SpanFlags`: the trace flags (sampled), "it is known whether the parent is remote", and that it is. */
const FLAGS = 0x101;
const REMOTE_FLAG = 0x200;

/** One span, without a line break. */
export function encodeSpan(span: Span): string {
  const { traceId, spanId, parentId, isRemote, traceState, name, kind, startedAt, endedAt, attributes, isError } = span;
  const parent = parentId === '' ? '' : `,"parentSpanId":"${parentId}"`;
  const state = traceState === '' ? '' : `,"traceState":${textOf(traceState)}`;
  const flags = `,"flags":${isRemote ? FLAGS | REMOTE_FLAG : FLAGS}`;
  const times = `"startTimeUnixNano":"${nanos(startedAt)}","endTimeUnixNano":"${nanos(endedAt)}"`;
  const what = `"name":${textOf(name)},"kind":${kind},${times}`;
  const status = isError ? `,"status":{"code":${STATUS_ERROR}}` : '';
  return `{"traceId":"${traceId}","spanId":"${spanId}"${parent}${state}${flags},${what},"attributes":${encodeAttributes(attributes)}${status}}`;
}

/** What stands before and behind the spans of an ExportTraceServiceRequest, which commas separate. */
export function encodeFrame(resource: readonly Attribute[], scope: string): readonly [before: string, behind: string] {
  const about = `"resource":{"attributes":${encodeAttributes(resource)}}`;
  return [`{"resourceSpans":[{${about},"scopeSpans":[{"scope":{"name":${textOf(scope)}},"spans":[`, ']}]}]}'];
}

function encodeAttributes(attributes: readonly Attribute[]): string {
  let json = '';
  for (const [name, value] of attributes) {
    json += `${json === '' ? '' : ','}{"key":"${name}","value":{${encodeValue(value)}}}`;
  }
  return `[${json}]`;
}

function encodeValue(value: Attribute[1]): string {
  if (typeof value === 'number') return `"intValue":"${value}"`;
  return typeof value === 'boolean' ? `"boolValue":${value}` : `"stringValue":${textOf(value)}`;
}

const textOf = (text: string): string =>
  JSON.stringify(text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`);

/** Digits beyond a microsecond are rounding: a double holds no more of a time since 1970. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * 1e6)).padStart(6, '0')}`;
}

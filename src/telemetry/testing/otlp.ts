/** Reads OTLP requests by the published protobuf definitions of OpenTelemetry. */
import definitions from '@opentelemetry/otlp-transformer/build/src/generated/root.js';

/** A span as a collector understands it. */
export interface ReadSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: number;
  readonly flags: number;
  /** Nanoseconds since 1970. */
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly isError: boolean;
}

export interface ReadRequest {
  readonly resource: Readonly<Record<string, string | number | boolean>>;
  readonly scope: string;
  readonly spans: readonly ReadSpan[];
}

interface MessageType {
  verify(message: unknown): string | null;
  fromObject(message: unknown): unknown;
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  toObject(message: unknown, options: object): Wire;
}

interface Wire {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes?: WireAttributes };
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly WireSpan[] }[];
  }[];
}

type WireAttributes = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];

interface WireSpan {
  readonly [name: string]: unknown;
  readonly attributes?: WireAttributes;
  readonly status?: { readonly code: number };
}

const { ExportTraceServiceRequest } = (
  definitions as unknown as {
    opentelemetry: {
      proto: { collector: { trace: { v1: { ExportTraceServiceRequest: MessageType } } } };
    };
  }
).opentelemetry.proto.collector.trace.v1;

const IDS = ['traceId', 'spanId', 'parentSpanId'];

/**
 * What is sent as JSON goes the way of a collector: into the message and, as bytes, out of it again. Throws when that is not the
 * same then: a key that the definitions don't have, a value of another type.
 */
export function readOtlpJson(json: string): ReadRequest {
  // The one rule in which OTLP's JSON is not protobuf's: ids are hexadecimal.
  const sent = JSON.parse(json, (key, value) => (IDS.includes(key) ? toBase64(value) : value)) as Wire;
  const problem = ExportTraceServiceRequest.verify(withNumbers(sent));
  if (problem !== null) throw new Error(`no ExportTraceServiceRequest: ${problem}`);
  const bytes = ExportTraceServiceRequest.encode(ExportTraceServiceRequest.fromObject(sent)).finish();
  const read = ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(bytes), {
    ...{ longs: String, bytes: String },
  });
  const [understood, meant] = [canonical(read), canonical(sent)];
  if (understood !== meant) throw new Error(`a collector understands ${understood}, and ${meant} was sent`);
  const [resourceSpans] = read.resourceSpans;
  const [scopeSpans] = resourceSpans!.scopeSpans;
  return {
    resource: valuesOf(resourceSpans!.resource.attributes),
    scope: scopeSpans!.scope.name,
    spans: scopeSpans!.spans.map(readSpan),
  };
}

function readSpan(span: WireSpan): ReadSpan {
  return {
    traceId: toHex(span['traceId']),
    spanId: toHex(span['spanId']),
    parentSpanId: toHex(span['parentSpanId']),
    traceState: String(span['traceState'] ?? ''),
    name: String(span['name']),
    kind: Number(span['kind']),
    flags: Number(span['flags']),
    startNanos: BigInt(String(span['startTimeUnixNano'])),
    endNanos: BigInt(String(span['endTimeUnixNano'])),
    attributes: valuesOf(span.attributes),
    isError: span.status?.code === 2,
  };
}

function valuesOf(attributes: WireAttributes = []): Record<string, string | number | boolean> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const { stringValue, boolValue, intValue } = value as {
        stringValue?: string;
        boolValue?: boolean;
        intValue?: string;
      };
      return [key, stringValue ?? boolValue ?? Number(intValue)];
    }),
  );
}

/** `verify` knows 64-bit integers as numbers only. */
function withNumbers(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, each) =>
    key === 'intValue' || key.endsWith('Nano') ? Number(each) : each,
  );
}

/** Keys in one order, and no empty list: on the wire there is none. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(
          Object.entries(each)
            .filter(isSent)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : each,
  );
}

const isSent = ([, value]: [string, unknown]): boolean => !(Array.isArray(value) && value.length === 0);

const toBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const toHex = (base64: unknown): string => Buffer.from(String(base64 ?? ''), 'base64').toString('hex');

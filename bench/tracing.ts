/**
 * What tracing costs a request on top: one that is not traced (time, bytes allocated), and one that is, with one try and its
 * spans encoded (CPU time), beside OpenTelemetry's own encoder.
 *
 * Run  npm run bench:tracing [-- --json]
 */

import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { RequestHead } from '../src/proxy/protocols/http1/request-head.ts';
import type { RequestRecord, TryRecord } from '../src/proxy/protocols/http1/request-record.ts';
import { spansOf } from '../src/proxy/protocols/http1/request-spans.ts';
import { TraceDecision } from '../src/proxy/protocols/http1/request-trace.ts';
import { encodeSpan } from '../src/telemetry/tracing/otlp-json.ts';
import type { Span } from '../src/telemetry/tracing/span.ts';
import { Tracer } from '../src/telemetry/tracing/tracer.ts';
import { bytesPerTurn, cpuNsPerTurn, type Loop, nsPerTurn } from './harness/pick-cost.ts';

const FIELDS = ['Host: a.example', 'User-Agent: bench/1.0', 'Accept: */*', 'Accept-Encoding: gzip', 'Cookie: a=b; c=d'];
const PARENT = 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

function parsed(fields: readonly string[]): RequestHead {
  const head = new RequestHead({ headBytes: 65_536, headerFields: 128 });
  const bytes = Buffer.from(['GET /api/x?a=b HTTP/1.1', ...fields, '', ''].join('\r\n'), 'latin1');
  head.begin(bytes, 0, false);
  head.parse(bytes, bytes.byteLength);
  return head;
}

const tracer = (sampleRate: number): Tracer =>
  new Tracer(
    {
      ...{ endpoint: 'http://127.0.0.1/', sampleRate, parentBased: 'all', serviceName: 'bench', headers: {} },
      ...{ hideQuery: 'all', connections: false },
    },
    {
      ...{ fetch: () => Promise.reject(new Error('nobody')), after: () => {}, onChange: () => {}, wallClock: Date.now },
      ...{ counts: { exported: 0, dropped: 0 }, resource: [] },
      fillRandom: (bytes) => void crypto.getRandomValues(bytes),
    },
  );

function deciding(fields: readonly string[], sampleRate: number): Loop {
  const [decision, head] = [new TraceDecision(tracer(sampleRate)), parsed(fields)];
  return (count) => {
    let traced = 0;
    for (let i = 0; i < count; i++) if (decision.isTraced(head, false)) traced++;
    return traced;
  };
}

const parts = { listener: 'web', toUnixMs: (ms: number) => 1.7e12 + ms, endedMs: 3 };
const one = {
  ...{
    pool: 'main',
    endpoint: 'e0',
    isHedge: false,
    spanId: 'b7ad6b7169203331',
    startedMs: 1,
    endedMs: 2,
    status: 200,
  },
  ...{ failure: null, address: { kind: 'tcp', host: '127.0.0.1', port: 80 } },
} as unknown as TryRecord;
const record = {
  ...{ tries: [one], startedMs: 0, route: '/api/*', routePath: '/api/*', pool: 'main', endpoint: 'e0', status: 200 },
  end: 'complete',
} as unknown as RequestRecord;

function tracing(): Loop {
  const [decision, head] = [new TraceDecision(tracer(1)), parsed(FIELDS)];
  return (count) => {
    let characters = 0;
    for (let i = 0; i < count; i++) {
      decision.isTraced(head, false);
      const trace = decision.begin(head, '127.0.0.1', '127.0.0.1');
      for (const span of spansOf(record, trace, parts)) characters += encodeSpan(span).length;
    }
    return characters;
  };
}

const untraced = [
  ['no traceparent', deciding(FIELDS, 1e-9)],
  ['a parent that is not sampled', deciding([...FIELDS, PARENT], 1)],
] as const;

/** The same spans by OpenTelemetry's own encoder, a batch at a time; its SDK's objects are made as in `spansOf`. */
function published(): Loop {
  const [decision, head] = [new TraceDecision(tracer(1)), parsed(FIELDS)];
  return (count) => {
    const spans: ReadableSpan[] = [];
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      decision.isTraced(head, false);
      const trace = decision.begin(head, '127.0.0.1', '127.0.0.1');
      for (const span of spansOf(record, trace, parts)) spans.push(readable(span));
      if (spans.length < BATCH_SPANS) continue;
      bytes += JsonTraceSerializer.serializeRequest(spans)!.byteLength;
      spans.length = 0;
    }
    return bytes;
  };
}

type ReadableSpan = Parameters<typeof JsonTraceSerializer.serializeRequest>[0][number];

const BATCH_SPANS = 200;
const resource = { attributes: { 'service.name': 'bench' } } as unknown as ReadableSpan['resource'];
const timeOf = (ms: number): [number, number] => [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];

function readable({
  traceId,
  spanId,
  parentId,
  name,
  kind,
  startedAt,
  endedAt,
  attributes,
  isError,
}: Span): ReadableSpan {
  const context = (id: string) => ({ traceId, spanId: id, traceFlags: 1 });
  return {
    ...{ name, resource, instrumentationScope: { name: 'bench' }, kind: kind - 1, ended: true, duration: [0, 0] },
    ...{ startTime: timeOf(startedAt), endTime: timeOf(endedAt), status: { code: isError ? 2 : 0 } },
    ...{ attributes: Object.fromEntries(attributes), links: [], events: [] },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
    spanContext: () => context(spanId),
    ...(parentId !== '' && { parentSpanContext: context(parentId) }),
  };
}

const rows: { what: string; ns: number; bytes: number | null }[] = [];
for (const [what, run] of untraced) {
  const ns = nsPerTurn(run);
  rows.push({ what, ns, bytes: await bytesPerTurn(run, ns, 10_000) });
}
const [tracedNs, publishedNs] = cpuNsPerTurn([tracing(), published()]);

if (process.argv.includes('--json')) console.log(JSON.stringify({ rows, tracedNs, publishedNs }));
else {
  for (const { what, ns, bytes } of rows) console.log(`not traced, ${what}: ${ns.toFixed(0)} ns, ${bytes} bytes`);
  console.log(`traced, two spans: ${(tracedNs! / 1000).toFixed(1)} µs of CPU`);
  console.log(`the same by @opentelemetry/otlp-transformer: ${(publishedNs! / 1000).toFixed(1)} µs`);
}

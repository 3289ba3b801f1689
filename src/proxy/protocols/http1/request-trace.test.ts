import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Tracer, type TracingOptions } from '../../../telemetry/tracing/tracer.ts';
import { RequestHead } from './request-head.ts';
import { TraceDecision } from './request-trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const parent = (flags: string) => `traceparent: 00-${TRACE}-${SPAN}-${flags}`;

function parsed(...lines: string[]): RequestHead {
  const head = new RequestHead({ headBytes: 65_536, headerFields: 128 });
  const bytes = Buffer.from(['GET /a?b=c HTTP/1.1', 'Host: x:80', ...lines, '', ''].join('\r\n'), 'latin1');
  head.begin(bytes, 0, false);
  expect(head.parse(bytes, bytes.byteLength)).toBe(0);
  return head;
}

function tracer(options: Partial<TracingOptions> = {}): Tracer {
  let byte = 1;
  return new Tracer(
    {
      ...{ endpoint: 'http://x/', sampleRate: 0, parentBased: 'all', serviceName: 's', headers: {}, hideQuery: [] },
      connections: false,
      ...options,
    },
    {
      ...{ fetch: () => Promise.reject(new Error('nobody')), after: () => {}, onChange: () => {}, wallClock: () => 0 },
      ...{ counts: { exported: 0, dropped: 0 }, resource: [], fillRandom: (bytes) => void bytes.fill(byte++) },
    },
  );
}

describe('who is traced', () => {
  test.each([
    { why: 'a parent that is', lines: [parent('01')], rate: 0, want: true },
    { why: 'not a parent that is not', lines: [parent('00')], rate: 1, want: false },
    { why: 'by the rate where there is no parent', lines: [], rate: 1, want: true },
    { why: 'by the rate, none', lines: [], rate: 0, want: false },
    { why: 'by the rate where the parent is bad', lines: ['traceparent: 00-x'], rate: 1, want: true },
    { why: 'by the rate where there are two', lines: [parent('01'), parent('01')], rate: 0, want: false },
    { why: 'trusted: a client does not decide', by: 'trusted', lines: [parent('01')], rate: 0, want: false },
    { why: 'trusted: nor does it say no', by: 'trusted', lines: [parent('00')], rate: 1, want: true },
    { why: 'trusted: a proxy does', by: 'trusted', trusted: true, lines: [parent('01')], rate: 0, want: true },
    { why: 'none: nobody does', by: 'none', trusted: true, lines: [parent('01')], rate: 0, want: false },
  ] as const)('$why', ({ lines, rate, want, ...more }) => {
    const { by, trusted } = { by: 'all', trusted: false, ...more } as const;
    const decision = new TraceDecision(tracer({ sampleRate: rate, parentBased: by }));
    expect(decision.isTraced(parsed(...lines), trusted)).toBe(want);
  });
});

function begun(head: RequestHead, options: Partial<TracingOptions> = {}) {
  const decision = new TraceDecision(tracer({ sampleRate: 1, ...options }));
  expect(decision.isTraced(head, false)).toBe(true);
  return decision.begin(head, '10.0.0.1', '10.0.0.2');
}

/** What an endpoint gets of a head, by its lines. */
function sent(head: RequestHead, options: Partial<TracingOptions> = {}): string[] {
  const trace = begun(head, options);
  trace.cutContext(head);
  const out = Buffer.alloc(4096);
  const end = head.cuts.copyKept(head.bytes as Buffer, 0, head.end, out, 0);
  return out
    .toString('latin1', 0, trace.writeContext('00f067aa0ba902b7', out, end))
    .split('\r\n')
    .slice(2);
}

describe('what goes on to the endpoint', () => {
  const OURS = '00f067aa0ba902b7';
  test.each([
    {
      why: 'the trace of the client, with our span',
      lines: [parent('01')],
      want: [`traceparent: 00-${TRACE}-${OURS}-01`],
    },
    {
      why: 'its state, and that its id is random',
      lines: ['tracestate: a=1', parent('03'), 'Tracestate: b=2'],
      want: ['tracestate: a=1', 'Tracestate: b=2', `traceparent: 00-${TRACE}-${OURS}-03`],
    },
    { why: 'no flags that we do not know', lines: [parent('fd')], want: [`traceparent: 00-${TRACE}-${OURS}-01`] },
    {
      why: 'a trace of our own instead of a bad one, and no state of that',
      lines: ['Traceparent: 00-nothing', 'tracestate: a=1', 'x-else: 1'],
      want: ['x-else: 1', `traceparent: 00-${'01'.repeat(16)}-${OURS}-01`],
    },
    {
      why: 'a trace of our own instead of two',
      lines: [parent('01'), parent('01')],
      want: [`traceparent: 00-${'01'.repeat(16)}-${OURS}-01`],
    },
  ])('$why', ({ lines, want }) => {
    expect(sent(parsed(...lines))).toEqual([...want, '', '']);
  });

  test('whatever comes, one traceparent goes on, and every other line but its like', () => {
    const name = fc.constantFrom('traceparent', 'TraceParent', 'tracestate', 'x-traceparent', 'traceparents', 'te-xt');
    const value = fc.oneof(
      fc.constantFrom(parent('01').slice(13), parent('00').slice(13)),
      fc.stringMatching(/^[\x21-\x7e]{0,60}$/),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (fields) => {
        const lines = sent(parsed(...fields.map(([key, text]) => `${key}: ${text}`)), { parentBased: 'none' });
        const ours = lines.filter((line) => /^traceparent:/i.test(line));
        expect(ours.length).toBe(1);
        expect(ours[0]).toMatch(/^traceparent: 00-[0-9a-f]{32}-00f067aa0ba902b7-0[13]$/);
        const others = fields
          .filter(([key]) => !/^trace(parent|state)$/i.test(key))
          .map(([key, text]) => `${key}: ${text}`);
        expect(lines.filter((line) => line !== '' && !/^trace(parent|state):/i.test(line))).toEqual(others);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

test('a trace knows of its request what spans tell, and hides of the query what is to be hidden', () => {
  const head = parsed('User-Agent: me', parent('01'), 'tracestate: a=1', 'tracestate: b=2');
  expect(begun(head, { hideQuery: ['b'] })).toMatchObject({
    ...{ traceId: TRACE, parentId: SPAN, traceState: 'a=1,b=2', method: 'GET', host: 'x:80', path: '/a' },
    ...{ query: 'b=***', userAgent: 'me', clientIp: '10.0.0.1', peerIp: '10.0.0.2', isHttp10: false },
  });
});

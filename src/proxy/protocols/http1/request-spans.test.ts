import { expect, test } from 'vitest';
import type { SocketAddress } from '../../../transport/transport.ts';
import type { RequestRecord, TryRecord } from './request-record.ts';
import { spansOf } from './request-spans.ts';
import type { RequestTrace } from './request-trace.ts';

const trace = (given: Partial<RequestTrace> = {}) =>
  ({
    ...{
      traceId: 't',
      spanId: 's',
      parentId: '',
      traceState: '',
      method: 'GET',
      host: 'a.b:81',
      path: '/x',
      query: '',
    },
    ...{ isHttp10: false, userAgent: '', clientIp: '', peerIp: '' },
    ...given,
  }) as RequestTrace;

const tryOf = (given: Partial<TryRecord> = {}) =>
  ({
    ...{ pool: 'main', endpoint: 'e0', isHedge: false, spanId: 'c', startedMs: 11, endedMs: 12, status: 200 },
    ...{ failure: null, address: { kind: 'tcp', host: '10.0.0.1', port: 80 } satisfies SocketAddress },
    ...given,
  }) as TryRecord;

const record = (given: Partial<RequestRecord> = {}) =>
  ({
    ...{ tries: [], startedMs: 10, route: '*', routePath: '', pool: '', endpoint: '', status: 200, end: 'complete' },
    ...given,
  }) as unknown as RequestRecord;

function spans(given: Partial<RequestRecord>, of: Partial<RequestTrace> = {}) {
  const parts = { listener: 'web', toUnixMs: (ms: number) => 1000 + ms, endedMs: 20 };
  return [...spansOf(record(given), trace(of), parts)].map(({ attributes, ...span }) => ({
    ...span,
    has: Object.fromEntries(attributes) as Record<string, unknown>,
  }));
}

test.each<{ why: string; given: Partial<RequestRecord>; code?: number; error?: string; isError: boolean }>([
  { why: 'served', given: {}, code: 200, isError: false },
  {
    why: 'a mistake of the client is no error of ours',
    given: { status: 404, end: 'no-route' },
    code: 404,
    isError: false,
  },
  { why: 'one of ours is', given: { status: 503, end: 'no-endpoint' }, code: 503, error: '503', isError: true },
  { why: 'an answer that was cut', given: { end: 'answer-cut' }, code: 200, error: 'answer-cut', isError: true },
  {
    why: 'a client that went away got none',
    given: { status: 499, end: 'client-gone' },
    error: 'client-gone',
    isError: false,
  },
])('$why', ({ given, code, error, isError }) => {
  const [span] = spans(given);
  expect([span!.has['http.response.status_code'], span!.has['error.type'], span!.isError]).toEqual([
    code,
    error,
    isError,
  ]);
});

test('times are those of the world, and a try that never ended ends with its request', () => {
  const [request, one, two] = spans({ tries: [tryOf(), tryOf({ endedMs: -1 })] });
  expect([request, one, two].map((each) => [each!.startedAt, each!.endedAt])).toEqual([
    [1010, 1020],
    [1011, 1012],
    [1011, 1020],
  ]);
});

test.each<{ why: string; given: Partial<TryRecord>; error?: string; isError: boolean }>([
  { why: 'an answer', given: {}, isError: false },
  { why: 'a 404', given: { status: 404 }, error: '404', isError: true },
  { why: 'no connection', given: { status: 0, failure: 'connect' }, error: 'connect', isError: true },
  {
    why: 'one that was not waited for',
    given: { status: 0, failure: 'cancelled' },
    error: 'cancelled',
    isError: false,
  },
  { why: 'an answer that broke off', given: { failure: 'closed' }, error: 'closed', isError: true },
])('a try: $why', ({ given, error, isError }) => {
  const [, each] = spans({ tries: [tryOf(given)] });
  expect([each!.has['error.type'], each!.isError, each!.parentId]).toEqual([error, isError, 's']);
});

test.each<{ why: string; address: SocketAddress; url: string; place: object }>([
  {
    why: 'IPv6',
    address: { kind: 'tcp', host: '::1', port: 80 },
    url: 'http://[::1]:80/x?a=1',
    place: { 'server.address': '::1', 'server.port': 80, 'network.peer.address': '::1', 'network.peer.port': 80 },
  },
  {
    why: 'a unix socket',
    address: { kind: 'unix', path: '/run/x.sock' },
    url: 'http://localhost/x?a=1',
    place: { 'server.address': '/run/x.sock', 'network.transport': 'unix' },
  },
])('an endpoint at $why', ({ address, url, place }) => {
  const [, each] = spans({ tries: [tryOf({ address })] }, { query: 'a=1' });
  expect(each!.has).toMatchObject({ ...place, 'url.full': url });
});

test('further tries are numbered, and a hedge says that it is one', () => {
  const [, ...tries] = spans({ tries: [tryOf(), tryOf(), tryOf({ isHedge: true })] });
  expect(tries.map(({ has }) => [has['http.request.resend_count'], has['equipoise.hedge']])).toEqual([
    [undefined, undefined],
    [1, undefined],
    [2, true],
  ]);
});

test.each([
  { of: {}, name: 'GET' },
  { of: {}, routePath: '/api/*', name: 'GET /api/*' },
  { of: { method: 'BREW' }, name: 'HTTP' },
  { of: { method: 'BREW' }, routePath: '/api/*', name: 'HTTP /api/*' },
])('a span is called $name', ({ of, routePath = '', name }) => {
  expect(spans({ routePath }, of)[0]!.name).toBe(name);
});

test.each([
  { host: '', want: [undefined, undefined] },
  { host: 'a.b', want: ['a.b', undefined] },
  { host: '[::1]:80', want: ['::1', 80] },
  { host: '[::1]', want: ['::1', undefined] },
])('Host "$host"', ({ host, want }) => {
  const { has } = spans({}, { host })[0]!;
  expect([has['server.address'], has['server.port']]).toEqual(want);
});

import { type Attribute, CLIENT, SERVER, type Span } from '../../../telemetry/tracing/span.ts';
import type { SocketAddress } from '../../../transport/transport.ts';
import type { RequestRecord, TryRecord } from './request-record.ts';
import type { RequestTrace } from './request-trace.ts';

/** Names that OpenTelemetry knows: others would make as many span names as clients like. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'CONNECT'];
const CLIENT_GONE = 499;

interface SpanParts {
  readonly listener: string;
  /** What a time on this thread's clock is in milliseconds since 1970. */
  readonly toUnixMs: (ms: number) => number;
  readonly endedMs: number;
}

/**
 * The spans of a request that has ended: its own, and one for each try.
 *
 * Source  OpenTelemetry semantic conventions for HTTP spans 1.23 and later (stable); ours begin with `equipoise.`.
 */
export function* spansOf(record: RequestRecord, trace: RequestTrace, parts: SpanParts): Generator<Span> {
  yield requestSpan(record, trace, parts);
  for (const [index, each] of record.tries.entries()) yield trySpan(each, index, trace, parts);
}

function requestSpan(record: RequestRecord, trace: RequestTrace, { listener, toUnixMs, endedMs }: SpanParts): Span {
  const { traceId, spanId, parentId, traceState } = trace;
  const { startedMs, routePath, status, end } = record;
  const isCut = end === 'answer-cut';
  // No answer went to a client that is gone.
  const hasAnswer = status !== CLIENT_GONE;
  const error = isCut || !hasAnswer ? end : status >= 500 ? `${status}` : '';
  return {
    ...{ traceId, spanId, parentId, traceState, isRemote: parentId !== '', kind: SERVER },
    name: routePath === '' ? nameOf(trace) : `${nameOf(trace)} ${routePath}`,
    startedAt: toUnixMs(startedMs),
    endedAt: toUnixMs(endedMs),
    isError: isCut || status >= 500,
    attributes: [
      ...methodOf(trace),
      ...some('http.route', routePath),
      ['url.scheme', 'http'],
      ['url.path', trace.path],
      ...some('url.query', trace.query),
      ...hostOf(trace.host),
      ...some('client.address', trace.clientIp),
      ...some('network.peer.address', trace.peerIp),
      ['network.protocol.version', trace.isHttp10 ? '1.0' : '1.1'],
      ...some('user_agent.original', trace.userAgent),
      ...(hasAnswer ? ([['http.response.status_code', status]] as const) : []),
      ...some('error.type', error),
      ['equipoise.listener', listener],
      ...some('equipoise.route', record.route),
      ...some('equipoise.pool', record.pool),
      ...some('equipoise.endpoint', record.endpoint),
      ['equipoise.end', end],
    ],
  };
}

function trySpan(each: TryRecord, index: number, trace: RequestTrace, { toUnixMs, endedMs }: SpanParts): Span {
  const { traceId, traceState } = trace;
  const { status, failure } = each;
  const error = failure ?? (status >= 400 ? `${status}` : '');
  return {
    ...{ traceId, traceState, spanId: each.spanId, parentId: trace.spanId, isRemote: false, kind: CLIENT },
    name: nameOf(trace),
    startedAt: toUnixMs(each.startedMs),
    endedAt: toUnixMs(each.endedMs < 0 ? endedMs : each.endedMs),
    isError: error !== '' && error !== 'cancelled',
    attributes: [
      ...methodOf(trace),
      ...placeOf(each.address),
      ['url.full', urlOf(each.address, trace)],
      ['network.protocol.version', '1.1'],
      ...(index > 0 ? ([['http.request.resend_count', index]] as const) : []),
      ...(status > 0 ? ([['http.response.status_code', status]] as const) : []),
      ...some('error.type', error),
      ['equipoise.pool', each.pool],
      ['equipoise.endpoint', each.endpoint],
      ...(each.isHedge ? ([['equipoise.hedge', true]] as const) : []),
    ],
  };
}

const isKnown = ({ method }: RequestTrace): boolean => METHODS.includes(method);

/** As the conventions have it: `HTTP` for a method that is not known. */
const nameOf = (trace: RequestTrace): string => (isKnown(trace) ? trace.method : 'HTTP');

function methodOf(trace: RequestTrace): readonly Attribute[] {
  if (isKnown(trace)) return [['http.request.method', trace.method]];
  return [
    ['http.request.method', '_OTHER'],
    ['http.request.method_original', trace.method],
  ];
}

/** Of a Host: the name, without brackets, and the port where one is said. */
function hostOf(host: string): readonly Attribute[] {
  const [, name = '', port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(host) ?? [];
  return [...some('server.address', name), ...(port === undefined ? [] : ([['server.port', Number(port)]] as const))];
}

function placeOf(address: SocketAddress | undefined): readonly Attribute[] {
  if (address === undefined) return [];
  if (address.kind === 'unix') {
    return [
      ['server.address', address.path],
      ['network.transport', 'unix'],
    ];
  }
  const { host, port } = address;
  return [
    ['server.address', host],
    ['server.port', port],
    ['network.peer.address', host],
    ['network.peer.port', port],
  ];
}

/** What was asked of the endpoint; a unix socket has no place in a URL. */
function urlOf(address: SocketAddress | undefined, { path, query }: RequestTrace): string {
  const target = query === '' ? path : `${path}?${query}`;
  if (address === undefined || address.kind === 'unix') return `http://localhost${target}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `http://${host}:${address.port}${target}`;
}

const some = (name: string, value: string): readonly Attribute[] => (value === '' ? [] : [[name, value]]);

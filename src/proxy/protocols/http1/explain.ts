import { createPickRequest } from '../../../core/kernel/policy.ts';
import type { ClientSource } from '../../client-source.ts';
import type { DescribedRequest, RequestExplanation } from '../../explanation.ts';
import type { ListenerOptions, RouteOptions } from '../../listener-options.ts';
import { explainRoutes } from '../../routing/explain-routes.ts';
import { COMPLETE, INCOMPLETE } from './field-scanner.ts';
import type { Http1Pool } from './pool.ts';
import { problemAnswer, redirectAnswer } from './problem.ts';
import { RequestHead } from './request-head.ts';

/** What the listener knows that a request is explained by. */
export interface ExplainParts {
  readonly clientIp: (head: RequestHead) => string;
  /** Where the route of this index leads next; null: it answers by itself. */
  readonly poolOf: (route: number) => Http1Pool | null;
}

/**
 * What would become of a request: it is written down as a client would send it, read as any other, and follows the same way
 * up to the pick, which is a dry run.
 */
export function explainRequest(
  described: DescribedRequest,
  options: ListenerOptions,
  source: ClientSource,
  { clientIp, poolOf }: ExplainParts,
): RequestExplanation {
  const head = new RequestHead(options.limits);
  const bytes = headBytes(described);
  head.begin(bytes, 0, source.isTrusted);
  const status = head.parse(bytes, bytes.byteLength);
  if (status !== COMPLETE) return refused(source.ip, status === INCOMPLETE ? 400 : status);
  const client = clientIp(head);
  if (head.contentLength > options.limits.bodyBytes) return refused(client, 413);
  const routes = explainRoutes(options.routes, head);
  const last = routes.at(-1);
  if (last?.matches !== true) return { clientIp: client, routes };
  const route = options.routes[last.index]!;
  const found = { clientIp: client, routes, route: last.index };
  const pool = poolOf(last.index);
  if (pool === null) return { ...found, answer: answerOf(route, head) };
  const pools = route.pools && { pools: route.pools };
  return { ...found, pool: pool.name, ...pools, ...explainPick(pool, route, head, client) };
}

function explainPick(pool: Http1Pool, { role }: RouteOptions, head: RequestHead, clientIp: string) {
  const key = pool.keyOf?.(head) ?? '';
  const cost = pool.costOf?.(head) ?? 1;
  const request = { ...createPickRequest(), clientIp, key, cost };
  return { ...(key !== '' && { key }), cost, pick: pool.picker.explain(request, null, role ?? null) };
}

function headBytes({ method, host, target, headers }: DescribedRequest): Buffer {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function refused(clientIp: string, status: number): RequestExplanation {
  return { clientIp, routes: [], refused: { status, reason: detailOf(status) } };
}

/** As the answer would have it. */
function detailOf(status: number): string {
  const answer = problemAnswer(status, true, false).toString('utf8');
  return (JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { detail: string }).detail;
}

export function answerOf(
  { redirect, respond }: RouteOptions,
  head: RequestHead,
): NonNullable<RequestExplanation['answer']> {
  if (redirect === undefined) return { status: respond!.status };
  const answer = redirectAnswer(redirect, head, false).toString('latin1');
  return { status: redirect.status, location: /^Location: (.*)\r$/m.exec(answer)![1]! };
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AdminOptions } from '../config/config.ts';
import type { RunningServer } from '../server/server.ts';
import { CONTENT_TYPE } from '../telemetry/prometheus.ts';
import { listenError } from '../transport/listen-error.ts';
import type { SocketAddress } from '../transport/transport.ts';
import { freeUnixPath } from '../transport/unix-file.ts';
import { refuse } from './guard.ts';
import { metricsPage } from './metrics-page.ts';
import type { BuildInfo } from './process-metrics.ts';

export interface AdminDeps {
  /** Absent while the program starts. */
  readonly server: () => RunningServer | undefined;
  readonly build: BuildInfo;
}

export interface Admin {
  /** With the real port where 0 was asked for. */
  readonly address: SocketAddress;
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Page = (deps: AdminDeps) => Answer | Promise<Answer>;

/** Asked by supervisors that have no token and any `Host`; they tell nothing that a connection would not. */
const PROBES: Readonly<Record<string, Page>> = { '/livez': () => json(200, { status: 'alive' }), '/readyz': readiness };

const PAGES: Readonly<Record<string, Page>> = {
  '/metrics': async ({ server, build }) => ({
    status: 200,
    type: CONTENT_TYPE,
    body: await metricsPage(server(), build),
  }),
};

/**
 * Serves `/livez`, `/readyz` and `/metrics`.
 *
 * Errors  rejects with `listen-failed`; an exception in a page is a 500 and ends nothing else.
 */
export async function startAdmin(options: AdminOptions, deps: AdminDeps): Promise<Admin> {
  const server = createServer((request, response) => {
    void answerSafely(request, options, deps).then((answer) => send(request, response, answer));
  });
  server.requestTimeout = 10_000;
  return { address: await listen(server, options.bind), close: () => close(server) };
}

async function answerSafely(request: IncomingMessage, options: AdminOptions, deps: AdminDeps): Promise<Answer> {
  try {
    return await answer(request, options, deps);
  } catch (error) {
    return problem(500, 'Internal Server Error', error instanceof Error ? error.message : String(error));
  }
}

function answer(request: IncomingMessage, options: AdminOptions, deps: AdminDeps): Answer | Promise<Answer> {
  const path = (request.url ?? '/').split('?', 1)[0]!;
  const probe = lookUp(PROBES, path);
  const { host, origin, authorization } = request.headers;
  const refusal = probe === undefined ? refuse({ host, origin, authorization }, options) : undefined;
  if (refusal?.status === 401) {
    return { ...problem(401, 'Unauthorized', refusal.detail), headers: { 'www-authenticate': 'Bearer' } };
  }
  if (refusal !== undefined) return problem(403, 'Forbidden', refusal.detail);
  const page = probe ?? lookUp(PAGES, path);
  if (page === undefined) return problem(404, 'Not Found', `there is no ${path}; there are /livez, /readyz, /metrics`);
  if (request.method === 'GET' || request.method === 'HEAD') return page(deps);
  return { ...problem(405, 'Method Not Allowed', 'use GET'), headers: { allow: 'GET, HEAD' } };
}

const lookUp = (pages: Readonly<Record<string, Page>>, path: string): Page | undefined =>
  Object.hasOwn(pages, path) ? pages[path] : undefined;

function readiness({ server }: AdminDeps): Answer {
  const running = server();
  if (running === undefined) return json(503, { status: 'starting', reason: 'the listeners are not open yet' });
  if (running.ready) return json(200, { status: 'ready' });
  return json(503, { status: running.state(), reason: 'no new connections are accepted' });
}

function json(status: number, value: unknown, type = 'application/json'): Answer {
  return { status, type, body: `${JSON.stringify(value)}\n` };
}

function problem(status: number, title: string, detail: string): Answer {
  return json(status, { type: 'about:blank', title, status, detail }, 'application/problem+json');
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, headers }: Answer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function listen(server: Server, bind: SocketAddress): Promise<SocketAddress> {
  if (bind.kind === 'unix') await freeUnixPath(bind.path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(bind, cause)));
    if (bind.kind === 'unix') server.listen(bind.path, resolve);
    else server.listen(bind.port, bind.host, resolve);
  });
  return bind.kind === 'unix' ? bind : { ...bind, port: (server.address() as AddressInfo).port };
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

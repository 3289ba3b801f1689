import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AdminOptions } from '../config/config.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import { listenError } from '../transport/listen-error.ts';
import type { SocketAddress } from '../transport/transport.ts';
import { freeUnixPath } from '../transport/unix-file.ts';
import { type Answer, json, problem, send, type WholeAnswer } from './answer.ts';
import { createEventFeed } from './event-feed.ts';
import { type Refusal, refuse, type Scope } from './guard.ts';
import { startMeters } from './meters.ts';
import type { AdminDeps, Call } from './operation.ts';
import { operations } from './operations.ts';
import { createPage } from './page.ts';
import { createRouter } from './router.ts';

export type { AdminDeps };

export interface Admin {
  /** With the real port where 0 was asked for. */
  readonly address: SocketAddress;
  close(): void;
}

/** Asked by supervisors that have no token and any `Host`; they tell nothing that a connection would not. */
const PROBES: ReadonlyMap<string, (deps: AdminDeps) => Answer> = new Map([
  ['/livez', () => json(200, { status: 'alive' })],
  ['/readyz', readiness],
]);

/** Half of what a scrape waits usually; afterwards what can be said without a server is said, else 503. */
const START_WAIT_MS = 5000;

const route = createRouter(operations);
const page = createPage();

/**
 * Serves `/livez`, `/readyz`, every operation, and the dashboard's page.
 *
 * Errors  rejects with `listen-failed`; an exception in an operation is a 500 and ends nothing else.
 */
export async function startAdmin(options: AdminOptions, deps: AdminDeps): Promise<Admin> {
  const feed = createEventFeed(deps.events, deps.wallClock().toString(36));
  const meters = startMeters(deps);
  const server = createServer((request, response) => {
    void answerSafely(request, options, deps, { feed, meters }).then((answer) => send(request, response, answer));
  });
  server.requestTimeout = 10_000;
  const address = await listen(server, options.bind);
  return {
    address,
    close() {
      feed.close();
      meters.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answerSafely(...args: Parameters<typeof answer>): Promise<Answer> {
  try {
    return await answer(...args);
  } catch (error) {
    // Somebody else changed meanwhile what this was about.
    if (error instanceof EquipoiseError) return problem(409, error.message);
    return problem(500, error instanceof Error ? error.message : String(error));
  }
}

function answer(
  request: IncomingMessage,
  options: AdminOptions,
  deps: AdminDeps,
  kept: Pick<Call, 'feed' | 'meters'>,
): Answer | Promise<Answer> {
  const path = (request.url ?? '/').split('?', 1)[0]!;
  const method = request.method ?? 'GET';
  const probe = PROBES.get(path);
  if (probe !== undefined) return isReading(method) ? probe(deps) : otherMethod(['GET', 'HEAD']);
  const file = page.answer(path, request);
  if (file !== undefined) return isReading(method) ? file : otherMethod(['GET', 'HEAD']);
  const found = route(method, path);
  const scope = found.kind === 'operation' ? found.operation.scope : isReading(method) ? 'read' : 'operate';
  const refusal = refusalOf(request, scope, options);
  if (refusal !== undefined) return refusal;
  switch (found.kind) {
    case 'operation': {
      const { operation, parameters } = found;
      const run = () => operation.run({ request, parameters, options, deps, ...kept });
      if (operation.early || deps.started === undefined || deps.server() !== undefined) return run();
      return startOf(deps.started).then(run);
    }
    case 'other-method':
      return otherMethod(found.methods);
    case 'bad-escape':
      return problem(400, 'the path has a % without two hexadecimal digits, or what they say is not UTF-8');
    default:
      return problem(404, `there is no ${path}`, { fix: 'GET /openapi.json says what there is' });
  }
}

/**
 * The first worker serves a little before the last one can be told anything: who has seen an open listener and asks right
 * then waits, instead of being refused.
 */
async function startOf(started: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, START_WAIT_MS)));
  await Promise.race([started.catch(() => {}), limit]);
  clearTimeout(timer);
}

const isReading = (method: string): boolean => method === 'GET' || method === 'HEAD';

function refusalOf(request: IncomingMessage, scope: Scope, options: AdminOptions): WholeAnswer | undefined {
  const { host, origin, authorization, 'sec-fetch-site': site } = request.headers;
  const from = Array.isArray(site) ? site[0] : site;
  const refusal: Refusal | undefined = refuse({ scope, host, origin, authorization, site: from }, options);
  if (refusal === undefined) return undefined;
  // Nobody reads what such a request brings.
  request.resume();
  const headers = refusal.status === 401 ? { headers: { 'www-authenticate': 'Bearer' } } : {};
  return problem(refusal.status, refusal.detail, headers);
}

function otherMethod(methods: readonly string[]): WholeAnswer {
  const allow = methods.join(', ');
  return problem(405, 'this path knows no such method', { fix: `use ${allow}`, headers: { allow } });
}

function readiness({ server }: AdminDeps): Answer {
  const running = server();
  if (running === undefined) return json(503, { status: 'starting', reason: 'the listeners are not open yet' });
  if (running.ready) return json(200, { status: 'ready' });
  return json(503, { status: running.state(), reason: 'no new connections are accepted' });
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

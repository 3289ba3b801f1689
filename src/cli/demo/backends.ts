import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Rng } from '../../core/kernel/rng.ts';
import type { Story } from './story.ts';

export interface Backend {
  readonly id: string;
  readonly port: number;
  close(): void;
}

export const HEALTH_PATH = '/health';

interface Character {
  readonly id: string;
  /** Of an answer while it is well; each is drawn between 0.6 and 1.4 times this. */
  readonly meanMs: number;
}

const characters: readonly Character[] = [
  { id: 'fast', meanMs: 10 },
  { id: 'steady', meanMs: 12 },
  { id: 'slow', meanMs: 25 },
  { id: 'flaky', meanMs: 12 },
];

export interface BackendDeps {
  readonly rng: Rng;
  /** Says how each of them behaves. */
  readonly story: Pick<Story, 'conductOf'>;
}

/** Four backends of different speed, each a small HTTP server on a free port. */
export function startBackends(deps: BackendDeps): Promise<Backend[]> {
  return Promise.all(characters.map((each) => startBackend(each, deps)));
}

async function startBackend({ id, meanMs }: Character, { rng, story }: BackendDeps): Promise<Backend> {
  const server = createServer((request, response) => {
    const conduct = story.conductOf(id);
    const fails = conduct.kind === 'failing' && request.url !== HEALTH_PATH;
    const delayMs = (conduct.kind === 'slow' ? conduct.answerMs : meanMs) * (0.6 + 0.8 * rng.next());
    setTimeout(() => (fails ? fail(response) : answer(id, request, response)), delayMs);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return { id, port: (server.address() as AddressInfo).port, close: () => close(server) };
}

function answer(id: string, request: IncomingMessage, response: ServerResponse): void {
  const body = `{"endpoint":"${id}","method":"${request.method}","path":${JSON.stringify(request.url)}}\n`;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const fail = (response: ServerResponse): void => void response.writeHead(500, { 'content-length': 0 }).end();

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Rng } from '../../core/kernel/rng.ts';

export interface Backend {
  readonly id: string;
  readonly port: number;
  close(): void;
}

interface Character {
  readonly id: string;
  /** Of an answer; each is drawn between 0.6 and 1.4 times this. */
  readonly meanMs: number;
  /** Milliseconds since the start → what goes wrong now. */
  readonly trouble: (sinceMs: number) => Trouble;
}

type Trouble = 'none' | 'resets' | 'errors';

const none = (): Trouble => 'none';

/** Good for 5 s, then 3 s in which connections are cut, good for 5 s again, then 2 s of status 500. */
export function flakyTrouble(sinceMs: number): Trouble {
  const phase = sinceMs % 15_000;
  if (phase >= 5000 && phase < 8000) return 'resets';
  return phase >= 13_000 ? 'errors' : 'none';
}

const characters: readonly Character[] = [
  { id: 'fast', meanMs: 5, trouble: none },
  { id: 'steady', meanMs: 15, trouble: none },
  { id: 'slow', meanMs: 40, trouble: none },
  { id: 'flaky', meanMs: 15, trouble: flakyTrouble },
];

export interface BackendDeps {
  readonly rng: Rng;
  readonly now: () => number;
}

/** Three backends of different speed and one that fails now and then, each a small HTTP server on a free port. */
export function startBackends(deps: BackendDeps): Promise<Backend[]> {
  return Promise.all(characters.map((each) => startBackend(each, deps)));
}

async function startBackend(character: Character, { rng, now }: BackendDeps): Promise<Backend> {
  const startedAt = now();
  const server = createServer((request, response) => {
    const delayMs = character.meanMs * (0.6 + 0.8 * rng.next());
    const trouble = character.trouble(now() - startedAt);
    if (trouble === 'none') setTimeout(() => answer(character.id, request, response), delayMs);
    else fail(trouble, request, response);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return { id: character.id, port: (server.address() as AddressInfo).port, close: () => close(server) };
}

function answer(id: string, request: IncomingMessage, response: ServerResponse): void {
  const body = `{"endpoint":"${id}","method":"${request.method}","path":${JSON.stringify(request.url)}}\n`;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function fail(trouble: Trouble, request: IncomingMessage, response: ServerResponse): void {
  if (trouble === 'resets') request.socket.destroy();
  else response.writeHead(500, { 'content-length': 0 }).end();
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

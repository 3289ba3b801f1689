import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Balancer, startBalancer } from '../../conformance/harness/balancer.ts';
import { freePort } from '../../conformance/harness/sockets.ts';

/** Keeps a log of what it is asked; a path with `hold` in it is answered when it is told to, one with `fail` by 500. */
export interface Backend {
  readonly id: string;
  readonly port: number;
  /** Requests that arrived, but for checks. */
  seen: number;
  /** The path and the status of each. */
  readonly log: { readonly path: string; readonly status: number }[];
  release(): void;
  close(): void;
}

export async function startBackend(id: string): Promise<Backend> {
  const held: ServerResponse[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    backend.seen++;
    response.statusCode = path.includes('fail') ? 500 : 200;
    backend.log.push({ path, status: response.statusCode });
    if (path.includes('hold')) held.push(response);
    else response.end(id);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const backend: Backend = {
    id,
    port: (server.address() as AddressInfo).port,
    seen: 0,
    log: [],
    release() {
      for (const response of held.splice(0)) response.end(id);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return backend;
}

export interface Stage {
  readonly backends: readonly Backend[];
  /** Of the listener. */
  readonly url: string;
  /** Of the dashboard. */
  readonly adminUrl: string;
  readonly balancer: Balancer;
  /** Of the tcp listener, and of the one with many routes. */
  readonly tcpPort: number;
  readonly manyUrl: string;
  /** Sends requests one after the other; resolves when all are answered. */
  send(count: number, path?: string): Promise<void>;
  /** Another process at the same addresses. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startStage(admin: object = {}): Promise<Stage> {
  const backends = await Promise.all(['a', 'b', 'c'].map(startBackend));
  const [port, adminPort, tcpPort, manyPort] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const many = Array.from({ length: 60 }, (_, i) => ({ match: { path: `/service-${i}/*` }, pool: 'main' }));
  const routes = [
    { match: { host: '127.0.0.1', path: '/v1/*' }, pool: 'main' },
    { match: { path: '/v2/*' }, pool: 'main' },
    { match: { path: '/teapot' }, respond: { status: 503 } },
    { pool: 'main' },
  ];
  const database = await startBackend('only');
  const config = {
    workers: 2,
    drainTimeout: '3s',
    admin: { bind: `127.0.0.1:${adminPort}`, ...admin },
    listeners: {
      web: { bind: `127.0.0.1:${port}`, protocol: 'http', routes },
      many: { bind: `127.0.0.1:${manyPort}`, protocol: 'http', routes: many },
      db: { bind: `127.0.0.1:${tcpPort}`, protocol: 'tcp', pool: 'db' },
    },
    pools: {
      main: {
        policy: 'round-robin',
        endpoints: backends.map((each) => ({ id: each.id, address: `127.0.0.1:${each.port}` })),
      },
      db: { policy: 'round-robin', endpoints: [{ id: 'only', address: `127.0.0.1:${database.port}` }] },
    },
  };
  const start = async () => {
    const started = await startBalancer(config, 'bun', [port, adminPort, tcpPort, manyPort]);
    await isReady(`http://127.0.0.1:${adminPort}/readyz`);
    return started;
  };
  const url = `http://127.0.0.1:${port}`;
  const stage = {
    backends,
    url,
    tcpPort,
    manyUrl: `http://127.0.0.1:${manyPort}`,
    adminUrl: `http://127.0.0.1:${adminPort}/`,
    balancer: await start(),
    async send(count: number, path = '/') {
      for (let i = 0; i < count; i++) await (await fetch(`${url}${path}`, { headers: { connection: 'close' } })).text();
    },
    async restart() {
      stage.balancer = await start();
    },
    async close() {
      for (const backend of [...backends, database]) backend.close();
      await stage.balancer.stop();
    },
  };
  return stage;
}

/** The listeners accept a moment before all of it is there. */
async function isReady(url: string): Promise<void> {
  while (!(await fetch(url)).ok) await new Promise((done) => setTimeout(done, 20));
}

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Balancer, startBalancer } from '../../conformance/harness/balancer.ts';
import { freePort } from '../../conformance/harness/sockets.ts';

/** Counts what it is asked; a path with `hold` in it is answered when it is told to. */
export interface Backend {
  readonly id: string;
  readonly port: number;
  /** Requests that arrived. */
  seen: number;
  release(): void;
  close(): void;
}

export async function startBackend(id: string): Promise<Backend> {
  const held: ServerResponse[] = [];
  const server: Server = createServer((request, response) => {
    backend.seen++;
    if (request.url?.includes('hold')) held.push(response);
    else response.end(id);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const backend: Backend = {
    id,
    port: (server.address() as AddressInfo).port,
    seen: 0,
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
  /** Sends requests one after the other; resolves when all are answered. */
  send(count: number): Promise<void>;
  /** Another process at the same addresses. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startStage(admin: object = {}): Promise<Stage> {
  const backends = await Promise.all(['a', 'b', 'c'].map(startBackend));
  const [port, adminPort] = [await freePort(), await freePort()];
  const config = {
    workers: 2,
    admin: { bind: `127.0.0.1:${adminPort}`, ...admin },
    listeners: { web: { bind: `127.0.0.1:${port}`, protocol: 'http', routes: [{ pool: 'main' }] } },
    pools: {
      main: {
        policy: 'round-robin',
        endpoints: backends.map((each) => ({ id: each.id, address: `127.0.0.1:${each.port}` })),
      },
    },
  };
  const start = () => startBalancer(config, 'bun', [port, adminPort]);
  const url = `http://127.0.0.1:${port}`;
  const stage = {
    backends,
    url,
    adminUrl: `http://127.0.0.1:${adminPort}/`,
    balancer: await start(),
    async send(count: number) {
      for (let i = 0; i < count; i++) await (await fetch(`${url}/`, { headers: { connection: 'close' } })).text();
    },
    async restart() {
      stage.balancer = await start();
    },
    async close() {
      for (const backend of backends) backend.close();
      await stage.balancer.stop();
    },
  };
  return stage;
}

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

const open: Server[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(stopServer));
});

/** An HTTP server on a free port of loopback, until the test ends; answers its port where no `listener` is given. */
export async function startServer(listener?: RequestListener): Promise<number> {
  const server: Server = createServer(listener ?? ((_, response) => void response.end(String(portOf(server)))));
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
}

/** The server whose port it is, to break it in a way of its own. */
export function serverAt(port: number): Server {
  return open.find((each) => portOf(each) === port)!;
}

export async function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** A port on which nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await stopServer(server);
  return port;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

import { createServer, type Socket } from 'node:net';

/** Writes everything; false when the connection ended before the kernel had it all. */
export function writeFully(socket: Socket, bytes: string | Buffer): Promise<boolean> {
  if (socket.destroyed || socket.writableEnded) return Promise.resolve(false);
  return new Promise((resolve) => {
    const lost = (): void => resolve(false);
    socket.once('close', lost);
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, (error) => {
      socket.off('close', lost);
      resolve(!error);
    });
  });
}

// Below Linux's range for ports that nobody chose: no client's own port and no other test's port 0 takes one just found.
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;
const given = new Set<number>();

/** A port that nobody listens on and that was not given out before. */
export async function freePort(host = '0.0.0.0'): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    if (given.has(port) || !(await canListen(port, host))) continue;
    given.add(port);
    return port;
  }
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** How long is waited for what is certain to come: a busy machine may stand still for seconds. */
export const PATIENCE_MS = 30_000;

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `condition` holds; throws `what` after `timeoutMs`. */
export async function until(what: string, condition: () => boolean, timeoutMs = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not in ${timeoutMs} ms: ${what}`);
    await sleep(2);
  }
}

/** Rejects with `what` when `promise` takes longer than `timeoutMs`. */
export function within<T>(what: string, promise: Promise<T>, timeoutMs = PATIENCE_MS): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not in ${timeoutMs} ms: ${what}`)), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

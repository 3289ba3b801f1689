/** Connections that have had one request answered and stay open. */
export interface IdleConnections {
  /** How many are open still. */
  open(): number;
  close(): void;
}

interface Waiting {
  held: Buffer;
  readonly answered: () => void;
  readonly failed: (error: Error) => void;
}

const AT_A_TIME = 32;

/** Opens connections and sends `request` once over each. Rejects on any answer that is not a complete 2xx. */
export async function openIdleConnections(port: number, count: number, request: Uint8Array): Promise<IdleConnections> {
  const sockets = new Set<Bun.Socket<Waiting>>();
  let left = count;
  async function openInTurn(): Promise<void> {
    while (left-- > 0) await openOne(port, request, sockets);
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, openInTurn));
  return {
    open: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.terminate();
    },
  };
}

function openOne(port: number, request: Uint8Array, sockets: Set<Bun.Socket<Waiting>>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  Bun.connect<Waiting>({
    hostname: '127.0.0.1',
    port,
    data: { held: Buffer.alloc(0), answered: resolve, failed: reject },
    socket: {
      open: (socket) => {
        sockets.add(socket);
        socket.write(request);
      },
      data: receive,
      close: (socket) => {
        sockets.delete(socket);
        reject(new Error('the connection was closed'));
      },
      error: (_socket, error) => reject(error),
    },
  }).catch(reject);
  return promise;
}

function receive(socket: Bun.Socket<Waiting>, bytes: Buffer): void {
  const waiting = socket.data;
  waiting.held = Buffer.concat([waiting.held, bytes]);
  const end = waiting.held.indexOf('\r\n\r\n');
  if (end < 0) return;
  const head = waiting.held.toString('latin1', 0, end);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
  if (!/^HTTP\/1\.[01] 2/.test(head)) waiting.failed(new Error(`unexpected answer: ${head}`));
  if (waiting.held.length - end - 4 < length) return;
  waiting.held = Buffer.alloc(0);
  waiting.answered();
}

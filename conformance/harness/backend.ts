import { createServer, type Server, type Socket } from 'node:net';
import { createRequestReader, type Message, type MessageReader } from './message-reader.ts';
import { writeFully } from './sockets.ts';

/** A request that reached the backend, and the way to answer it with any bytes at any moment. */
export interface Exchange {
  readonly request: Message;
  /** Counts the backend's connections, from 0. */
  readonly connection: number;
  /** Resolves when the kernel has taken the bytes; false when the connection is gone. */
  write(bytes: string | Buffer): Promise<boolean>;
  /** FIN. */
  end(): void;
  /** RST. */
  reset(): void;
  /** Stops and starts reading. */
  pause(): void;
  resume(): void;
  /** Bytes of the connection from now on, untouched by the reader. */
  onTunnel(handler: (bytes: Buffer) => void, end?: () => void): void;
  /** When the peer closed or reset the connection. */
  readonly closed: Promise<void>;
}

export interface RecordingBackend {
  readonly port: number;
  readonly address: string;
  /** Requests with a clean end, in the order of their ends. */
  readonly requests: Message[];
  /** Every request head seen, complete or not. */
  readonly heads: Message[];
  /** Bytes no strict reader accepts. Must stay empty. */
  readonly violations: string[];
  /** Every byte received, by connection. */
  readonly received: Buffer[][];
  /** Connections open now, and the most that were at one time. */
  readonly connections: { open: number; peak: number };
  /** Runs at a request's head, before its content. */
  onHead: (exchange: Exchange) => void;
  /** Runs at a request's end. */
  onRequest: (exchange: Exchange) => void;
  /** Forgets what was recorded and answers 200 again. */
  reset(): void;
  /** Closes or resets every connection. */
  disconnect(how: 'end' | 'reset'): void;
  /** Writes to every open connection, unasked. */
  broadcast(bytes: string): void;
  close(): Promise<void>;
}

/** The default answer: what was asked, as text. */
export function answerOk(exchange: Exchange): void {
  const body = `target=${exchange.request.start[1]}`;
  const content = exchange.request.start[0] === 'HEAD' ? '' : body;
  void exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${content}`);
}

/** An `onRequest` that answers with these bytes. */
export function answer(bytes: string | Buffer, then?: 'end' | 'reset'): (exchange: Exchange) => void {
  return async (exchange) => {
    await exchange.write(bytes);
    if (then) exchange[then]();
  };
}

export interface BackendOptions {
  /** Address to listen on. Default 127.0.0.1. A path beginning with `/` is a unix socket. */
  readonly host?: string;
  readonly port?: number;
}

export async function recordingBackend(options: BackendOptions = {}): Promise<RecordingBackend> {
  const host = options.host ?? '127.0.0.1';
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const backend = createRecord(server, sockets);
  server.on('connection', (socket) => serveConnection(backend, sockets, socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (host.startsWith('/')) server.listen(host, resolve);
    else server.listen(options.port ?? 0, host, resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const address = host.startsWith('/') ? `unix:${host}` : host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return Object.assign(backend, { port, address });
}

function createRecord(server: Server, sockets: Set<Socket>): RecordingBackend {
  const nothing = (): void => {};
  return {
    ...{ port: 0, address: '', requests: [], heads: [], violations: [], received: [] },
    ...{ connections: { open: 0, peak: 0 }, onHead: nothing, onRequest: answerOk },
    reset() {
      for (const list of [this.requests, this.heads, this.violations, this.received]) list.length = 0;
      this.connections.peak = this.connections.open;
      this.onHead = nothing;
      this.onRequest = answerOk;
    },
    disconnect(how) {
      for (const socket of sockets) {
        if (how === 'reset') socket.resetAndDestroy();
        else socket.end();
      }
    },
    broadcast(bytes) {
      for (const socket of sockets) socket.write(bytes, 'latin1');
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

let connectionCount = 0;

function serveConnection(backend: RecordingBackend, sockets: Set<Socket>, socket: Socket): void {
  const id = connectionCount++;
  const bytesSeen: Buffer[] = [];
  backend.received.push(bytesSeen);
  sockets.add(socket);
  backend.connections.open++;
  backend.connections.peak = Math.max(backend.connections.peak, backend.connections.open);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  void closed.then(() => {
    sockets.delete(socket);
    backend.connections.open--;
  });
  const exchangeOf = (request: Message): Exchange => createExchange(socket, id, request, reader, closed);
  const reader = createRequestReader({
    head(request) {
      backend.heads.push(request);
      backend.onHead(exchangeOf(request));
    },
    end(request) {
      backend.requests.push(request);
      backend.onRequest(exchangeOf(request));
    },
  });
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    if (socket.listenerCount('tunnel') > 0) return void socket.emit('tunnel', bytes);
    if (bytesSeen.length < 1000) bytesSeen.push(bytes);
    reader.push(bytes);
    if (reader.violation) noteViolation(backend, id, reader);
  });
  socket.on('end', () => {
    reader.finish();
    if (socket.listenerCount('tunnel') === 0) socket.end();
  });
}

function noteViolation(backend: RecordingBackend, id: number, reader: MessageReader): void {
  const note = `connection ${id}: ${reader.violation}`;
  if (!backend.violations.includes(note)) backend.violations.push(note);
}

function createExchange(
  socket: Socket,
  connection: number,
  request: Message,
  reader: MessageReader,
  closed: Promise<void>,
): Exchange {
  return {
    ...{ request, connection, closed },
    write: (bytes) => writeFully(socket, bytes),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    onTunnel(handler, end) {
      // Called inside the reader's own callback: what it has not read yet belongs to the tunnel.
      reader.detach();
      socket.on('tunnel', handler);
      if (end) socket.once('end', end);
      queueMicrotask(() => reader.rest.length > 0 && handler(reader.rest));
    },
  };
}

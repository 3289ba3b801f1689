import { connect, type Socket } from 'node:net';
import { createResponseReader, type Message, type MessageReader } from './message-reader.ts';
import { PATIENCE_MS, sleep, within, writeFully } from './sockets.ts';

export interface ClientOptions {
  /** Methods of the requests that will be sent, in order; further ones count as GET. Needed for HEAD. */
  readonly methods?: readonly string[];
  /** Source address of the connection. */
  readonly localAddress?: string;
  /** Default 127.0.0.1; a path beginning with `/` is a unix socket. */
  readonly host?: string;
  /** Bytes are only collected, not read as HTTP. Default false. */
  readonly plain?: boolean;
}

/** A connection that sends any bytes and reads the answers strictly. */
export interface RawClient {
  /** Sends the pieces one by one, each in a write of its own with a pause between. */
  send(...pieces: (string | Buffer)[]): Promise<void>;
  /** Final answers with a clean end. */
  readonly responses: Message[];
  /** 1xx answers. */
  readonly interim: Message[];
  /** The answer that has begun but not ended. */
  readonly partial: Message | undefined;
  readonly violation: string | undefined;
  /** What came after a 101, or everything in plain mode. */
  readonly bytes: () => Buffer;
  /** How the connection ended, seen from here; `open` while it lives. */
  readonly ended: () => 'open' | 'fin' | 'reset';
  /** The answer number `index` (from 0). Throws when the connection ends or 3 s pass before it is complete. */
  response(index?: number, timeoutMs?: number): Promise<Message>;
  /** Waits for the other side to close; false when it has not within `timeoutMs`. */
  waitClosed(timeoutMs?: number): Promise<boolean>;
  shutdown(): void;
  reset(): void;
  close(): void;
  pause(): void;
  resume(): void;
  readonly socket: Socket;
}

interface Received {
  /** Called, and forgotten, whenever something has come. */
  readonly waiting: (() => void)[];
  readonly responses: Message[];
  readonly interim: Message[];
  readonly plain: Buffer[];
  reader: MessageReader;
  ended: 'open' | 'fin' | 'reset';
}

export async function rawClient(port: number, options: ClientOptions = {}): Promise<RawClient> {
  const socket = await open(port, options);
  const received = createReceived(options);
  socket.on('data', (bytes: Buffer) => {
    if (options.plain) received.plain.push(bytes);
    else received.reader.push(bytes);
    wake(received);
  });
  socket.on('end', () => {
    if (received.ended === 'open') received.ended = 'fin';
    received.reader.finish();
    wake(received);
  });
  socket.on('error', () => {
    received.ended = 'reset';
    wake(received);
  });
  socket.on('close', () => {
    if (received.ended === 'open') received.ended = 'reset';
    wake(received);
  });
  return createClient(socket, received, options.plain === true);
}

function open(port: number, { host = '127.0.0.1', localAddress }: ClientOptions): Promise<Socket> {
  const address = host.startsWith('/') ? { path: host } : { host, port, ...(localAddress && { localAddress }) };
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, allowHalfOpen: true, noDelay: true }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function createReceived(options: ClientOptions): Received {
  const methods = [...(options.methods ?? [])];
  const responses: Message[] = [];
  const interim: Message[] = [];
  const reader = createResponseReader(() => methods.shift() ?? 'GET', {
    end: (message) => (message.start[1].startsWith('1') ? interim : responses).push(message),
  });
  return { responses, interim, plain: [], reader, waiting: [], ended: 'open' };
}

function createClient(socket: Socket, received: Received, plain: boolean): RawClient {
  const { responses, interim, reader } = received;
  return {
    ...{ socket, responses, interim },
    get partial() {
      return reader.current;
    },
    get violation() {
      return reader.violation;
    },
    bytes: () => (plain ? Buffer.concat(received.plain) : reader.rest),
    ended: () => received.ended,
    async send(...pieces) {
      for (const [index, piece] of pieces.entries()) {
        if (index > 0) await sleep(1);
        void writeFully(socket, piece);
      }
    },
    async response(index = 0, timeoutMs = PATIENCE_MS) {
      const over = (): boolean => reader.violation !== undefined || received.ended !== 'open';
      await untilWoken(received, `response ${index}`, () => responses.length > index || over(), timeoutMs);
      const message = responses[index];
      if (!message) throw new Error(`no response ${index}: ${reader.violation ?? received.ended}`);
      return message;
    },
    async waitClosed(timeoutMs = PATIENCE_MS) {
      return untilWoken(received, 'closed', () => received.ended !== 'open', timeoutMs).then(
        () => true,
        () => false,
      );
    },
    shutdown: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    close: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}

function wake({ waiting }: Received): void {
  for (const each of waiting.splice(0)) each();
}

/** Without polling: hundreds of clients may wait at one time. */
async function untilWoken({ waiting }: Received, what: string, condition: () => boolean, timeoutMs: number) {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    await within(what, new Promise<void>((resolve) => void waiting.push(resolve)), deadline - performance.now());
  }
}

/** One request on a connection of its own. Throws when there is no complete, well-formed answer. */
export async function request(port: number, bytes: string | Buffer, options: ClientOptions = {}): Promise<Message> {
  const client = await rawClient(port, options);
  try {
    await client.send(bytes);
    return await client.response();
  } finally {
    client.close();
  }
}

/** A request without content; `lines` are further field lines. */
export function get(target: string, ...lines: string[]): string {
  return `GET ${target} HTTP/1.1\r\n${['Host: a.example', ...lines].join('\r\n')}\r\n\r\n`;
}

/** A request with content framed by its length. */
export function post(target: string, body: string, ...lines: string[]): string {
  const head = ['Host: a.example', `Content-Length: ${Buffer.byteLength(body, 'latin1')}`, ...lines].join('\r\n');
  return `POST ${target} HTTP/1.1\r\n${head}\r\n\r\n${body}`;
}

/** An answer with content framed by its length. */
export function ok(body: string, ...lines: string[]): string {
  return `HTTP/1.1 200 OK\r\n${[`Content-Length: ${body.length}`, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

/**
 * The server behind every balancer in a benchmark: HTTP/1.1 without garbage, so that it costs little and never pauses.
 *
 * Run     bun origin.ts <host> <port,port,…>
 * Answers by path: /small (120 bytes), /16k, /1m, /chunked (8 × 1 KiB), /health, /served (requests answered so far,
 *         health checks and itself not counted); POST bodies with a Content-Length are read and answered like /small.
 * Limits  one request at a time on a connection (no pipelining), no chunked request bodies (501).
 */
import { type Block, block, closeSocket, Epoll, receive, send } from './epoll.ts';
import { contentLength, findLine, headEnd } from './message-head.ts';

interface Connection {
  readonly socket: number;
  /** Bytes of a head that is not complete. */
  held: Uint8Array | null;
  /** Bytes of a request body still to come. */
  bodyLeft: number;
  /** The answer under way, sent up to `sent`. */
  answer: Block | null;
  sent: number;
  close: boolean;
}

interface Answer {
  /** The request line's part behind the method, with the spaces around it. */
  readonly path: Uint8Array;
  readonly block: Block;
  readonly counted: boolean;
}

const SMALL_BODY =
  '{"id":4711,"name":"trail shoe","price":{"amount":"89.90","currency":"EUR"},"stock":12,"rating":4.6,"tags":["new"]}';
const CHUNK_COUNT = 8;
const CHUNK_BYTES = 1024;
const REFRESH_MS = 1000;
const [LF, SPACE, POST, ZERO] = [10, 32, 80, 48];
const CLOSE_FIELD = new TextEncoder().encode('connection: close');

const epoll = new Epoll();
const input = block(new Uint8Array(262_144));
const listeners = new Set<number>();
const connections = new Map<number, Connection>();
const notFound = withLength('404 Not Found', 'text/plain', 'no such path\n');
const lengthRequired = withLength('501 Not Implemented', 'text/plain', 'no length\n');
let answers = buildAnswers();
let served = 0;

// Once a second, for the Date.
function buildAnswers(): readonly Answer[] {
  const found = (path: string, made: Block): Answer => {
    return { path: Buffer.from(` ${path} `), block: made, counted: path !== '/health' };
  };
  return [
    found('/small', withLength('200 OK', 'application/json; charset=utf-8', SMALL_BODY.padEnd(120))),
    found('/16k', withLength('200 OK', 'text/html; charset=utf-8', page(16 * 1024))),
    found('/1m', withLength('200 OK', 'application/octet-stream', page(1024 * 1024))),
    found('/chunked', chunked()),
    found('/health', withLength('200 OK', 'text/plain', 'ok\n')),
  ];
}

function withLength(status: string, type: string, body: string): Block {
  return block(Buffer.from(head(status, type, `Content-Length: ${body.length}`) + body));
}

function head(status: string, type: string, framing: string): string {
  const fields = [
    `Date: ${new Date().toUTCString()}`,
    'Server: origin/1.0',
    `Content-Type: ${type}`,
    framing,
    'Cache-Control: private, max-age=60',
    'ETag: "5f3c-62b9a1d4e8c40"',
    'Vary: Accept-Encoding',
    'X-Content-Type-Options: nosniff',
  ];
  return `HTTP/1.1 ${status}\r\n${fields.join('\r\n')}\r\n\r\n`;
}

function page(bytes: number): string {
  const line = '<p>The quick brown fox jumps over the lazy dog.</p>\n';
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
}

function chunked(): Block {
  const chunk = `${CHUNK_BYTES.toString(16)}\r\n${page(CHUNK_BYTES)}\r\n`;
  const framing = 'Transfer-Encoding: chunked';
  return block(
    Buffer.from(`${head('200 OK', 'text/html; charset=utf-8', framing)}${chunk.repeat(CHUNK_COUNT)}0\r\n\r\n`),
  );
}

function accept(listener: number): void {
  const socket = epoll.accept(listener);
  if (socket < 0) return;
  connections.set(socket, { socket, held: null, bodyLeft: 0, answer: null, sent: 0, close: false });
}

function close(connection: Connection): void {
  connections.delete(connection.socket);
  closeSocket(connection.socket);
}

function read(connection: Connection): void {
  const count = receive(connection.socket, input);
  if (count <= 0) close(connection);
  else if (connection.bodyLeft > 0) readBody(connection, count);
  else readHead(connection, count);
}

function readHead(connection: Connection, count: number): void {
  const bytes =
    connection.held === null ? input.bytes : Buffer.concat([connection.held, input.bytes.subarray(0, count)]);
  const length = connection.held === null ? count : bytes.length;
  const end = headEnd(bytes, length);
  connection.held = end < 0 ? bytes.slice(0, length) : null;
  if (end >= 0) readRequest(connection, bytes, { end, length });
}

function readRequest(connection: Connection, bytes: Uint8Array, at: { readonly end: number; readonly length: number }) {
  connection.close = bytes[bytes.indexOf(LF) - 2] === ZERO || findLine(bytes, at.end, CLOSE_FIELD) >= 0;
  if (bytes[0] !== POST) {
    answer(connection, answerTo(bytes));
    return;
  }
  connection.bodyLeft = contentLength(bytes, at.end);
  if (connection.bodyLeft < 0) answer(connection, lengthRequired);
  else readBody(connection, at.length - at.end);
}

function readBody(connection: Connection, count: number): void {
  connection.bodyLeft -= count;
  if (connection.bodyLeft < 0) close(connection);
  if (connection.bodyLeft !== 0) return;
  served++;
  answer(connection, answers[0]!.block);
}

function answerTo(bytes: Uint8Array): Block {
  const space = bytes.indexOf(SPACE);
  for (const found of answers) {
    if (!isAt(bytes, space, found.path)) continue;
    if (found.counted) served++;
    return found.block;
  }
  return isAt(bytes, space, SERVED) ? withLength('200 OK', 'text/plain', String(served)) : notFound;
}

const SERVED = new TextEncoder().encode(' /served ');

function isAt(bytes: Uint8Array, from: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) if (bytes[from + index] !== wanted[index]) return false;
  return true;
}

function answer(connection: Connection, made: Block): void {
  connection.answer = made;
  connection.sent = 0;
  write(connection);
  // A slow reader is waited for; until then its next request is not read.
  if (connection.answer !== null) epoll.watch(connection.socket, 'write');
}

function write(connection: Connection): void {
  if (connection.answer === null) return;
  const accepted = send(connection.socket, connection.answer, connection.sent);
  if (accepted > 0) connection.sent += accepted;
  if (connection.sent < connection.answer.bytes.length) return;
  connection.answer = null;
  if (connection.close) close(connection);
}

function drain(connection: Connection): void {
  write(connection);
  if (connection.answer === null && !connection.close) epoll.watch(connection.socket, 'read');
}

function handle(index: number): void {
  const socket = epoll.ready(index);
  if (listeners.has(socket)) {
    accept(socket);
    return;
  }
  const connection = connections.get(socket);
  if (connection === undefined) return;
  const readiness = epoll.readiness(index);
  if (readiness === 'read') read(connection);
  else if (readiness === 'write') drain(connection);
  else close(connection);
}

/** Serves for ever. */
function serve(host: string, ports: readonly number[]): never {
  for (const port of ports) listeners.add(epoll.listen(host, port));
  let refreshAt = performance.now() + REFRESH_MS;
  for (;;) {
    const ready = epoll.wait(REFRESH_MS);
    for (let index = 0; index < ready; index++) handle(index);
    if (performance.now() < refreshAt) continue;
    refreshAt += REFRESH_MS;
    answers = buildAnswers();
  }
}

const [host, ports] = process.argv.slice(2);
if (host === undefined || ports === undefined) throw new Error('host, ports');
serve(host, ports.split(',').map(Number));

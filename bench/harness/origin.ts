/**
 * The server behind every balancer in a benchmark: HTTP/1.1 on raw sockets, so that it costs little beside them.
 *
 * Run     bun origin.ts <host> <port,port,…> <bulk port>
 * Answers by path: /small (120 bytes), /16k, /1m, /chunked (8 × 1 KiB), /health, /served (requests answered so far,
 *         health checks and itself not counted); POST bodies with a Content-Length are read and answered like /small.
 * Bulk    a connection to the bulk port sends `<bytes>\n` and receives that many bytes of a known pattern, then FIN.
 * Limits  one request at a time on a connection (no pipelining), no chunked request bodies (501).
 */
import { bulkSource } from './bulk.ts';

type Socket = Bun.Socket<Connection>;

interface Connection {
  /** Bytes of a head that is not complete. */
  held: Buffer | null;
  /** Bytes of a request body still to come. */
  bodyLeft: number;
  /** The answer under way, sent up to `sent`. */
  answer: Buffer | null;
  sent: number;
  close: boolean;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const SMALL_BODY = `{"id":4711,"name":"trail shoe","price":{"amount":"89.90","currency":"EUR"},"stock":12,"rating":4.6,"tags":["new"]}`;
const CHUNK_COUNT = 8;
const CHUNK_BYTES = 1024;

let served = 0;
let answers = buildAnswers();

function buildAnswers(): Map<string, Buffer> {
  const small = SMALL_BODY.padEnd(120);
  return new Map([
    ['/small', withLength('200 OK', 'application/json; charset=utf-8', small)],
    ['/16k', withLength('200 OK', 'text/html; charset=utf-8', page(16 * 1024))],
    ['/1m', withLength('200 OK', 'application/octet-stream', page(1024 * 1024))],
    ['/chunked', chunked()],
    ['/health', withLength('200 OK', 'text/plain', 'ok\n')],
  ]);
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

function withLength(status: string, type: string, body: string): Buffer {
  return Buffer.from(head(status, type, `Content-Length: ${body.length}`) + body, 'latin1');
}

function page(bytes: number): string {
  return '<p>The quick brown fox jumps over the lazy dog.</p>\n'.repeat(bytes / 50).slice(0, bytes);
}

function chunked(): Buffer {
  const chunk = `${CHUNK_BYTES.toString(16)}\r\n${page(CHUNK_BYTES)}\r\n`;
  const framing = 'Transfer-Encoding: chunked';
  return Buffer.from(`${head('200 OK', 'text/html; charset=utf-8', framing)}${chunk.repeat(CHUNK_COUNT)}0\r\n\r\n`);
}

function data(socket: Socket, bytes: Buffer): void {
  const connection = socket.data;
  if (connection.bodyLeft > 0) {
    readBody(socket, bytes);
    return;
  }
  const all = connection.held === null ? bytes : Buffer.concat([connection.held, bytes]);
  const end = all.indexOf(HEAD_END);
  connection.held = end < 0 ? all : null;
  if (end >= 0) readRequest(socket, all, end + HEAD_END.length);
}

function readRequest(socket: Socket, bytes: Buffer, headEnd: number): void {
  const connection = socket.data;
  const line = bytes.toString('latin1', 0, bytes.indexOf(13));
  connection.close = line.endsWith('HTTP/1.0') || includesBefore(bytes, 'onnection: close', headEnd);
  if (line.startsWith('POST ')) readUpload(socket, bytes, headEnd);
  else answer(socket, answerTo(line.slice(4, line.lastIndexOf(' '))));
}

function readUpload(socket: Socket, bytes: Buffer, headEnd: number): void {
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, headEnd))?.[1];
  if (length === undefined) answer(socket, withLength('501 Not Implemented', 'text/plain', 'no length\n'));
  socket.data.bodyLeft = Number(length ?? 0);
  if (length !== undefined) readBody(socket, bytes.subarray(headEnd));
}

function includesBefore(bytes: Buffer, text: string, end: number): boolean {
  const at = bytes.indexOf(text);
  return at >= 0 && at < end;
}

function readBody(socket: Socket, bytes: Buffer): void {
  socket.data.bodyLeft -= bytes.length;
  if (socket.data.bodyLeft < 0) socket.terminate();
  else if (socket.data.bodyLeft === 0) answer(socket, answerTo('/small'));
}

function answerTo(path: string): Buffer {
  if (path === '/served') return withLength('200 OK', 'text/plain', String(served));
  const found = answers.get(path);
  if (found === undefined) return withLength('404 Not Found', 'text/plain', 'no such path\n');
  if (path !== '/health') served++;
  return found;
}

function answer(socket: Socket, bytes: Buffer): void {
  socket.data.answer = bytes;
  socket.data.sent = 0;
  drain(socket);
}

function drain(socket: Socket): void {
  const connection = socket.data;
  if (connection.answer === null) return;
  const left = connection.answer.length - connection.sent;
  const accepted = socket.write(connection.answer, connection.sent, left);
  if (accepted < 0) return;
  connection.sent += accepted;
  if (accepted < left) return;
  connection.answer = null;
  if (connection.close) socket.end();
}

/** Listens and returns the ports; 0 takes any. */
export function startOrigin(host: string, ports: readonly number[], bulkPort: number): number[] {
  const socket = {
    open(opened: Socket): void {
      opened.data = { held: null, bodyLeft: 0, answer: null, sent: 0, close: false };
    },
    data,
    drain,
    error(failed: Socket): void {
      failed.terminate();
    },
  };
  const listeners = ports.map((port) => Bun.listen<Connection>({ hostname: host, port, socket }));
  const bulk = bulkSource(host, bulkPort);
  setInterval(() => {
    answers = buildAnswers();
  }, 1000).unref();
  return [...listeners.map((listener) => listener.port), bulk.port];
}

if (import.meta.main) {
  const [host, ports, bulkPort] = process.argv.slice(2);
  if (host === undefined || ports === undefined || bulkPort === undefined) throw new Error('host, ports, bulk port');
  startOrigin(host, ports.split(',').map(Number), Number(bulkPort));
}

/**
 * An endpoint as a process of its own, which notes every request before it acts on it, so that a SIGKILL loses no note.
 *
 * Run     bun origin-process.ts <port> <log>; ends with its standard input.
 * Input   a line `fault <name>` turns it bad (see FAULTS) or, with `none`, good again; answered by the same line.
 * Paths   `?answer=N` answers N bytes that name the request; without a number, `?content=N` answers N bytes at once, and
 *         anything else is a health check.
 * Log     `<ms since 1970> <what> <id>`: head (of the request came), request (all of it), begun (an answer), answered,
 *         failed (on purpose), violation.
 */
import { openSync, writeSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createRequestReader, type Message } from '../../harness/message-reader.ts';
import type { FaultName } from './faults.ts';
import { answerContent, ID_FIELD, TWO_PIECES } from './plan.ts';

const ANSWER_MS = 20;
const SLOW_FACTOR = 10;
const PIECE_GAP_MS = 3;

const [port, log] = [Number(process.argv[2]), openSync(process.argv[3]!, 'a')];
const sockets = new Set<Socket>();
let fault: FaultName = 'none';
let server: Server | undefined;

function note(what: string, id: string): void {
  // The kernel has it when this returns, whatever becomes of the process.
  writeSync(log, `${Date.now()} ${what} ${id}\n`);
}

function listen(): Promise<void> {
  server = createServer({ noDelay: true }, serve);
  return new Promise((resolve, reject) => {
    server!.once('error', reject);
    server!.listen({ port, host: '127.0.0.1', backlog: 1024 }, resolve);
  });
}

function serve(socket: Socket): void {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => {});
  const reader = createRequestReader({
    head: (request) => onHead(socket, request),
    end: (request) => onRequest(socket, request),
  });
  socket.on('data', (bytes: Buffer) => {
    reader.push(bytes);
    if (reader.violation !== undefined) {
      note('violation', encodeURIComponent(reader.violation));
      socket.destroy();
    }
  });
}

function idOf(request: Message): string {
  return request.fields.find(([name]) => name.toLowerCase() === ID_FIELD.toLowerCase())?.[1] ?? '';
}

function onHead(socket: Socket, request: Message): void {
  const id = idOf(request);
  if (id !== '') note('head', id);
  if (fault !== 'reset-request') return;
  if (id !== '') note('failed', id);
  socket.resetAndDestroy();
}

function onRequest(socket: Socket, request: Message): void {
  const id = idOf(request);
  if (socket.destroyed) return;
  if (id === '') {
    const content = /content=(\d+)/.exec(request.start[1]);
    if (content === null) answerCheck(socket);
    else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${content[1]}\r\n\r\n${'.'.repeat(Number(content[1]))}`);
    return;
  }
  note('request', id);
  const delayMs = fault === 'slow' ? ANSWER_MS * SLOW_FACTOR : ANSWER_MS;
  setTimeout(() => answer(socket, id, Number(/answer=(\d+)/.exec(request.start[1])?.[1] ?? 100)), delayMs);
}

/** Of its health; a 500 is what traffic alone can see. */
function answerCheck(socket: Socket): void {
  if (fault === 'garbage') socket.end('\x00\x01 neither HTTP nor anything else\r\n\r\n');
  else if (fault === 'reset-answer' || fault === 'close-body') socket.resetAndDestroy();
  else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
}

function answer(socket: Socket, id: string, bytes: number): void {
  if (socket.destroyed) return;
  const content = answerContent(id, bytes);
  const closes = fault === 'refuse' ? 'Connection: close\r\n' : '';
  const head = (status: string): string =>
    `HTTP/1.1 ${status}\r\nContent-Length: ${bytes}\r\n${closes}${ID_FIELD}: ${id}\r\nX-Port: ${port}\r\n\r\n`;
  const isFailing = fault !== 'none' && fault !== 'slow' && fault !== 'refuse';
  if (isFailing) note('failed', id);
  if (fault === 'garbage') socket.end(`\x7fELF garbage ${id}\r\n\r\n`);
  else if (fault === 'reset-answer') beginAnswer(socket, id, head('200 OK'), () => socket.resetAndDestroy());
  else if (fault === 'close-body') {
    beginAnswer(socket, id, head('200 OK') + content.slice(0, bytes >> 1), () => socket.end());
  } else if (fault === 'status-500') socket.write(head('500 Internal Server Error') + content);
  else answerWell(socket, id, head('200 OK'), content);
}

function answerWell(socket: Socket, id: string, head: string, content: string): void {
  const first = content.length > TWO_PIECES ? content.length >> 1 : content.length;
  const last = (): void => {
    note('answered', id);
    if (fault === 'refuse') socket.end();
  };
  beginAnswer(socket, id, head + content.slice(0, first), () => {
    if (first < content.length) socket.write(content.slice(first), last);
    else last();
  });
}

/** `then` runs a moment later, when the first piece has gone its way. */
function beginAnswer(socket: Socket, id: string, piece: string, then: () => void): void {
  note('begun', id);
  socket.write(piece, () => {
    setTimeout(() => {
      if (!socket.destroyed) then();
    }, PIECE_GAP_MS);
  });
}

async function become(next: FaultName): Promise<void> {
  const wasClosed = fault === 'refuse' || fault === 'gone';
  fault = next;
  if (next === 'refuse' || next === 'gone') server?.close();
  else if (wasClosed) await listen();
  if (next === 'gone') for (const socket of sockets) socket.resetAndDestroy();
}

await listen();
console.log('listening');
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const name = line.slice('fault '.length) as FaultName;
  void become(name).then(() => console.log(line));
});
lines.on('close', () => process.exit());

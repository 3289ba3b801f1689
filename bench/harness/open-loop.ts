/**
 * Load at a constant rate, or at given times, whatever the answers do.
 *
 * Run     bun open-loop.ts <port> <path> <requests per second> <seconds> <connections>; prints an OpenLoopResult.
 * Latency runs from the moment a request was due to the last byte of its answer, so a stall is charged to every
 *         request that it held up (no coordinated omission; G. Tene, "How NOT to Measure Latency", 2015).
 * Errors  throws on an answer that is not 2xx, a connection that closes, and requests without an answer.
 */
import { browserRequest } from './browser-request.ts';
import { type Block, block, closeSocket, Epoll, nap, receive, send } from './epoll.ts';
import { contentLength, headEnd } from './message-head.ts';

export interface OpenLoopOptions {
  readonly port: number;
  readonly request: Uint8Array;
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
  /** When each request is due, milliseconds from the start, instead of `rate` for `seconds`. */
  readonly dueMs?: Float64Array;
}

export interface OpenLoopResult {
  readonly requests: number;
  readonly seconds: number;
  /** Microseconds. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

interface Connection {
  readonly socket: number;
  /** Which request this connection waits for; -1 when it is free. */
  index: number;
  /** The answer's head as far as it has come. */
  readonly head: Uint8Array;
  headBytes: number;
  /** Bytes of the answer's body to come; -1 while its head is not complete. */
  bodyLeft: number;
}

const GRACE_MS = 5000;
// Between two looks at the sockets. Without it the load would keep its core from the origin that shares it, and be
// what is measured: the scheduler changes between two busy programs every 2 to 3 ms.
const NAP_US = 20;
// Latencies of the run's beginning, when connections are new and code is being compiled, do not count.
const WARM_SHARE = 0.3;
const HEAD_BYTES = 16_384;
const TWO = '2'.charCodeAt(0);
const STATUS_AT = 'HTTP/1.1 '.length;

/** Puts the load on a server; the calling thread does nothing else meanwhile. */
export function runOpenLoop(options: OpenLoopOptions): OpenLoopResult {
  return new OpenLoop(options).run();
}

class OpenLoop {
  readonly #epoll = new Epoll();
  readonly #request: Block;
  readonly #answer = block(new Uint8Array(65_536));
  readonly #latencies: Float64Array;
  readonly #dueMs: Float64Array;
  readonly #connections = new Map<number, Connection>();
  /** A ring, so that all connections take turns. */
  readonly #free: Connection[];
  #freeFirst = 0;
  #freeCount = 0;
  #start = 0;
  #sent = 0;
  #answered = 0;

  constructor({ port, request, rate, seconds, connections, dueMs }: OpenLoopOptions) {
    this.#request = block(request);
    this.#dueMs = dueMs ?? new Float64Array(Math.round(rate * seconds)).map((_, index) => (index * 1000) / rate);
    this.#latencies = new Float64Array(this.#dueMs.length);
    this.#free = Array.from({ length: connections }, () => this.#connect(port));
    this.#freeCount = connections;
  }

  #connect(port: number): Connection {
    const socket = this.#epoll.connect(port);
    const connection = { socket, index: -1, head: new Uint8Array(HEAD_BYTES), headBytes: 0, bodyLeft: -1 };
    this.#connections.set(socket, connection);
    return connection;
  }

  run(): OpenLoopResult {
    const total = this.#latencies.length;
    this.#start = performance.now();
    const deadline = this.#start + (this.#dueMs[total - 1] ?? 0) + GRACE_MS;
    while (this.#answered < total) {
      this.#sendDue();
      nap(NAP_US);
      const ready = this.#epoll.wait(0);
      for (let index = 0; index < ready; index++) this.#read(this.#connections.get(this.#epoll.ready(index))!);
      if (performance.now() > deadline) throw new Error(`${total - this.#answered} requests without an answer`);
    }
    const seconds = (performance.now() - this.#start) / 1000;
    for (const socket of this.#connections.keys()) closeSocket(socket);
    return this.#summarize(seconds);
  }

  #sendDue(): void {
    const passedMs = performance.now() - this.#start;
    while (this.#sent < this.#dueMs.length && this.#dueMs[this.#sent]! <= passedMs && this.#freeCount > 0) {
      const connection = this.#free[this.#freeFirst]!;
      this.#freeFirst = (this.#freeFirst + 1) % this.#free.length;
      this.#freeCount--;
      connection.index = this.#sent++;
      connection.bodyLeft = -1;
      connection.headBytes = 0;
      if (send(connection.socket, this.#request) !== this.#request.bytes.length)
        throw new Error('a request did not fit');
    }
  }

  #read(connection: Connection): void {
    const count = receive(connection.socket, this.#answer);
    if (count <= 0) throw new Error('a connection was closed');
    const body = connection.bodyLeft < 0 ? this.#readHead(connection, count) : count;
    if (connection.bodyLeft < 0) return;
    connection.bodyLeft -= body;
    if (connection.bodyLeft < 0 || connection.index < 0) throw new Error('more bytes than the answer announced');
    if (connection.bodyLeft === 0) this.#finish(connection);
  }

  /** Takes bytes into the head; gives how many of them are behind it. */
  #readHead(connection: Connection, count: number): number {
    const { head, headBytes } = connection;
    const taken = Math.min(count, head.length - headBytes);
    for (let index = 0; index < taken; index++) head[headBytes + index] = this.#answer.bytes[index]!;
    connection.headBytes = headBytes + taken;
    const end = headEnd(head, connection.headBytes);
    if (end < 0 && connection.headBytes < head.length) return 0;
    const length = end < 0 ? -1 : contentLength(head, end);
    if (head[STATUS_AT] !== TWO || length < 0) throw new Error(`unexpected answer: ${textOf(head, end)}`);
    connection.bodyLeft = length;
    return headBytes + count - end;
  }

  #finish(connection: Connection): void {
    this.#latencies[connection.index] = performance.now() - this.#start - this.#dueMs[connection.index]!;
    connection.index = -1;
    this.#free[(this.#freeFirst + this.#freeCount++) % this.#free.length] = connection;
    this.#answered++;
  }

  #summarize(seconds: number): OpenLoopResult {
    const sorted = this.#latencies.slice(Math.floor(this.#latencies.length * WARM_SHARE)).sort();
    const at = (share: number): number =>
      1000 * (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    const [p50Us, p99Us, p999Us, maxUs] = [at(0.5), at(0.99), at(0.999), at(1)];
    return { requests: this.#latencies.length, seconds, p50Us, p99Us, p999Us, maxUs };
  }
}

function textOf(bytes: Uint8Array, end: number): string {
  return new TextDecoder('latin1').decode(bytes.subarray(0, end < 0 ? 200 : end)).trim();
}

if (import.meta.main) {
  const [port, path, rate, seconds, connections] = process.argv.slice(2);
  if (path === undefined) throw new Error('port, path, rate, seconds, connections');
  const numbers = {
    port: Number(port),
    rate: Number(rate),
    seconds: Number(seconds),
    connections: Number(connections),
  };
  console.log(JSON.stringify(runOpenLoop({ ...numbers, request: browserRequest(path) })));
}

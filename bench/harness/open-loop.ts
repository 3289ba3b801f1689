/**
 * Load at a constant rate, whatever the answers do.
 *
 * Run     bun open-loop.ts <port> <path> <requests per second> <seconds> <connections>; prints an OpenLoopResult.
 * Latency runs from the moment a request was due to the last byte of its answer, so a stall is charged to every
 *         request that it held up (no coordinated omission; G. Tene, "How NOT to Measure Latency", 2015).
 * Errors  rejects on an answer that is not 2xx, a connection that closes, and requests without an answer.
 */
import { dlopen } from 'bun:ffi';
import { browserRequest } from './browser-request.ts';

export interface OpenLoopOptions {
  readonly port: number;
  readonly request: Uint8Array;
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
  /** Share of the run, at its start, whose latencies do not count. Default 0.2. */
  readonly warmShare?: number;
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
  socket: Bun.Socket<Connection> | null;
  /** Which request this connection waits for. */
  index: number;
  held: Buffer | null;
  /** Bytes of the answer's body to come; -1 while its head is not complete. */
  bodyLeft: number;
}

const GRACE_MS = 5000;
const NAP_US = 20;

// A timer fires on whole milliseconds; at 20,000 requests a second that would send bursts of 20. A short sleep between
// two looks at the sockets keeps the pace without taking the core from the origin beside it.
function loadNap(): () => void {
  const TIMER_SLACK = 29;
  const { symbols } = dlopen('libc.so.6', {
    usleep: { args: ['u32'], returns: 'i32' },
    prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
  });
  symbols.prctl(TIMER_SLACK, 1000, 0, 0, 0);
  return () => void symbols.usleep(NAP_US);
}

/** One run. */
export class OpenLoop {
  readonly #options: OpenLoopOptions;
  readonly #latencies: Float64Array;
  readonly #gapMs: number;
  readonly #free: Connection[] = [];
  readonly #finished = Promise.withResolvers<void>();
  readonly #nap = loadNap();
  #start = 0;
  #sent = 0;
  #answered = 0;
  #over = false;

  constructor(options: OpenLoopOptions) {
    this.#options = options;
    this.#latencies = new Float64Array(Math.round(options.rate * options.seconds));
    this.#gapMs = 1000 / options.rate;
  }

  async run(): Promise<OpenLoopResult> {
    await Promise.all(Array.from({ length: this.#options.connections }, () => this.#connect()));
    const all = [...this.#free];
    this.#start = performance.now();
    this.#pump();
    try {
      await this.#finished.promise;
    } finally {
      this.#over = true;
      for (const connection of all) connection.socket?.terminate();
    }
    return this.#summarize((performance.now() - this.#start) / 1000);
  }

  async #connect(): Promise<void> {
    const connection: Connection = { socket: null, index: -1, held: null, bodyLeft: -1 };
    connection.socket = await Bun.connect<Connection>({
      hostname: '127.0.0.1',
      port: this.#options.port,
      data: connection,
      socket: {
        data: (socket, bytes) => this.#data(socket.data, bytes),
        close: () => this.#fail('a connection was closed'),
        error: (_socket, error) => this.#fail(error.message),
      },
    });
    this.#free.push(connection);
  }

  #fail(reason: string): void {
    if (!this.#over) this.#finished.reject(new Error(`open loop: ${reason}`));
    this.#over = true;
  }

  #pump(): void {
    if (this.#over) return;
    const late = performance.now() - this.#start - this.#latencies.length * this.#gapMs;
    if (late > GRACE_MS) this.#fail(`${this.#latencies.length - this.#answered} requests without an answer`);
    this.#sendDue();
    this.#nap();
    setImmediate(() => this.#pump());
  }

  #sendDue(): void {
    const due = Math.min(this.#latencies.length, (performance.now() - this.#start) / this.#gapMs);
    while (this.#sent < due && !this.#over) {
      const connection = this.#free.shift();
      if (connection === undefined) return;
      connection.index = this.#sent++;
      connection.bodyLeft = -1;
      const { request } = this.#options;
      const accepted = connection.socket?.write(request, 0, request.length);
      if (accepted !== request.length) this.#fail('a request did not fit the socket');
    }
  }

  #data(connection: Connection, bytes: Buffer): void {
    if (connection.bodyLeft < 0) this.#head(connection, bytes);
    else this.#body(connection, bytes.length);
  }

  #head(connection: Connection, bytes: Buffer): void {
    const all = connection.held === null ? bytes : Buffer.concat([connection.held, bytes]);
    const end = all.indexOf('\r\n\r\n');
    connection.held = end < 0 ? all : null;
    if (end < 0) return;
    const text = all.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    if (!/^HTTP\/1\.[01] 2/.test(text) || length === undefined) {
      this.#fail(`unexpected answer: ${text}`);
      return;
    }
    connection.bodyLeft = Number(length);
    this.#body(connection, all.length - end - 4);
  }

  #body(connection: Connection, bytes: number): void {
    connection.bodyLeft -= bytes;
    if (connection.bodyLeft > 0) return;
    if (connection.bodyLeft < 0 || connection.index < 0) {
      this.#fail('more bytes than the answer announced');
      return;
    }
    this.#latencies[connection.index] = performance.now() - this.#start - connection.index * this.#gapMs;
    connection.index = -1;
    this.#free.push(connection);
    if (++this.#answered === this.#latencies.length) this.#finished.resolve();
    else this.#sendDue();
  }

  #summarize(seconds: number): OpenLoopResult {
    const warm = Math.floor(this.#latencies.length * (this.#options.warmShare ?? 0.2));
    const sorted = this.#latencies.slice(warm).sort();
    const at = (share: number): number =>
      1000 * (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    const [p50Us, p99Us, p999Us, maxUs] = [at(0.5), at(0.99), at(0.999), at(1)];
    return { requests: this.#latencies.length, seconds, p50Us, p99Us, p999Us, maxUs };
  }
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
  console.log(JSON.stringify(await new OpenLoop({ ...numbers, request: browserRequest(path) }).run()));
}

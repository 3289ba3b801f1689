import { connect, type Socket } from 'node:net';
import { createResponseReader, type Message, type MessageReader } from '../../harness/message-reader.ts';
import { sleep } from '../../harness/sockets.ts';
import type { ClientRecord } from './judge.ts';
import { answerContent, ID_FIELD, type PlannedRequest, planRequest, requestPieces } from './plan.ts';

export interface LoadOptions {
  readonly port: number;
  /** Requests per second. */
  readonly rate: number;
  /** Connections that are opened at the start; further ones when all are busy. */
  readonly connections: number;
  /** When a client gives up. Default 15 s. */
  readonly limitMs?: number;
}

/** Requests at a constant rate, whatever becomes of them, over connections that are kept. */
export interface Load {
  /** Requests that have been sent. */
  readonly sent: number;
  readonly records: readonly ClientRecord[];
  /** Connections it has open. */
  readonly open: number;
  /** The longest time for which this process did not run. */
  readonly stallMs: number;
  /** Sends no further request, waits for the answers and closes the connections. */
  stop(): Promise<void>;
}

const TICK_MS = 5;
const LONGEST_TICK_MS = 50;
const SECOND_PIECE_MS = 3;

/** Resolves when the first connections are there. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const load = new OpenLoad(options);
  await load.begin(options.connections);
  return load;
}

class OpenLoad implements Load {
  readonly records: ClientRecord[] = [];
  readonly #options: LoadOptions;
  readonly #free: LoadConnection[] = [];
  readonly #busy = new Set<LoadConnection>();
  #timer: ReturnType<typeof setInterval> | undefined;
  stallMs = 0;
  #tickedMs = 0;
  /** Time for which requests have been sent. */
  #dueMs = 0;
  sent = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get open(): number {
    return [...this.#busy, ...this.#free].filter((each) => !each.isClosed).length;
  }

  async begin(connections: number): Promise<void> {
    for (let count = 0; count < connections; count++) this.#free.push(new LoadConnection(this.#options.port));
    await Promise.all(this.#free.map((each) => each.opened));
    this.#tickedMs = performance.now();
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#busy.size > 0) await sleep(TICK_MS);
    for (const each of this.#free) each.close();
  }

  #sendDue(): void {
    const nowMs = performance.now();
    // What was due while this process itself did not run would come as a flood that no client sends.
    this.stallMs = Math.max(this.stallMs, nowMs - this.#tickedMs);
    this.#dueMs += Math.min(nowMs - this.#tickedMs, LONGEST_TICK_MS);
    this.#tickedMs = nowMs;
    while (this.sent < (this.#dueMs * this.#options.rate) / 1000) this.#send(planRequest(++this.sent));
  }

  #send(request: PlannedRequest): void {
    let connection = this.#free.shift();
    while (connection?.isClosed) connection = this.#free.shift();
    connection ??= new LoadConnection(this.#options.port);
    this.#busy.add(connection);
    const used = connection;
    used.send(request, this.#options.limitMs ?? 15_000, (record) => {
      this.#busy.delete(used);
      this.records.push(record);
      if (!used.isClosed) this.#free.push(used);
    });
  }
}

/** A connection with one request at a time. */
class LoadConnection {
  isClosed = false;
  readonly opened: Promise<void>;
  readonly #socket: Socket;
  readonly #reader: MessageReader;
  #connectedAtMs = 0;
  #gotBytes = false;
  #finish: ((outcome: ClientRecord['outcome'], message?: Message) => void) | undefined;

  constructor(port: number) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    this.#reader = createResponseReader(() => 'GET', { end: (message) => this.#answered(message) });
    this.opened = new Promise((resolve) => {
      socket.once('connect', () => {
        this.#connectedAtMs = Date.now();
        resolve();
      });
      socket.once('close', () => resolve());
    });
    socket.on('data', (bytes: Buffer) => {
      this.#gotBytes = true;
      this.#reader.push(bytes);
      if (this.#reader.violation !== undefined) this.#end('wrong');
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#end(this.#connectedAtMs === 0 ? 'refused' : this.#gotBytes ? 'cut' : 'closed'));
    socket.on('end', () => this.#end(this.#gotBytes ? 'cut' : 'closed'));
  }

  send(request: PlannedRequest, limitMs: number, done: (record: ClientRecord) => void): void {
    const sentAtMs = Date.now();
    this.#gotBytes = false;
    const timer = setTimeout(() => this.#end('late'), limitMs);
    this.#finish = (outcome, message) => {
      clearTimeout(timer);
      this.#finish = undefined;
      done(recordOf(request, outcome, message, this.#connectedAtMs, sentAtMs));
    };
    const [first, second] = requestPieces(request);
    this.#socket.write(first!);
    if (second !== undefined) setTimeout(() => this.#socket.writable && this.#socket.write(second), SECOND_PIECE_MS);
  }

  close(): void {
    this.isClosed = true;
    this.#socket.destroy();
  }

  #answered(message: Message): void {
    if (message.start[1].startsWith('1')) return;
    // An answer that nobody waits for ends an idle connection, as 408 does.
    if (isLast(message) || this.#finish === undefined) this.close();
    this.#finish?.('ok', message);
  }

  #end(outcome: ClientRecord['outcome']): void {
    this.close();
    this.#finish?.(outcome);
  }
}

function field(message: Message, wanted: string): string | undefined {
  return message.fields.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function isLast(message: Message): boolean {
  return field(message, 'connection')?.toLowerCase() === 'close';
}

function recordOf(
  request: PlannedRequest,
  outcome: ClientRecord['outcome'],
  message: Message | undefined,
  connectedAtMs: number,
  sentAtMs: number,
): ClientRecord {
  const { id, method } = request;
  const status = Number(message?.start[1] ?? 0);
  const answeredBy = Number(message === undefined ? 0 : (field(message, 'x-port') ?? 0));
  const base = { id, method, connectedAtMs, sentAtMs, endedAtMs: Date.now(), status, answeredBy };
  if (outcome !== 'ok' || message === undefined) return { ...base, outcome };
  if (answeredBy !== 0 && !isAnswerTo(request, message)) return { ...base, outcome: 'wrong' };
  return { ...base, outcome: status === 200 ? 'ok' : 'status' };
}

/** To the byte. */
function isAnswerTo({ id, answerBytes }: PlannedRequest, message: Message): boolean {
  const content = answerContent(String(id), answerBytes);
  return field(message, ID_FIELD.toLowerCase()) === String(id) && message.body.toString('latin1') === content;
}

import type { Clock } from '../../core/kernel/clock.ts';
import type { LineCounts } from './batches.ts';
import { type AccessFormat, createLineFormat } from './format.ts';
import { type LineFormat, mostBytes } from './line-format.ts';
import { type BytesSink, LineMemory } from './line-memory.ts';
import type { OnFailure } from './line-writer.ts';
import type { ConnectionRecord, RequestRecord } from './record.ts';
import { fileSink, stdoutSink } from './sinks.ts';
import { syslogSink } from './syslog-sink.ts';

/** Plain data, as `config` produces it. */
export interface AccessLogOptions {
  readonly format: AccessFormat;
  /** `stdout`, `syslog`, `syslog://host:port`, or an absolute path. */
  readonly path: string;
  /** Part of the requests that are logged, 0 to 1. */
  readonly sample: number;
  /** Lower-case names of request headers that are logged as well; never credentials. */
  readonly headers: readonly string[];
  /** Parameters whose values are replaced by `***`; `all`: the whole query. */
  readonly hideQuery: 'all' | readonly string[];
}

export interface AccessLogDeps {
  readonly clock: Clock;
  readonly after: (ms: number, run: () => void) => void;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly counts: LineCounts;
  readonly onFailure: OnFailure;
}

/** Which log requests that begin now are written to; null: none. */
export interface AccessLogSource {
  readonly current: AccessLog | null;
}

/** 1 MiB of lines may wait for a slow disk; the larger a write is, the less of its cost a line bears. */
const CAPACITY = 1_048_576;
const BATCH = 262_144;
/** Of datagrams: a receiver with Linux' usual buffer (net.core.rmem_default) takes about 150 at once, and loses the rest. */
const DATAGRAMS_BATCH = 16_384;
const FLUSH_MS = 200;
const CLOSE_LIMIT_MS = 2000;
const LAST_LINES_MS = 100;
const SYSLOG_PORT = 514;
/** However long lines get. */
const LEAST_LINES = 4;

/** Where the requests of one thread are written down. Nobody waits for it. */
export class AccessLog {
  readonly options: AccessLogOptions;
  readonly #deps: AccessLogDeps;
  readonly #sink: BytesSink;
  readonly #lines: LineMemory;
  /** When the clock was 0, since 1970; as of the first line of those that wait. */
  #originMs = 0;
  /** Lines that will come. */
  #underWay = 0;
  readonly #whenIdle: (() => void)[] = [];
  #closed: Promise<void> | undefined;

  /** Throws what opening the file throws. */
  constructor(options: AccessLogOptions, deps: AccessLogDeps) {
    const { after, counts } = deps;
    this.options = options;
    this.#deps = deps;
    this.#sink = sinkOf(options.path, deps);
    const batch = isSyslog(options.path) ? DATAGRAMS_BATCH : BATCH;
    const capacity = Math.max(CAPACITY, LEAST_LINES * mostBytes(options.headers));
    this.#lines = new LineMemory(this.#sink, { capacity, batch, flushMs: FLUSH_MS, after, counts });
  }

  /** How the lines of a listener are written. */
  formatOf(listener: string): LineFormat {
    const { format, headers, hideQuery } = this.options;
    return createLineFormat(format, { listener, headers, hideQuery });
  }

  /** A line will come: the file stays open for it. */
  begin(): void {
    this.#underWay++;
  }

  /** Ends a request that was begun; times are the clock's. */
  request(format: LineFormat, record: RequestRecord, beganMs: number, endedMs: number): void {
    this.#time(record, beganMs, endedMs);
    const line = this.#lines.begin(format.mostBytes);
    if (line !== null) {
      format.request(line, record);
      this.#lines.push();
    }
    this.#ended();
  }

  /** As `request`. */
  connection(format: LineFormat, record: ConnectionRecord, beganMs: number, endedMs: number): void {
    this.#time(record, beganMs, endedMs);
    const line = this.#lines.begin(format.mostBytes);
    if (line !== null) {
      format.connection(line, record);
      this.#lines.push();
    }
    this.#ended();
  }

  /** The time of day is looked at once for all lines that wait together: it moves as the clock does. */
  #time(record: RequestRecord | ConnectionRecord, beganMs: number, endedMs: number): void {
    const { clock, wallClock } = this.#deps;
    if (this.#lines.isEmpty) this.#originMs = wallClock() - clock.now();
    record.durationMs = endedMs - beganMs;
    record.startedAt = this.#originMs + beganMs;
  }

  #ended(): void {
    if (--this.#underWay === 0) for (const run of this.#whenIdle.splice(0)) run();
  }

  /** After the file was moved away: one of the same name is begun. */
  reopen(): void {
    if (this.#closed !== undefined) return;
    this.#lines.flush();
    this.#sink.reopen?.();
  }

  /** Nothing new is written here: resolves when what is under way has ended, and is written. */
  async retire(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    await this.close();
  }

  /** Resolves when everything is written, or after 2 s. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    if (this.#underWay > 0) await this.#lastLines();
    await this.#lines.close(CLOSE_LIMIT_MS);
  }

  /** Of connections that were cut just now, whose sockets may tell it in a moment. */
  #lastLines(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#deps.after(LAST_LINES_MS, resolve);
    });
  }
}

const isSyslog = (path: string): boolean => path === 'syslog' || path.startsWith('syslog://');

function sinkOf(path: string, { clock, wallClock, onFailure }: AccessLogDeps): BytesSink {
  if (path === 'stdout') return stdoutSink(onFailure);
  if (!isSyslog(path)) return fileSink(path, onFailure);
  const [, host = '127.0.0.1', port = SYSLOG_PORT] = /^syslog:\/\/(.*?)(?::(\d+))?$/.exec(path) ?? [];
  const now = () => new Date(wallClock());
  return syslogSink(host.replace(/^\[(.*)\]$/, '$1'), Number(port), { clock, now, onFailure });
}

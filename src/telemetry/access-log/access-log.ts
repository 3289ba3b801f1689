import { type AccessFormat, createLineWriter, type LineWriter } from './format.ts';
import { LineBuffer, type LineCounts, type LineSink } from './line-buffer.ts';
import type { AccessRecord } from './record.ts';
import { fileSink, type OnFailure, stdoutSink, syslogSink } from './sinks.ts';

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
  readonly after: (ms: number, run: () => void) => void;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly counts: LineCounts;
  readonly onFailure: OnFailure;
}

/** 1 MiB of lines may wait for a slow disk; 64 KiB are worth a write. */
const CAPACITY = 1_048_576;
const BATCH = 65_536;
const FLUSH_MS = 200;
const CLOSE_LIMIT_MS = 2000;
const SYSLOG_PORT = 514;

/** Where the requests of one thread are written down. Nobody waits for it. */
export class AccessLog {
  readonly options: AccessLogOptions;
  readonly wallClock: () => number;
  readonly #write: LineWriter;
  readonly #sink: LineSink;
  readonly #buffer: LineBuffer;
  #closed: Promise<void> | undefined;

  /** Throws what opening the file throws. */
  constructor(options: AccessLogOptions, { after, counts, onFailure, wallClock }: AccessLogDeps) {
    this.options = options;
    this.wallClock = wallClock;
    this.#write = createLineWriter(options.format, options.headers);
    this.#sink = sinkOf(options.path, wallClock, onFailure);
    const limits = { capacity: CAPACITY, batch: BATCH, flushMs: FLUSH_MS };
    this.#buffer = new LineBuffer(this.#sink, { ...limits, after, counts });
  }

  record(record: AccessRecord): void {
    this.#buffer.push(this.#write(record));
  }

  /** After the file was moved away: one of the same name is begun. */
  reopen(): void {
    this.#buffer.flush();
    this.#sink.reopen?.();
  }

  /** Resolves when everything is written, or after 2 s. */
  close(): Promise<void> {
    this.#closed ??= this.#buffer.close(CLOSE_LIMIT_MS);
    return this.#closed;
  }
}

function sinkOf(path: string, wallClock: () => number, onFailure: OnFailure): LineSink {
  if (path === 'stdout') return stdoutSink(onFailure);
  if (path !== 'syslog' && !path.startsWith('syslog://')) return fileSink(path, onFailure);
  const [, host = '127.0.0.1', port = SYSLOG_PORT] = /^syslog:\/\/(.*?)(?::(\d+))?$/.exec(path) ?? [];
  return syslogSink(host.replace(/^\[(.*)\]$/, '$1'), Number(port), () => new Date(wallClock()), onFailure);
}

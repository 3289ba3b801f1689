/** Takes whole lines. */
export interface LineSink {
  /** Calls `done` when the lines are written, or lost: then with how many. Never called again before that. */
  write(lines: string, done: (lost: number) => void): void;
  /** A file: another one of the same name is written from now on. */
  reopen?(): void;
  close(): void;
}

/** What was written, and what was not: there was no room, or it could not be written. */
export interface LineCounts {
  written: number;
  dropped: number;
}

export interface LineBufferOptions {
  /** Characters that may wait. */
  readonly capacity: number;
  /** From so many on they are handed over at once. */
  readonly batch: number;
  /** Otherwise after this time. */
  readonly flushMs: number;
  readonly after: (ms: number, run: () => void) => void;
  readonly counts: LineCounts;
}

/**
 * Lines on their way to a sink: nobody waits for one. What finds no room while the sink is slow is dropped and counted.
 *
 * Cost  a line costs its own concatenation; one timer for all of them, and only while some wait.
 */
export class LineBuffer {
  readonly #sink: LineSink;
  readonly #options: LineBufferOptions;
  #lines = '';
  #count = 0;
  #isWriting = false;
  #isArmed = false;
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  constructor(sink: LineSink, options: LineBufferOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  push(line: string): void {
    const { capacity, batch, counts } = this.#options;
    if (this.#lines.length + line.length > capacity || this.#isClosed) {
      counts.dropped++;
      return;
    }
    this.#lines += line;
    this.#count++;
    if (this.#lines.length >= batch) this.flush();
    else if (!this.#isArmed) this.#arm();
  }

  #arm(): void {
    this.#isArmed = true;
    this.#options.after(this.#options.flushMs, () => {
      this.#isArmed = false;
      this.flush();
    });
  }

  /** Hands over what waits, unless the sink is busy: then it follows. */
  flush(): void {
    if (this.#isWriting) return;
    if (this.#count === 0) {
      this.#onEmpty?.();
      return;
    }
    const count = this.#count;
    const lines = this.#lines;
    this.#lines = '';
    this.#count = 0;
    this.#isWriting = true;
    this.#sink.write(lines, (lost) => {
      this.#isWriting = false;
      this.#options.counts.written += count - lost;
      this.#options.counts.dropped += lost;
      if (this.#lines.length >= this.#options.batch || this.#onEmpty !== undefined) this.flush();
      else if (this.#count > 0 && !this.#isArmed) this.#arm();
    });
  }

  /** Takes nothing more; resolves when everything is handed over, at the latest after `limitMs`. */
  async close(limitMs: number): Promise<void> {
    this.#isClosed = true;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      this.#options.after(limitMs, resolve);
      this.flush();
    });
    this.#sink.close();
  }
}

/** Takes batches of whole lines. */
export interface BatchSink<Batch> {
  /**
   * Calls `done` when the lines are written, or lost: then with how many. Until then it is not called again, and the batch
   * doesn't change.
   */
  write(lines: Batch, done: (lost: number) => void): void;
  /** A file: another one of the same name is written from now on. */
  reopen?(): void;
  close(): void;
}

/** What was written, and what was not: there was no room, or it could not be written. */
export interface LineCounts {
  written: number;
  dropped: number;
}

export interface BatchOptions {
  /** What may wait, besides what is being written. */
  readonly capacity: number;
  /** From so much on it is handed over at once. */
  readonly batch: number;
  /** Otherwise after this time. */
  readonly flushMs: number;
  readonly after: (ms: number, run: () => void) => void;
  readonly counts: LineCounts;
}

/**
 * Lines on their way to a sink: nobody waits for one. What finds no room while the sink is slow is dropped and counted.
 *
 * Cost  one timer for all lines, and only while some wait.
 */
export abstract class Batches<Batch> {
  protected isClosed = false;
  protected readonly options: BatchOptions;
  readonly #sink: BatchSink<Batch>;
  readonly #onTimer = (): void => {
    this.#isArmed = false;
    this.flush();
  };
  readonly #onWritten = (lost: number): void => this.#written(lost);
  /** Lines that wait, and that are being written. */
  #count = 0;
  #beingWritten = 0;
  #isWriting = false;
  #isArmed = false;
  #onEmpty: (() => void) | undefined;

  constructor(sink: BatchSink<Batch>, options: BatchOptions) {
    this.#sink = sink;
    this.options = options;
  }

  /** Bytes or characters that wait. */
  protected abstract get size(): number;
  /** Everything that waits; then nothing does. */
  protected abstract take(): Batch;

  /** No line waits. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** A line was added to what waits. */
  protected added(): void {
    this.#count++;
    if (this.size >= this.options.batch) this.flush();
    else if (!this.#isArmed) this.#arm();
  }

  protected dropped(): void {
    this.options.counts.dropped++;
  }

  #arm(): void {
    this.#isArmed = true;
    this.options.after(this.options.flushMs, this.#onTimer);
  }

  /** Hands over what waits, unless the sink is busy: then it follows. */
  flush(): void {
    if (this.#isWriting) return;
    if (this.#count === 0) {
      this.#onEmpty?.();
      return;
    }
    this.#beingWritten = this.#count;
    this.#count = 0;
    this.#isWriting = true;
    this.#sink.write(this.take(), this.#onWritten);
  }

  #written(lost: number): void {
    const { batch, counts } = this.options;
    this.#isWriting = false;
    counts.written += this.#beingWritten - lost;
    counts.dropped += lost;
    if (this.size >= batch || this.#onEmpty !== undefined) this.flush();
    else if (this.#count > 0 && !this.#isArmed) this.#arm();
  }

  /** Takes nothing more; resolves when everything is handed over, at the latest after `limitMs`. */
  async close(limitMs: number): Promise<void> {
    this.isClosed = true;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      this.options.after(limitMs, resolve);
      this.flush();
    });
    this.#sink.close();
  }
}

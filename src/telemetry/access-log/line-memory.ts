import { Batches, type BatchOptions, type BatchSink } from './batches.ts';
import { LineBytes } from './line-bytes.ts';

export type BytesSink = BatchSink<LineBytes>;

/** Batches of lines that are bytes, in two pieces of memory: one is filled while the other one is written. */
export class LineMemory extends Batches<LineBytes> {
  #filling: LineBytes;
  #other: LineBytes;

  constructor(sink: BytesSink, options: BatchOptions) {
    super(sink, options);
    this.#filling = new LineBytes(options.capacity);
    this.#other = new LineBytes(options.capacity);
  }

  protected get size(): number {
    return this.#filling.length;
  }

  protected take(): LineBytes {
    const full = this.#filling;
    this.#filling = this.#other;
    this.#other = full;
    this.#filling.length = 0;
    return full;
  }

  /** Where a line of at most `mostBytes` is to be written; then comes `push`. Null: it finds no room, and is counted as dropped. */
  begin(mostBytes: number): LineBytes | null {
    if (!this.isClosed && this.size + mostBytes <= this.options.capacity) return this.#filling;
    this.dropped();
    return null;
  }

  /** The line is complete. */
  push(): void {
    this.added();
  }
}

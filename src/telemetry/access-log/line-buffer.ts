import { Batches, type BatchOptions, type BatchSink } from './batches.ts';

export type { LineCounts } from './batches.ts';

export type LineSink = BatchSink<string>;

/** Batches of lines that are texts; sizes are characters. */
export class LineBuffer extends Batches<string> {
  #lines = '';

  constructor(sink: LineSink, options: BatchOptions) {
    super(sink, options);
  }

  protected get size(): number {
    return this.#lines.length;
  }

  protected take(): string {
    const lines = this.#lines;
    this.#lines = '';
    return lines;
  }

  push(line: string): void {
    if (this.isClosed || this.size + line.length > this.options.capacity) this.dropped();
    else {
      this.#lines += line;
      this.added();
    }
  }
}

/** Spans that a collector took, and those that were lost: no room, or nobody took them. */
export interface SpanCounts {
  exported: number;
  dropped: number;
}

export interface SpanQueueOptions {
  /** Sends spans, each as JSON; resolves with how many of them are lost. Never called again before that. */
  readonly send: (spans: readonly string[]) => Promise<number>;
  /** Characters that may wait, besides those that are being sent. */
  readonly capacity: number;
  /** From so many on they are sent at once. */
  readonly batch: number;
  /** Otherwise after this time. */
  readonly flushMs: number;
  readonly after: (ms: number, run: () => void) => void;
  readonly counts: SpanCounts;
}

/** Spans on their way to a collector: nobody waits for one. What finds no room while it is slow is dropped and counted. */
export class SpanQueue {
  readonly #options: SpanQueueOptions;
  #spans: string[] = [];
  #characters = 0;
  #isSending = false;
  #isArmed = false;
  #isClosed = false;
  readonly #whenEmpty: (() => void)[] = [];

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  push(span: string): void {
    const { capacity, batch, counts } = this.#options;
    if (this.#isClosed || this.#characters + span.length > capacity) {
      counts.dropped++;
      return;
    }
    this.#spans.push(span);
    this.#characters += span.length;
    if (this.#characters >= batch) void this.#flush();
    else if (!this.#isArmed) this.#arm();
  }

  /**
   * Takes nothing more; resolves when everything is sent, at the latest after `limitMs`. What is left then is lost. A second
   * one may have another limit.
   */
  async close(limitMs: number): Promise<void> {
    this.#isClosed = true;
    await new Promise<void>((resolve) => {
      this.#whenEmpty.push(resolve);
      this.#options.after(limitMs, resolve);
      void this.#flush();
    });
    this.#options.counts.dropped += this.#spans.length;
    this.#spans = [];
  }

  #arm(): void {
    this.#isArmed = true;
    this.#options.after(this.#options.flushMs, () => {
      this.#isArmed = false;
      void this.#flush();
    });
  }

  /** Sends what waits, unless something is under way: then it follows. */
  async #flush(): Promise<void> {
    if (this.#isSending) return;
    if (this.#spans.length === 0) {
      for (const run of this.#whenEmpty.splice(0)) run();
      return;
    }
    const { send, counts, batch } = this.#options;
    const spans = this.#spans;
    this.#spans = [];
    this.#characters = 0;
    this.#isSending = true;
    const lost = await send(spans);
    this.#isSending = false;
    counts.exported += spans.length - lost;
    counts.dropped += lost;
    if (this.#characters >= batch || this.#isClosed) void this.#flush();
    else if (this.#spans.length > 0 && !this.#isArmed) this.#arm();
  }
}

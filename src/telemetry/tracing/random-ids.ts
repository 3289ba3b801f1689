const POOL_BYTES = 4096;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** Ids of traces and spans, and chance, of random bytes that are taken in advance. */
export class RandomIds {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  readonly #fill: (bytes: Uint8Array) => void;
  #used = POOL_BYTES;

  /** `fill` fills with random bytes. */
  constructor(fill: (bytes: Uint8Array) => void) {
    this.#fill = fill;
  }

  traceId(): string {
    return this.#hex(TRACE_ID_BYTES);
  }

  spanId(): string {
    return this.#hex(SPAN_ID_BYTES);
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    return this.#pool.readUInt32LE(this.#take(4)) / 2 ** 32;
  }

  #hex(count: number): string {
    const at = this.#take(count);
    return this.#pool.toString('hex', at, at + count);
  }

  #take(count: number): number {
    if (this.#used + count > POOL_BYTES) {
      this.#fill(this.#pool);
      this.#used = 0;
    }
    this.#used += count;
    return this.#used - count;
  }
}

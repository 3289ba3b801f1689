const FIRST_BYTES = 1024;

/** Bytes as they come in, until whole messages of them can be taken. Never holds more than it was made for. */
export class ByteQueue {
  readonly #mostBytes: number;
  #bytes: Buffer = Buffer.alloc(0);
  /** Of `#bytes`: what waits to be taken. */
  #from = 0;
  #to = 0;
  #total = 0;

  /** `mostBytes`: over its whole life, taken or not. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get length(): number {
    return this.#to - this.#from;
  }

  /** Copies them; false, and nothing is kept, when that is more than it was made for. */
  push(bytes: Uint8Array): boolean {
    this.#total += bytes.byteLength;
    if (this.#total > this.#mostBytes) return false;
    this.#makeRoom(bytes.byteLength);
    this.#bytes.set(bytes, this.#to);
    this.#to += bytes.byteLength;
    return true;
  }

  /** What waits, to look at; valid until the next `push`. */
  peek(): Buffer {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  /** The next `count` bytes, at most `length`; valid until the next `push`. */
  take(count: number): Buffer {
    const from = this.#from;
    this.#from = Math.min(this.#to, from + count);
    return this.#bytes.subarray(from, this.#from);
  }

  #makeRoom(count: number): void {
    const { length } = this;
    if (this.#to + count <= this.#bytes.length) return;
    const size = Math.max(FIRST_BYTES, this.#bytes.length);
    const enough = length + count <= size ? size : Math.max(2 * size, length + count);
    const larger = Buffer.allocUnsafe(enough);
    this.#bytes.copy(larger, 0, this.#from, this.#to);
    this.#bytes = larger;
    this.#from = 0;
    this.#to = length;
  }
}

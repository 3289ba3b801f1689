/** Ranges of a buffer that are not forwarded, in ascending order and without overlap. */
export class Cuts {
  #ranges = new Int32Array(64);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  start(index: number): number {
    return this.#ranges[2 * index]!;
  }

  end(index: number): number {
    return this.#ranges[2 * index + 1]!;
  }

  /** Adds a range behind all others; one that touches the last becomes part of it. */
  add(start: number, end: number): void {
    if (this.count > 0 && this.#ranges[2 * this.count - 1] === start) {
      this.#ranges[2 * this.count - 1] = end;
      return;
    }
    if (2 * this.count === this.#ranges.length) this.#grow();
    this.#ranges[2 * this.count] = start;
    this.#ranges[2 * this.count + 1] = end;
    this.count++;
  }

  /** Adds a range anywhere; one that lies in another is dropped. */
  insert(start: number, end: number): void {
    let at = this.count;
    while (at > 0 && this.start(at - 1) > start) at--;
    if (at > 0 && this.end(at - 1) >= end) return;
    if (2 * this.count === this.#ranges.length) this.#grow();
    this.#ranges.copyWithin(2 * at + 2, 2 * at, 2 * this.count);
    this.#ranges[2 * at] = start;
    this.#ranges[2 * at + 1] = end;
    this.count++;
  }

  /** Copies bytes[from, to) without the cuts to target[at…]; the index behind what was written. */
  copyKept(bytes: Buffer, from: number, to: number, target: Buffer, at: number): number {
    let kept = from;
    let out = at;
    for (let i = 0; i < this.count; i++) {
      const start = this.#ranges[2 * i]!;
      bytes.copy(target, out, kept, start);
      out += start - kept;
      kept = this.#ranges[2 * i + 1]!;
    }
    bytes.copy(target, out, kept, to);
    return out + to - kept;
  }

  /** Moves what is kept of bytes[from, to) together at `from`, in place; the index behind it. */
  compact(bytes: Buffer, from: number, to: number): number {
    let kept = from;
    let out = from;
    for (let i = 0; i < this.count; i++) {
      const start = this.#ranges[2 * i]!;
      bytes.copyWithin(out, kept, start);
      out += start - kept;
      kept = this.#ranges[2 * i + 1]!;
    }
    bytes.copyWithin(out, kept, to);
    return out + to - kept;
  }

  #grow(): void {
    const larger = new Int32Array(2 * this.#ranges.length);
    larger.set(this.#ranges);
    this.#ranges = larger;
  }
}

/** A head that arrived in pieces: the pieces together, and the parser that goes on from where it stopped. */
export class PartialHead<P extends { parse(bytes: Uint8Array, end: number): number }> {
  bytes: Buffer;
  length: number;
  readonly parser: P;

  /** `parser` must have begun at offset 0 of what the first piece becomes. */
  constructor(first: Uint8Array, parser: P) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(1024, 2 * first.byteLength));
    this.bytes.set(first);
    this.length = first.byteLength;
    this.parser = parser;
  }

  append(piece: Uint8Array): void {
    const length = this.length + piece.byteLength;
    if (length > this.bytes.byteLength) {
      const larger = Buffer.allocUnsafeSlow(2 * length);
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    this.bytes.set(piece, this.length);
    this.length = length;
  }

  parse(): number {
    return this.parser.parse(this.bytes, this.length);
  }
}

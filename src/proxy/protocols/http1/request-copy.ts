import type { RequestHead } from './request-head.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** Up to here head and body go out in one write: copying this much costs less than a second system call. */
export const ONE_WRITE_BYTES = 65_536;

const NO_BYTES: Buffer = Buffer.alloc(0);

/** A request as received, kept to send it, and to send it again: its head, and its body as far as there is room for it. */
export class RequestCopy {
  /** Everything that came so far is here. */
  isWhole = true;
  bytes: Buffer = NO_BYTES;
  headStart = 0;
  headEnd = 0;
  /** The body that came with the head is bytes[headEnd, bodyEnd), and `#tail`. */
  #bodyEnd = 0;
  #tail: Buffer = NO_BYTES;
  /** What came of the body later. */
  readonly #pieces: Buffer[] = [];
  #room = 0;

  begin(head: RequestHead): void {
    this.isWhole = true;
    this.bytes = head.bytes as Buffer;
    this.headStart = head.start;
    this.headEnd = head.end;
    this.#bodyEnd = head.end;
    this.#tail = NO_BYTES;
    this.#room = 0;
  }

  /** The part of the body that came with the head, as it is forwarded. */
  keepFirst(end: number, tail: Buffer): void {
    this.#bodyEnd = end;
    this.#tail = tail;
  }

  /** Room for that many bytes of the body, the part that came with the head counted. */
  limit(bytes: number): void {
    this.#room = bytes - (this.#bodyEnd - this.headEnd) - this.#tail.byteLength;
  }

  /** More of the body, which never changes hereafter. Without room for it nothing of what came later is kept. */
  keep(bytes: Buffer, from: number, to: number, tail: Buffer): void {
    if (!this.isWhole) return;
    this.#room -= to - from + tail.byteLength;
    if (this.#room < 0) {
      this.isWhole = false;
      this.#pieces.length = 0;
      return;
    }
    if (to > from) this.#pieces.push(bytes.subarray(from, to));
    if (tail.byteLength > 0) this.#pieces.push(tail);
  }

  /**
   * Sends scratch[0, headBytes), a head, and the body so far: in one write where they are small. False when the connection was
   * found closed before it took a byte.
   */
  send(upstream: UpstreamConnection, scratch: Buffer, headBytes: number): boolean {
    const bodyBytes = this.#bodyEnd - this.headEnd;
    const isSmall = bodyBytes <= ONE_WRITE_BYTES;
    if (isSmall && bodyBytes > 0) this.bytes.copy(scratch, headBytes, this.headEnd, this.#bodyEnd);
    upstream.send(scratch, 0, isSmall ? headBytes + bodyBytes : headBytes, false);
    if (upstream.isBroken) return false;
    if (!isSmall) upstream.send(this.bytes, this.headEnd, this.#bodyEnd, true);
    if (this.#tail.byteLength > 0) upstream.send(this.#tail, 0, this.#tail.byteLength, true);
    for (let i = 0; i < this.#pieces.length; i++) upstream.send(this.#pieces[i]!, 0, this.#pieces[i]!.byteLength, true);
    return true;
  }

  /** Lets go of the bytes. */
  end(): void {
    this.bytes = NO_BYTES;
    this.#tail = NO_BYTES;
    if (this.#pieces.length > 0) this.#pieces.length = 0;
  }
}

import { ChunkedDecoder } from './chunked-decoder.ts';

export const NO_BODY = 0;
export const BY_LENGTH = 1;
export const CHUNKED = 2;
/** Ends where the connection ends; responses only. */
export const UNTIL_CLOSE = 3;

const NO_BYTES = Buffer.alloc(0);

/**
 * Where a message body ends, and which of the bytes that bring it are forwarded (RFC 9112 §6.3).
 *
 * `read` leaves what is to be forwarded at bytes[from, forwardEnd), followed by `tail` (the last chunk where it does
 * not fit in place); it returns the index behind the message's bytes, or −1 when the framing is broken.
 */
export class BodyReader {
  kind = NO_BODY;
  done = true;
  /** Bytes of content so far. */
  contentBytes = 0;
  forwardEnd = 0;
  tail: Buffer = NO_BYTES;
  #remaining = 0;
  #decoder: ChunkedDecoder | null = null;

  /** `length` counts for BY_LENGTH; `payloadOnly` forwards a chunked body without its framing. */
  begin(kind: number, length: number, payloadOnly: boolean): void {
    this.kind = kind;
    this.contentBytes = 0;
    this.tail = NO_BYTES;
    this.#remaining = length;
    this.done = kind === NO_BODY || (kind === BY_LENGTH && length === 0);
    if (kind === CHUNKED) {
      this.#decoder ??= new ChunkedDecoder();
      this.#decoder.begin(payloadOnly);
    }
  }

  read(bytes: Buffer, from: number, to: number): number {
    if (this.done) {
      this.forwardEnd = from;
      return from;
    }
    if (this.kind === CHUNKED) return this.#readChunked(bytes, from, to);
    let end = to;
    if (this.kind === BY_LENGTH) {
      end = Math.min(to, from + this.#remaining);
      this.#remaining -= end - from;
      this.done = this.#remaining === 0;
    }
    this.contentBytes += end - from;
    this.forwardEnd = end;
    return end;
  }

  #readChunked(bytes: Buffer, from: number, to: number): number {
    const decoder = this.#decoder!;
    const end = decoder.feed(bytes, from, to);
    if (end < 0) return -1;
    this.contentBytes = decoder.contentBytes;
    this.done = decoder.done;
    this.forwardEnd = decoder.cuts.count === 0 ? end : decoder.cuts.compact(bytes, from, end);
    if (decoder.done) this.#appendTail(bytes, decoder.tail, end);
    return end;
  }

  /** The last chunk goes where the one that was cut stood, so that one write sends both. */
  #appendTail(bytes: Buffer, tail: Buffer, end: number): void {
    if (this.forwardEnd + tail.byteLength > end) {
      this.tail = tail;
      return;
    }
    tail.copy(bytes, this.forwardEnd);
    this.forwardEnd += tail.byteLength;
  }
}

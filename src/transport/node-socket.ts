import type { Socket as NetSocket } from 'node:net';
import { NO_PEER, type Socket, type SocketHandlers } from './transport.ts';

/** The most that one `write` accepts, and so the most that waits inside Node for a slow reader. */
export const MAX_ACCEPTED_BYTES = 256 * 1024;

const CLOSED = -1;

/** One connection of node:net with the manners of a Bun socket. */
export class NodeSocket<T> implements Socket<T> {
  // Set by the owner: in `open`, or by `connect`.
  data!: T;
  // Node forgets them when the connection closes.
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;

  readonly #socket: NetSocket;
  readonly #handlers: SocketHandlers<T>;
  readonly #onHandlerError: (error: unknown) => void;
  #isPaused = false;
  /** `write` took less than it was offered: `drain` is owed. */
  #owesDrain = false;
  /** The owner has closed it: from now on only `close` is reported. */
  #isEnding = false;
  /** Arrived while paused. */
  #heldEnd = false;
  #heldClose = false;

  constructor(socket: NetSocket, handlers: SocketHandlers<T>, onHandlerError: (error: unknown) => void) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#onHandlerError = onHandlerError;
    // A peer that reset its connection before it was accepted has none; a unix socket has neither.
    this.remoteAddress = socket.remoteAddress ?? (socket.localAddress === undefined ? '' : NO_PEER);
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
  }

  /** Starts to report; called once. */
  open(): void {
    const socket = this.#socket;
    // Node emits `close` after it, which is all that an owner needs to know.
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      if (!this.#isEnding) this.#call(() => this.#handlers.data(this, bytes));
    });
    socket.on('end', () => this.#onEnd());
    socket.on('close', () => this.#onClose());
    this.#call(() => this.#handlers.open(this));
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    if (this.#isEnding || !this.#socket.writable) return CLOSED;
    if (length === 0) return 0;
    if (this.#socket.writableLength > 0) {
      this.#owesDrain = true;
      return 0;
    }
    const accepted = Math.min(length, MAX_ACCEPTED_BYTES);
    if (accepted < length) this.#owesDrain = true;
    // A copy: the caller may reuse its bytes as soon as this returns.
    const copy = Uint8Array.prototype.slice.call(bytes, offset, offset + accepted);
    this.#socket.write(copy, () => this.#onFlushed());
    // The kernel refused it at once: the peer has reset the connection, and got nothing.
    if (this.#socket.errored) return CLOSED;
    return accepted;
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
    if (this.#heldEnd || this.#heldClose) queueMicrotask(() => this.#reportHeld());
  }

  shutdown(): void {
    if (this.#socket.writable) this.#socket.end();
  }

  close(): void {
    this.#isEnding = true;
    this.#socket.destroySoon();
    this.#reportHeldClose();
  }

  terminate(): void {
    this.#isEnding = true;
    if (this.#canReset()) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
    this.#reportHeldClose();
  }

  /** Node throws for a unix socket, and never closes a socket that is reset while its FIN is on the way out. */
  #canReset(): boolean {
    const { writableEnded, writableFinished } = this.#socket;
    return this.remotePort !== 0 && writableEnded === writableFinished;
  }

  #onFlushed(): void {
    if (!this.#owesDrain || this.#isEnding || !this.#socket.writable || this.#socket.writableLength > 0) return;
    this.#owesDrain = false;
    this.#call(() => this.#handlers.drain(this));
  }

  /** Node reports FIN although the socket is paused. */
  #onEnd(): void {
    if (this.#isEnding) return;
    if (this.#isPaused) this.#heldEnd = true;
    else this.#call(() => this.#handlers.end(this));
  }

  /** When both directions have ended, Node closes a paused socket: it must not overtake the FIN held back. */
  #onClose(): void {
    if (this.#heldEnd && !this.#isEnding) this.#heldClose = true;
    else this.#call(() => this.#handlers.close(this));
  }

  #reportHeld(): void {
    if (this.#isPaused || this.#isEnding) return;
    if (this.#heldEnd) {
      this.#heldEnd = false;
      this.#call(() => this.#handlers.end(this));
    }
    if (!this.#isPaused) this.#reportHeldClose();
  }

  #reportHeldClose(): void {
    if (!this.#heldClose) return;
    this.#heldClose = false;
    this.#call(() => this.#handlers.close(this));
  }

  #call(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.terminate();
      this.#onHandlerError(error);
    }
  }
}

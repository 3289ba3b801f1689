import { NOT_ARMED, type TimerEntry } from './timer-wheel.ts';
import type { Socket } from './transport.ts';

const NOTHING = 0;
const SHUTDOWN = 1;
const CLOSE = 2;

/**
 * One side of a proxied exchange: a socket, what the kernel has not taken yet, and a deadline.
 *
 * Memory is bounded by the owner: it pauses the other side as soon as `send` returns false, so at most what one read
 * brought (≤ 512 KiB) waits here.
 */
export abstract class Connection implements TimerEntry {
  socket: Socket<never> | null = null;
  /** The peer's FIN has come. */
  inputEnded = false;
  /** A write met a closed connection: what the peer seems to say now (an orderly end) is not to be believed. */
  isBroken = false;
  /** Bytes from here that went on to the other side as they came: of a tcp connection, or an upgraded one. */
  relayedBytes = 0;
  #isPaused = false;
  /** What to do once nothing waits. */
  #afterFlush = NOTHING;
  /** Accepted by us, not by the kernel; null = nothing waits. */
  #waiting: Uint8Array[] | null = null;
  #waitingOffset = 0;

  deadlineTick = NOT_ARMED;
  slotTick = NOT_ARMED;
  nextEntry: TimerEntry | null = null;
  previousEntry: TimerEntry | null = null;

  abstract onTimeout(): void;

  /** True while bytes wait for the kernel. */
  get backedUp(): boolean {
    return this.#waiting !== null;
  }

  /** Tries to send what waits; true when the kernel took some of it: the peer reads, if slowly. */
  flushSome(): boolean {
    const before = this.#waitingBytes();
    this.flush();
    return this.#waitingBytes() < before;
  }

  #waitingBytes(): number {
    return (this.#waiting ?? []).reduce((sum, { byteLength }) => sum + byteLength, -this.#waitingOffset);
  }

  /**
   * Sends bytes[from, to). `owned`: the bytes never change hereafter, so that what waits needs no copy.
   * False when something had to wait: pause the other side until `flush` returns true.
   */
  send(bytes: Uint8Array, from: number, to: number, owned: boolean): boolean {
    if (this.#waiting !== null) {
      this.#waiting.push(owned ? bytes.subarray(from, to) : copyOf(bytes, from, to));
      return false;
    }
    const length = to - from;
    if (this.socket === null || length === 0) return true;
    const written = this.socket.write(bytes, from, length);
    if (written >= length) return true;
    if (written < 0) {
      this.#breakOff();
      return true;
    }
    this.#waiting = [owned ? bytes.subarray(from + written, to) : copyOf(bytes, from + written, to)];
    this.#waitingOffset = 0;
    return false;
  }

  /** Sends what waits. True when nothing waits any more. */
  flush(): boolean {
    const waiting = this.#waiting;
    if (waiting === null) return true;
    while (waiting.length > 0) {
      const first = waiting[0]!;
      const left = first.byteLength - this.#waitingOffset;
      const written = this.socket === null ? left : this.socket.write(first, this.#waitingOffset, left);
      if (written < 0) {
        this.#waiting = null;
        this.#breakOff();
        return true;
      }
      if (written < left) {
        this.#waitingOffset += written;
        return false;
      }
      waiting.shift();
      this.#waitingOffset = 0;
    }
    this.#waiting = null;
    if (this.#afterFlush === SHUTDOWN) this.socket?.shutdown();
    else if (this.#afterFlush === CLOSE) this.socket?.close();
    return true;
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.socket?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.socket?.resume();
  }

  /** Sends FIN behind what waits and goes on reading. */
  shutdownWhenFlushed(): void {
    if (this.#afterFlush !== NOTHING) return;
    this.#afterFlush = SHUTDOWN;
    if (this.#waiting === null) this.socket?.shutdown();
  }

  /** Closes behind what waits. */
  closeWhenFlushed(): void {
    this.#afterFlush = CLOSE;
    if (this.#waiting === null) this.socket?.close();
  }

  /** Resets the connection; what waits is lost. */
  terminate(): void {
    this.#waiting = null;
    this.socket?.terminate();
  }

  #breakOff(): void {
    if (this.isBroken) return;
    this.isBroken = true;
    this.onBroken();
  }

  /**
   * Nothing more can be sent. Ends the connection; later, since the caller of `send` may be in the middle of a change
   * that `close` would run into.
   */
  protected onBroken(): void {
    queueMicrotask(() => this.terminate());
  }
}

/** `slice` of a Buffer would share the memory. */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, from, to);
}

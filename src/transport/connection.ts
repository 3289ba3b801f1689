import { NOT_ARMED, type TimerEntry } from './timer-wheel.ts';
import type { Socket } from './transport.ts';

/**
 * One side of a proxied exchange: a socket, what the kernel has not taken yet, and a deadline.
 *
 * Memory is bounded by the owner: it stops reading the other side as soon as `send` returns false, so at most what
 * one read brought (≤ 512 KiB) waits here.
 */
export abstract class Connection implements TimerEntry {
  socket: Socket<never> | null = null;
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

  /**
   * Sends bytes[from, to). `owned`: the bytes never change hereafter, so that what waits needs no copy.
   * False when something had to wait: stop reading the other side until `flush` returns true.
   */
  send(bytes: Uint8Array, from: number, to: number, owned: boolean): boolean {
    if (this.#waiting !== null) {
      this.#waiting.push(owned ? bytes.subarray(from, to) : bytes.slice(from, to));
      return false;
    }
    const length = to - from;
    const written = this.socket === null ? length : this.socket.write(bytes, from, length);
    // Negative: closed already; `close` is on its way and the bytes have nowhere to go.
    if (written >= length || written < 0) return true;
    this.#waiting = [owned ? bytes.subarray(from + written, to) : bytes.slice(from + written, to)];
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
      if (written >= 0 && written < left) {
        this.#waitingOffset += written;
        return false;
      }
      waiting.shift();
      this.#waitingOffset = 0;
    }
    this.#waiting = null;
    return true;
  }

  /** Forgets what waits; for a connection that is being cut. */
  discardWaiting(): void {
    this.#waiting = null;
  }
}

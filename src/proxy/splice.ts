import type { Connection } from '../transport/connection.ts';

/** Two connections as one pipe, with back-pressure and half-close in both directions: tcp, and upgraded http. */

/** Passes on what `from` received. The bytes must be the receiver's own. */
export function relay(from: Connection, to: Connection, bytes: Uint8Array): void {
  from.relayedBytes += bytes.byteLength;
  if (!to.send(bytes, 0, bytes.byteLength, true)) from.pause();
}

/** `to` can be written again. */
export function relayDrained(to: Connection, from: Connection): void {
  if (to.flush()) from.resume();
}

/** At a time-out: a side that takes bytes, if slowly, is alive; drain events come only when much is free again. */
export function relayProgress(one: Connection, other: Connection): boolean {
  const moved = [one, other].map((connection) => connection.flushSome());
  if (!one.backedUp) other.resume();
  if (!other.backedUp) one.resume();
  return moved.includes(true);
}

/**
 * Nothing moved for too long. Polite where nothing waits with us, since the kernel may still have bytes for a slow
 * reader; a side that does not take what waits is cut.
 */
export function relayTimeout(one: Connection, other: Connection): void {
  for (const connection of [one, other]) {
    if (one.backedUp || other.backedUp) connection.terminate();
    else connection.closeWhenFlushed();
  }
}

/** `from` sent FIN: it is passed on; when both have, both are closed. */
export function relayEnd(from: Connection, to: Connection): void {
  if (from.isBroken) {
    from.terminate();
    return;
  }
  from.inputEnded = true;
  if (!to.inputEnded) {
    to.shutdownWhenFlushed();
    return;
  }
  to.closeWhenFlushed();
  from.closeWhenFlushed();
}

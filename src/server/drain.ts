import type { Scheduler } from '../control/membership/scheduler.ts';
import type { Clock } from '../core/kernel/clock.ts';
import type { ServedListener } from './served-listener.ts';

export interface DrainResult {
  /** Every connection ended by itself. */
  readonly finished: boolean;
  /** Connections that were cut. */
  readonly remaining: number;
}

const LOOK_EVERY_MS = 20;

/** Stops accepting, closes each connection after the exchange that is under way, and ends what is left after `timeoutMs`. */
export function drainListeners(
  listeners: readonly ServedListener[],
  scheduler: Scheduler,
  clock: Clock,
  timeoutMs: number,
): Promise<DrainResult> {
  const deadline = clock.now() + timeoutMs;
  for (const { sockets } of listeners) for (const socket of sockets) socket.stop();
  for (const { runtime } of listeners) runtime.drain();
  return new Promise((resolve) => {
    function look(): void {
      const remaining = listeners.reduce((sum, each) => sum + each.runtime.openConnections, 0);
      if (remaining > 0 && clock.now() < deadline) {
        scheduler.after(LOOK_EVERY_MS, look);
        return;
      }
      for (const { runtime } of listeners) runtime.terminate();
      resolve({ finished: remaining === 0, remaining });
    }
    look();
  });
}

import type { ConnectionsElsewhere } from './connection-total.ts';
import type { ConnectionsMemory } from './worker-messages.ts';

export function createConnectionsMemory(listeners: readonly string[], workers: number): ConnectionsMemory {
  const bytes = Int32Array.BYTES_PER_ELEMENT * Math.max(1, listeners.length * workers);
  return { words: new Int32Array(new SharedArrayBuffer(bytes)), listeners, workers };
}

/** The word in which `worker` counts the open connections of `listener`, as an array of one. */
export function connectionsWord(memory: ConnectionsMemory, worker: number, listener: string): Int32Array {
  const at = worker * memory.listeners.length + memory.listeners.indexOf(listener);
  return memory.words.subarray(at, at + 1);
}

/** What the others have open, as `worker` sees it; −1 sees all of them. */
export function connectionsElsewhere(
  { words, listeners, workers }: ConnectionsMemory,
  worker: number,
): ConnectionsElsewhere {
  return {
    of(listener) {
      const index = listeners.indexOf(listener);
      let sum = 0;
      for (let each = 0; each < workers; each++) if (each !== worker) sum += words[each * listeners.length + index]!;
      return sum;
    },
  };
}

/** A worker died. Returns how many connections it had open. */
export function releaseConnections({ words, listeners }: ConnectionsMemory, worker: number): number {
  const row = words.subarray(worker * listeners.length, (worker + 1) * listeners.length);
  const lost = row.reduce((sum, each) => sum + each, 0);
  row.fill(0);
  return lost;
}

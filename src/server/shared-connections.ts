import { EquipoiseError } from '../core/kernel/errors.ts';
import type { ConnectionsElsewhere } from './connection-total.ts';
import type { ConnectionsMemory } from './worker-messages.ts';

/** Words in a row; as many listeners can have connections open at a time. */
const MOST_LISTENERS = 1024;

export function createConnectionsMemory(workers: number): ConnectionsMemory {
  const bytes = Int32Array.BYTES_PER_ELEMENT * MOST_LISTENERS * workers;
  return { words: new Int32Array(new SharedArrayBuffer(bytes)), listeners: [], workers };
}

/**
 * The memory with a word for each of `names`. A word goes to another name when nothing is open under the former.
 *
 * Errors  throws `config-invalid` when there are too many listeners.
 */
export function withListeners(memory: ConnectionsMemory, names: readonly string[]): ConnectionsMemory {
  const listeners = [...memory.listeners];
  for (const name of names) {
    if (listeners.includes(name)) continue;
    const free = listeners.findIndex(
      (each) => !names.includes(each) && connectionsElsewhere(memory, -1).of(each) === 0,
    );
    if (free < 0) listeners.push(name);
    else listeners[free] = name;
  }
  if (listeners.length > MOST_LISTENERS) {
    throw new EquipoiseError('config-invalid', `more than ${MOST_LISTENERS} listeners; workers: 1 has no such limit`);
  }
  return { ...memory, listeners };
}

/** The word in which `worker` counts the open connections of `listener`, as an array of one. */
export function connectionsWord(memory: ConnectionsMemory, worker: number, listener: string): Int32Array {
  const at = worker * MOST_LISTENERS + memory.listeners.indexOf(listener);
  return memory.words.subarray(at, at + 1);
}

/** What the others have open, as `worker` sees it; −1 sees all of them. */
export function connectionsElsewhere(
  { words, listeners, workers }: ConnectionsMemory,
  worker: number,
): ConnectionsElsewhere {
  const indexes = new Map(listeners.map((name, index) => [name, index]));
  return {
    of(listener) {
      const index = indexes.get(listener);
      let sum = 0;
      if (index === undefined) return sum;
      for (let each = 0; each < workers; each++)
        if (each !== worker) sum += Atomics.load(words, each * MOST_LISTENERS + index);
      return sum;
    },
  };
}

/** A worker died. Returns how many connections it had open. */
export function releaseConnections({ words }: ConnectionsMemory, worker: number): number {
  const row = words.subarray(worker * MOST_LISTENERS, (worker + 1) * MOST_LISTENERS);
  const lost = row.reduce((sum, each) => sum + each, 0);
  row.fill(0);
  return lost;
}

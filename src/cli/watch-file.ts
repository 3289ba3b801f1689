import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** An editor writes a file in several steps. */
const SETTLE_MS = 100;

/**
 * Calls `onChange` a moment after `file` was written, replaced or created. Its folder is watched: an editor that replaces a
 * file leaves a watcher of the file itself with the old one. Returns how to stop. Throws when the folder cannot be watched.
 */
export function watchFile(file: string, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(dirname(file), (_event, name) => {
    if (name !== null && name !== basename(file)) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, SETTLE_MS);
  });
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}

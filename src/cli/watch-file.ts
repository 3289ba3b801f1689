import { statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** An editor writes a file in several steps. */
const SETTLE_MS = 100;

/**
 * Calls `onChange` a moment after `file` was written, replaced or created. Its folder is watched: an editor that replaces a
 * file leaves a watcher of the file itself with the old one, and where it is a link (Kubernetes mounts a ConfigMap so) the
 * link's target is another one without an event of its name. Returns how to stop. Throws when the folder cannot be watched.
 */
export function watchFile(file: string, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let known = versionOf(file);
  function look(): void {
    timer = undefined;
    const version = versionOf(file);
    if (version === known) return;
    known = version;
    if (version !== undefined) onChange();
  }
  const watcher = watch(dirname(file), (_event, name) => {
    // Others in the folder, a log for one, must neither cause much work nor postpone it for ever.
    if (name !== null && name !== basename(file)) timer ??= setTimeout(look, SETTLE_MS);
    else {
      clearTimeout(timer);
      timer = setTimeout(look, SETTLE_MS);
    }
  });
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}

/** Another text for another content; undefined while there is no file. */
function versionOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`;
}

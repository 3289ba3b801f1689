import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import type { Scheduler } from '../control/membership/scheduler.ts';
import type { ServerEvent } from './events.ts';
import { captureState, formatState, SavedState } from './saved-state.ts';
import type { RunningServer } from './server.ts';

/** What a state file holds. */
export type ReadState =
  | { readonly kind: 'none' }
  | { readonly kind: 'state'; readonly state: SavedState; readonly text: string }
  /** It is somebody else's, or spoilt. */
  | { readonly kind: 'foreign'; readonly problem: string }
  /** Nobody knows what is in it, so it is not to be written either. */
  | { readonly kind: 'unreadable'; readonly problem: string };

/** Never rejects. */
export async function readState(path: string): Promise<ReadState> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { kind: 'none' };
    return { kind: 'unreadable', problem: `cannot be read, so nothing is restored or kept: ${message}` };
  }
  try {
    const result = SavedState.safeParse(JSON.parse(text));
    if (result.success) return { kind: 'state', state: result.data, text };
  } catch {
    // No JSON: said below.
  }
  const problem = `${path} is not a state of equipoise, so nothing is restored; it will be put aside as ${aside(path)}`;
  return { kind: 'foreign', problem };
}

const aside = (path: string): string => `${path}.unreadable`;

export interface StateKeeper {
  /** Writes what is not written yet. */
  close(): Promise<void>;
}

export interface StateKeeperOptions {
  readonly path: string;
  readonly scheduler: Scheduler;
  readonly wallClock: () => number;
  /** There is a file that is not ours; it is put aside before the first write. */
  readonly isForeign: boolean;
  /** What the file holds; written anew soon if settings in it were dropped. Absent where there is none, or it is not ours. */
  readonly written?: string;
  /** From a change to its write. Default 200. */
  readonly delayMs?: number;
}

/** From now on writes what people change at run time to a file, as a whole: a reader sees the old one or the new one. */
export function keepState(server: RunningServer, options: StateKeeperOptions): StateKeeper {
  const { path, scheduler, wallClock, delayMs = 200 } = options;
  let { isForeign, written } = options;
  let isDue = false;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const text = formatState(captureState(server.pools(), server.config));
    if (text === written) return;
    try {
      if (isForeign) await rename(path, aside(path));
      isForeign = false;
      await replaceFile(path, text);
      written = text;
    } catch (error) {
      server.events.emit({
        at: wallClock(),
        kind: 'state-failed',
        reason: `${path} cannot be written: ${(error as Error).message}`,
      });
    }
  }

  function flush(): Promise<void> {
    if (!isDue) return writing;
    isDue = false;
    writing = writing.then(write);
    return writing;
  }

  function schedule(): void {
    if (isDue) return;
    isDue = true;
    scheduler.after(delayMs, () => void flush());
  }

  if (written !== undefined) schedule();
  const unsubscribe = server.events.subscribe((event) => {
    if (mayChangeState(event)) schedule();
  });
  return {
    close() {
      unsubscribe();
      return flush();
    },
  };
}

const mayChangeState = (event: ServerEvent): boolean =>
  event.kind === 'reloaded' || (event.kind === 'membership' && !['health', 'addresses'].includes(event.what));

/** Readable by its owner alone; in place only when it is on the disk. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

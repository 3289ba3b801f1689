import { lstatSync, type Stats, unlinkSync } from 'node:fs';
import { EquipoiseError } from '../core/kernel/errors.ts';

/** Long enough for a local server that is busy; a file without a server refuses at once. */
const PROBE_TIMEOUT_MS = 1000;

/** The longest path that fits into `sun_path` beside its terminating NUL: 107 bytes on Linux, 103 on macOS. */
const MAX_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;

/** False for a path that Node would cut off silently, and so use another file. */
export function isUnixPathShortEnough(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_PATH_BYTES;
}

/**
 * Makes `path` free for a listener: a socket file that nobody answers on (left behind by a crash) is unlinked.
 *
 * Throws `listen-failed` when a live server owns it, when the file is something else than a socket, or when the path
 * is too long.
 */
export async function freeUnixPath(path: string): Promise<void> {
  if (!isUnixPathShortEnough(path)) {
    const mend = `the path is longer than ${MAX_PATH_BYTES} bytes; choose a shorter one`;
    throw new EquipoiseError('listen-failed', `cannot listen on unix:${path}: ${mend}`);
  }
  // The abstract namespace has no files.
  if (path.startsWith('\0')) return;
  const stats = statOf(path);
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new EquipoiseError('listen-failed', `cannot listen on unix:${path}: a file that is no socket has that name`);
  }
  if (await isAnswered(path)) {
    const mend = 'another process listens there; stop it or choose another path';
    throw new EquipoiseError('listen-failed', `cannot listen on unix:${path}: ${mend} (EADDRINUSE)`);
  }
  unlinkIfPresent(path);
}

function statOf(path: string): Stats | undefined {
  // Missing directories and permissions are reported by the bind that follows.
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Only a refusal proves that nobody listens; everything else (a full backlog, no permission) counts as an owner. */
async function isAnswered(path: string): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      settle(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

function unlinkIfPresent(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

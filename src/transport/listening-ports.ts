import { closeSync, openSync, readSync } from 'node:fs';

/** Where Linux tells of its TCP sockets, those that listen first (proc(5), net/tcp_ipv4.c). */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
const LISTENING = '0A';
/** The table of a program with many connections is long, and only its beginning says who listens. */
const PIECE_BYTES = 64 * 1024;

/**
 * Whether some program of this machine listens on `port`, at whatever address. Nothing is bound to find out, so nobody can
 * connect to us by mistake. Undefined where the system does not tell.
 */
export function isListenedOn(port: number, tables: readonly string[] = TABLES): boolean | undefined {
  try {
    return tables.some((table) => namesPort(table, port));
  } catch {
    return undefined;
  }
}

/** Throws when the table cannot be read. */
function namesPort(table: string, port: number): boolean {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const row of listeningRows(table)) if (row.local.endsWith(wanted)) return true;
  return false;
}

function* listeningRows(table: string): Generator<{ readonly local: string }> {
  for (const line of linesOf(table)) {
    const [, local = '', , state] = line.trim().split(/\s+/);
    if (state === 'st' || local === 'local_address') continue;
    if (state !== LISTENING) return;
    yield { local };
  }
}

function* linesOf(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    let rest = '';
    for (let count = 1; count > 0; ) {
      count = readSync(descriptor, piece, 0, PIECE_BYTES, null);
      const lines = (rest + piece.toString('latin1', 0, count)).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } finally {
    closeSync(descriptor);
  }
}

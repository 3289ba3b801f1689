import { EquipoiseError } from '../core/kernel/errors.ts';
import { formatSocketAddress } from './address.ts';
import { systemCode } from './system-code.ts';
import type { SocketAddress } from './transport.ts';

/** The longest path that fits into `sun_path` beside its terminating NUL (Linux; macOS has 103). */
const MAX_UNIX_PATH_BYTES = 107;

/** The error for a listener that could not be bound: names the address, the reason and how to mend it. */
export function listenError(address: SocketAddress, cause: unknown): EquipoiseError {
  const code = systemCode(cause);
  const reason = reasonFor(address, code) ?? (cause instanceof Error ? cause.message : String(cause));
  const suffix = code === '' ? '' : ` (${code})`;
  return new EquipoiseError('listen-failed', `cannot listen on ${formatSocketAddress(address)}: ${reason}${suffix}`, {
    cause,
  });
}

function reasonFor(address: SocketAddress, code: string): string | undefined {
  if (address.kind === 'unix' && Buffer.byteLength(address.path) > MAX_UNIX_PATH_BYTES) {
    return `the path is longer than ${MAX_UNIX_PATH_BYTES} bytes; choose a shorter one`;
  }
  switch (code) {
    case 'EADDRINUSE':
      return 'the address is in use; stop the process that holds it or choose another one';
    case 'EACCES':
    case 'EPERM':
      return address.kind === 'unix'
        ? 'no permission to create a file in that directory'
        : 'no permission; ports below 1024 need root or CAP_NET_BIND_SERVICE, choose a higher one otherwise';
    case 'EADDRNOTAVAIL':
      return 'no network interface of this machine has that address; use 0.0.0.0 or :: for all of them';
    case 'ENOENT':
      return 'the directory of the socket file does not exist; create it first';
    default:
      return undefined;
  }
}

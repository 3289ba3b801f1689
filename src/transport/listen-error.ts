import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { EquipoiseError } from '../core/kernel/errors.ts';
import { formatSocketAddress } from './address.ts';
import { systemCode } from './system-code.ts';
import type { SocketAddress } from './transport.ts';

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
  switch (code) {
    case 'EADDRINUSE':
      return 'the address is in use; stop the process that holds it or choose another one';
    case 'EACCES':
    case 'EPERM':
      return address.kind === 'unix'
        ? unixReason(address.path)
        : 'no permission; ports below 1024 need root or CAP_NET_BIND_SERVICE, choose a higher one otherwise';
    case 'EADDRNOTAVAIL':
      return 'no network interface of this machine has that address; use 0.0.0.0 or :: for all of them';
    case 'ENOENT':
      return DIRECTORY_MISSING;
    default:
      return undefined;
  }
}

/** Node says EACCES for a missing directory as well. */
function unixReason(path: string): string {
  return existsSync(dirname(path)) ? 'no permission to create a file in that directory' : DIRECTORY_MISSING;
}

const DIRECTORY_MISSING = 'the directory of the socket file does not exist; create it first';

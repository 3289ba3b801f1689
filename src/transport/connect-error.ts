import { systemCode } from './system-code.ts';
import type { ConnectErrorCode, SocketHandlers } from './transport.ts';

/** Our code for the system's reason why no connection came about. */
export function connectErrorCode(error: unknown): ConnectErrorCode {
  switch (systemCode(error)) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'EMFILE':
    case 'ENFILE':
      return 'descriptors';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return 'unreachable';
    case 'ENOENT':
    case 'ENOTFOUND':
      return 'not-found';
    default:
      return 'other';
  }
}

/**
 * Reports a failed connect, always after `connect` has returned: both runtimes can find out while it still runs.
 * An exception in the handler is given to `onHandlerError`.
 */
export function reportConnectError<T>(
  handlers: SocketHandlers<T>,
  data: T,
  code: ConnectErrorCode,
  onHandlerError: (error: unknown) => void,
): void {
  queueMicrotask(() => {
    try {
      handlers.connectError(data, code);
    } catch (error) {
      onHandlerError(error);
    }
  });
}

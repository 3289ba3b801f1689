import { systemCode } from './system-code.ts';
import type { ConnectErrorCode, SocketHandlers } from './transport.ts';

/** Our code for the system's reason why no connection came about. */
function connectErrorCode(error: unknown): ConnectErrorCode {
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

/** Why no connection came about. */
export interface ConnectFailure {
  readonly code: ConnectErrorCode;
  /** The system's name of it, or empty. */
  readonly systemCode: string;
}

export function connectFailure(error: unknown): ConnectFailure {
  return { code: connectErrorCode(error), systemCode: systemCode(error) };
}

/** Of an address that is none. */
export const NO_ADDRESS: ConnectFailure = { code: 'other', systemCode: '' };

/**
 * Reports a failed connect, always after `connect` has returned: both runtimes can find out while it still runs.
 * An exception in the handler is given to `onHandlerError`.
 */
export function reportConnectError<T>(
  handlers: Pick<SocketHandlers<T>, 'connectError'>,
  data: T,
  { code, systemCode }: ConnectFailure,
  onHandlerError: (error: unknown) => void,
): void {
  queueMicrotask(() => {
    try {
      handlers.connectError(data, code, systemCode);
    } catch (error) {
      onHandlerError(error);
    }
  });
}

/** Nobody was reached, so nothing of the request was sent: Node's names, the system's, Bun's. */
const UNREACHED = new Set([
  'ConnectionRefused',
  'ECONNREFUSED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'FailedToOpenSocket',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** True when the error proves that nothing was sent. Browsers say too little for that. */
export function isUnreached(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown; cause?: unknown };
  // Of a name with several addresses each has its own error.
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isUnreached);
  return UNREACHED.has(String(code)) || isUnreached(cause);
}

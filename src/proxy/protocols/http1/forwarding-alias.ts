import { latin1 } from './bytes.ts';

const UNDERSCORE = 95;

/** `X_Forwarded_For` and its like: endpoints behind CGI or WSGI read them as the fields that we vouch for. */
export function isForwardingAlias(bytes: Uint8Array, start: number, length: number): boolean {
  let p = start;
  while (p < start + length && bytes[p] !== UNDERSCORE) p++;
  if (p === start + length) return false;
  const name = latin1(bytes, start, start + length)
    .toLowerCase()
    .replaceAll('_', '-');
  return name.startsWith('x-forwarded-') || name === 'x-real-ip' || name === 'x-request-id';
}

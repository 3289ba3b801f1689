import type { AffinityKey } from '../../../core/hash/affinity-key.ts';
import { hostName } from '../../routing/router.ts';
import type { RequestHead } from './request-head.ts';
import { cookieOf, headerOf, parameterOf } from './request-values.ts';

/** The key of a request whose head is parsed; empty when it has none, which means its client's address. */
export type KeyReader = (head: RequestHead) => string;

/** Made once per configuration; null for `client-ip`: there is nothing to read. */
export function compileKey(key: AffinityKey): KeyReader | null {
  if (key === 'client-ip') return null;
  if (key === 'host') return (head) => hostName(head.host);
  if (key === 'path') return (head) => head.path;
  const colon = key.indexOf(':');
  const name = key.slice(colon + 1);
  switch (key.slice(0, colon)) {
    case 'cookie':
      return (head) => cookieOf(head, name);
    case 'query':
      return (head) => parameterOf(head, name);
    default: {
      const lowerName = name.toLowerCase();
      return (head) => headerOf(head, lowerName) ?? '';
    }
  }
}

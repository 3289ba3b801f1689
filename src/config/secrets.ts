import type { Path } from './problem.ts';

/** Stands for a secret wherever a configuration is shown. */
export const HIDDEN = '***';

const CREDENTIAL_HEADERS: readonly unknown[] = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-api-key',
  'x-auth-token',
];

/** Tokens of the admin server, passwords, credentials that checks send, and what a collector is sent. */
export function isSecret(path: Path): boolean {
  const [section, ...rest] = path;
  const key = path.at(-1);
  if (section === 'admin') return rest.length === 1 && (key === 'token' || key === 'readToken');
  // Whatever they are called: collectors have names of their own for a key.
  if (section === 'tracing') return rest.length === 2 && rest[0] === 'headers';
  // pools.<name>.health.headers.<name>
  if (path.length === 5 && rest[1] === 'health' && rest[2] === 'headers') {
    return CREDENTIAL_HEADERS.includes(String(key).toLowerCase());
  }
  return key === 'password' && path.length > 2;
}

/** `shown`, with secrets that are hidden in it as they are in `known`; what that does not have stays. */
export function withSecretsOf<T>(shown: T, known: unknown, path: Path = []): T {
  if (shown === HIDDEN) return (typeof known === 'string' && isSecret(path) ? known : shown) as T;
  if (typeof shown !== 'object' || shown === null || typeof known !== 'object' || known === null) return shown;
  const entries = Object.entries(shown).map(([key, each]): [string, unknown] => {
    const counterpart = Object.hasOwn(known, key) ? (known as Record<string, unknown>)[key] : undefined;
    return [key, withSecretsOf(each, counterpart, [...path, key])];
  });
  return (Array.isArray(shown) ? entries.map(([, each]) => each) : Object.fromEntries(entries)) as T;
}

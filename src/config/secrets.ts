import { HIDDEN, hideQuerySecrets, hideUrlSecrets } from '../core/kernel/url-secrets.ts';
import type { Path } from './problem.ts';

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

/** What clients are told anyway: where a route redirects to, what it responds. */
const isTold = ([section, , , , key]: Path): boolean =>
  section === 'listeners' && (key === 'redirect' || key === 'respond');

/** pools.<name>.health.path */
const isQueried = (path: Path): boolean => path.length === 4 && path[2] === 'health' && path[3] === 'path';

/**
 * A text of the configuration as it is shown: `HIDDEN` for a secret; without user, password and the query's values where it is a
 * URL, whatever its key, or what a check asks for.
 */
export function shownText(text: string, path: Path): string {
  if (isSecret(path)) return HIDDEN;
  if (isTold(path)) return text;
  return isQueried(path) ? hideQuerySecrets(text) : hideUrlSecrets(text);
}

/**
 * `shown`, with secrets that are hidden in it as they are in `known`; what that does not have stays. What one collector was sent
 * stays hidden where another one is named: who sees only the hidden form must not get it sent to himself.
 */
export function withSecretsOf<T>(shown: T, known: unknown, path: Path = []): T {
  if (typeof shown === 'string') {
    const isHidden = typeof known === 'string' && shown === shownText(known, path);
    return (isHidden ? known : shown) as T;
  }
  if (typeof shown !== 'object' || shown === null || typeof known !== 'object' || known === null) return shown;
  const entries = Object.entries(shown).map(([key, each]): [string, unknown] => {
    const isElsewhere = path[0] === 'tracing' && key === 'headers' && !isSameCollector(shown, known);
    const isKnown = Object.hasOwn(known, key) && !isElsewhere;
    const counterpart = isKnown ? (known as Record<string, unknown>)[key] : undefined;
    return [key, withSecretsOf(each, counterpart, [...path, key])];
  });
  return (Array.isArray(shown) ? entries.map(([, each]) => each) : Object.fromEntries(entries)) as T;
}

/** The same scheme, host and port: whoever is asked there has had the headers before. */
function isSameCollector(one: object, other: object): boolean {
  const [a, b] = [one, other].map((each) => (each as { readonly endpoint?: unknown }).endpoint);
  return typeof a === 'string' && typeof b === 'string' && originOf(a) === originOf(b);
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url);

/** Where something is hidden that is a secret, so that nobody knows what it stands for. */
export function hiddenIn(config: unknown, path: Path = []): Path[] {
  if (typeof config === 'string') return isHiddenText(config, path) ? [path] : [];
  if (typeof config !== 'object' || config === null) return [];
  const entries = Array.isArray(config) ? [...config.entries()] : Object.entries(config);
  return entries.flatMap(([key, each]) => hiddenIn(each, [...path, key]));
}

function isHiddenText(text: string, path: Path): boolean {
  if (isSecret(path)) return text === HIDDEN;
  if (!text.includes(HIDDEN)) return false;
  // Where it stands for something: anything else there would be hidden.
  const said = text.replaceAll(HIDDEN, 'x');
  return shownText(text, path) === text && shownText(said, path) !== said;
}

const HIDDEN = '***';

/** Makes what a log may show of a query, or of a URL with one. */
export function createQueryFilter(hidden: 'all' | readonly string[]): (query: string) => string {
  if (hidden === 'all') return (query) => (query === '' ? '' : HIDDEN);
  if (hidden.length === 0) return (query) => query;
  const names = new Set(hidden);
  return (query) =>
    query === ''
      ? ''
      : query
          .split('&')
          .map((pair) => hideIn(pair, names))
          .join('&');
}

/** A name may come percent-encoded, and means the same then. */
function hideIn(pair: string, names: ReadonlySet<string>): string {
  const equals = pair.indexOf('=');
  if (equals === -1) return pair;
  const name = pair.slice(0, equals);
  return names.has(name) || (name.includes('%') && names.has(decoded(name))) ? `${name}=${HIDDEN}` : pair;
}

/** A name without its percent encoding; as it is where that is none. */
export function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

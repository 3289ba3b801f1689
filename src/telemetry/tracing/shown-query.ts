const HIDDEN = '***';

/** Makes what spans show of a query, by the rule of the access log: values of these parameters become `***`; `all`: every query. */
export function createShownQuery(hidden: 'all' | readonly string[]): (query: string) => string {
  if (hidden === 'all') return (query) => (query === '' ? '' : HIDDEN);
  if (hidden.length === 0) return (query) => query;
  const names = new Set(hidden);
  const hideIn = (pair: string): string => {
    const equals = pair.indexOf('=');
    return equals !== -1 && names.has(decoded(pair.slice(0, equals))) ? `${pair.slice(0, equals)}=${HIDDEN}` : pair;
  };
  return (query) => (query === '' ? '' : query.split('&').map(hideIn).join('&'));
}

/** A name may come percent-encoded, and means the same then. */
function decoded(name: string): string {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

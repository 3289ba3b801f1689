import type { Dispatcher } from 'undici';

type Headers = NonNullable<Dispatcher.DispatchOptions['headers']>;

/** `headers` with a Host, unless they have one: endpoints hear the name that the request was made to, not their own. */
export function withHost(headers: Headers | null, host: string): Headers {
  if (headers === null) return { host };
  if (Array.isArray(headers)) return hasName(headers.filter(isEven)) ? headers : [...headers, 'host', host];
  if (Symbol.iterator in headers) {
    const pairs = [...(headers as Iterable<[string, string]>)];
    return hasName(pairs.map(([name]) => name)) ? pairs.flat() : [...pairs.flat(), 'host', host];
  }
  return hasName(Object.keys(headers)) ? headers : { ...headers, host };
}

const isEven = (_: unknown, index: number): boolean => index % 2 === 0;

function hasName(names: readonly unknown[]): boolean {
  return names.some((name) => String(name).toLowerCase() === 'host');
}

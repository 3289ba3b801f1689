import type { Operation } from './operation.ts';

/** What a method and a path lead to. */
export type Found =
  | { readonly kind: 'operation'; readonly operation: Operation; readonly parameters: Readonly<Record<string, string>> }
  /** The path is there; the methods that it knows. */
  | { readonly kind: 'other-method'; readonly methods: readonly string[] }
  | { readonly kind: 'bad-escape' }
  | { readonly kind: 'nothing' };

interface Route {
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly operation: Operation;
}

export function createRouter(operations: readonly Operation[]): (method: string, path: string) => Found {
  const routes = operations.map(toRoute);
  return (method, path) => {
    const matches = routes.filter(({ pattern }) => pattern.test(path));
    if (matches.length === 0) return { kind: 'nothing' };
    const wanted = method === 'HEAD' ? 'GET' : method;
    const route = matches.find(({ operation }) => operation.method === wanted);
    if (route === undefined) return { kind: 'other-method', methods: methodsOf(matches) };
    const parameters = decoded(route, path);
    if (parameters === undefined) return { kind: 'bad-escape' };
    return { kind: 'operation', operation: route.operation, parameters };
  };
}

/** An endpoint's id may hold slashes, and some clients don't escape them: a last parameter takes the rest. */
function toRoute(operation: Operation): Route {
  const names: string[] = [];
  const pattern = operation.path.replaceAll(/\{(\w+)\}/g, (match, name: string, offset: number) => {
    names.push(name);
    return offset + match.length === operation.path.length && names.length > 1 ? '(.+)' : '([^/]+)';
  });
  return { pattern: new RegExp(`^${pattern}$`), names, operation };
}

function methodsOf(routes: readonly Route[]): string[] {
  const methods = routes.map(({ operation }) => operation.method as string);
  return [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)];
}

function decoded({ pattern, names }: Route, path: string): Record<string, string> | undefined {
  const values = pattern.exec(path)!.slice(1);
  try {
    return Object.fromEntries(values.map((value, index) => [names[index]!, decodeURIComponent(value)]));
  } catch {
    return undefined;
  }
}

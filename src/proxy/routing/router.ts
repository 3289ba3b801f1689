import type { RouteMatch, RouteOptions } from '../listener-options.ts';

/** What a router asks of a request; strings are made only when a rule needs them. */
export interface RouteRequest {
  readonly host: string;
  /** Without query. */
  readonly path: string;
  readonly method: string;
}

/** Routes of which some holds for one host; by path, each list in the order of the configuration. */
interface PathIndex {
  readonly exact: Map<string, number[]>;
  /** By the prefix with its last slash: `/x/` for `/x/*`. */
  readonly prefixes: Map<string, number[]>;
  readonly any: number[];
}

const NO_MATCH = -1;

/**
 * Finds the first route that matches, by hash look-ups instead of trying each.
 *
 * Cost  one look-up for the host and one per label of its name (wildcards), then for each of those one for the whole
 *       path and one per segment; independent of the number of routes. A listener whose first route matches
 *       everything makes no string at all.
 */
export class Router {
  readonly #routes: readonly RouteOptions[];
  readonly #hosts = new Map<string, PathIndex>();
  /** `*.example.com` by `.example.com`. */
  readonly #wildcards = new Map<string, PathIndex>();
  readonly #anyHost: PathIndex = newPathIndex();
  readonly #methods: readonly (ReadonlySet<string> | null)[];
  readonly #isConstant: boolean;

  constructor(routes: readonly RouteOptions[]) {
    this.#routes = routes;
    this.#methods = routes.map((route) => (route.match?.method ? new Set(route.match.method) : null));
    this.#isConstant = routes.length > 0 && matchesAll(routes[0]!.match);
    for (const [index, route] of routes.entries()) this.#insert(index, route.match ?? {});
  }

  /** The index of the first route that matches, or −1. */
  find(request: RouteRequest): number {
    if (this.#isConstant) return 0;
    if (this.#routes.length === 0) return NO_MATCH;
    const host = hostName(request.host);
    const { path } = request;
    let best = this.#firstIn(this.#anyHost, path, request, NO_MATCH);
    const exact = this.#hosts.get(host);
    if (exact !== undefined) best = this.#firstIn(exact, path, request, best);
    if (this.#wildcards.size > 0) {
      for (let dot = host.indexOf('.'); dot > 0; dot = host.indexOf('.', dot + 1)) {
        const wildcard = this.#wildcards.get(host.slice(dot));
        if (wildcard !== undefined) best = this.#firstIn(wildcard, path, request, best);
      }
    }
    return best;
  }

  #insert(index: number, match: RouteMatch): void {
    for (const host of match.host ?? [null]) {
      const paths = this.#pathsOf(host);
      for (const path of match.path ?? [null]) {
        if (path === null || path === '*') paths.any.push(index);
        else if (path.endsWith('/*')) append(paths.prefixes, path.slice(0, -1), index);
        else append(paths.exact, path, index);
      }
    }
  }

  #pathsOf(host: string | null): PathIndex {
    if (host === null || host === '*') return this.#anyHost;
    const name = host.toLowerCase();
    const [map, key] = name.startsWith('*.') ? [this.#wildcards, name.slice(1)] : [this.#hosts, name];
    const paths = map.get(key) ?? newPathIndex();
    map.set(key, paths);
    return paths;
  }

  #firstIn(paths: PathIndex, path: string, request: RouteRequest, best: number): number {
    let first = this.#firstOf(paths.any, request, best);
    if (paths.exact.size > 0) first = this.#firstOf(paths.exact.get(path), request, first);
    if (paths.prefixes.size > 0) {
      for (let slash = 0; slash !== -1; slash = path.indexOf('/', slash + 1)) {
        first = this.#firstOf(paths.prefixes.get(path.slice(0, slash + 1)), request, first);
      }
    }
    return first;
  }

  /** The least index in the ascending list that is below `best` and whose method matches; else `best`. */
  #firstOf(indexes: readonly number[] | undefined, request: RouteRequest, best: number): number {
    if (indexes === undefined) return best;
    for (const index of indexes) {
      if (best !== NO_MATCH && index >= best) return best;
      const methods = this.#methods[index];
      if (!methods || methods.has(request.method)) return index;
    }
    return best;
  }
}

function matchesAll(match: RouteMatch | undefined): boolean {
  return match === undefined || (!match.host && !match.path && !match.method);
}

function newPathIndex(): PathIndex {
  return { exact: new Map(), prefixes: new Map(), any: [] };
}

function append(map: Map<string, number[]>, key: string, index: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [index]);
  else list.push(index);
}

/** `Example.com:8080` → `example.com`, `[::1]:8080` → `[::1]`. */
export function hostName(host: string): string {
  const colon = host.lastIndexOf(':');
  const name = colon === -1 || host.indexOf(']', colon) !== -1 ? host : host.slice(0, colon);
  return name.toLowerCase();
}

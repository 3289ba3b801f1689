import type { RouteMatch } from '../listener-options.ts';

const MOST_CHARACTERS = 100;

/**
 * A route's name for people, logs and metrics, made of its match: `api.example.com/v1/*`, `POST /orders`, `*` for one that
 * takes everything. Two routes may have the same.
 */
export function routeName({ host, path, method }: RouteMatch = {}): string {
  const place = `${host === undefined ? '' : shortened(host)}${path === undefined ? '' : shortened(path)}`;
  const parts = [...(method === undefined ? [] : [method.join('|')]), ...(place === '' ? [] : [place])];
  return parts.length === 0 ? '*' : parts.join(' ').slice(0, MOST_CHARACTERS);
}

const shortened = ([first = '', ...others]: readonly string[]): string =>
  others.length === 0 ? first : `${first}(+${others.length})`;

import type { RouteMatch, RouteOptions } from '../listener-options.ts';
import { routeName } from './route-name.ts';
import { hostName, type RouteRequest } from './router.ts';

/** Whether a route takes a request, and what keeps it from that. */
export interface RouteVerdict {
  /** In the listener's list, from 0. */
  readonly index: number;
  readonly name: string;
  readonly matches: boolean;
  /** Every condition that does not hold. */
  readonly failed: readonly FailedCondition[];
}

export interface FailedCondition {
  readonly condition: keyof RouteMatch;
  readonly wanted: readonly string[];
  readonly found: string;
}

/**
 * Tries the routes one after the other, up to and with the first that matches. The plain reading of what `Router` finds by
 * look-ups; their agreement is tested.
 */
export function explainRoutes(routes: readonly RouteOptions[], request: RouteRequest): RouteVerdict[] {
  const verdicts: RouteVerdict[] = [];
  for (const [index, { match = {} }] of routes.entries()) {
    const failed = failedConditions(match, request);
    const matches = failed.length === 0;
    verdicts.push({ index, name: routeName(match), matches, failed });
    if (matches) break;
  }
  return verdicts;
}

function failedConditions(match: RouteMatch, { host, path, method }: RouteRequest): FailedCondition[] {
  const name = hostName(host);
  const conditions = [
    ['host', match.host, name, (wanted: string) => holdsHost(wanted.toLowerCase(), name)],
    ['path', match.path, path, (wanted: string) => holdsPath(wanted, path)],
    ['method', match.method, method, (wanted: string) => wanted === method],
  ] as const;
  return conditions.flatMap(([condition, wanted, found, holds]) =>
    wanted === undefined || wanted.some(holds) ? [] : [{ condition, wanted, found }],
  );
}

function holdsHost(wanted: string, host: string): boolean {
  if (wanted === '*') return true;
  return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1 : host === wanted;
}

function holdsPath(wanted: string, path: string): boolean {
  if (wanted === '*') return true;
  return wanted.endsWith('/*') ? path.startsWith(wanted.slice(0, -1)) : path === wanted;
}

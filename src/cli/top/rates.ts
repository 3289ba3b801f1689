import type { OverviewWire } from '../../admin/wire.ts';

export type PoolNow = OverviewWire['pools'][number];
export type EndpointNow = PoolNow['endpoints'][number];
type Steps = EndpointNow['latencySteps'];

/** What happened between two looks; null: no request to judge by. */
export interface Rates {
  readonly perSecond: number;
  /** Of the requests, 0..1. */
  readonly failedShare: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly requests: number;
}

/** Looks that rates are taken over, one a second. */
const WINDOW = 10;

export interface RateMeter {
  add(overview: OverviewWire): void;
  endpoint(pool: string, id: string): Rates;
  pool(pool: string): Rates;
}

interface Counts {
  readonly requests: number;
  readonly failed: number;
  readonly steps: readonly number[];
}

const NOTHING: Counts = { requests: 0, failed: 0, steps: [] };

/** Turns counts since the start into rates of the last seconds. */
export function createRateMeter(): RateMeter {
  let looks: OverviewWire[] = [];

  function between(countsOf: (overview: OverviewWire) => Counts): Rates {
    const [first, last] = [looks[0], looks.at(-1)];
    if (first === undefined || last === undefined || first === last) return rates(NOTHING, 0, []);
    const [before, after] = [countsOf(first), countsOf(last)];
    const steps = after.steps.map((count, i) => Math.max(0, count - (before.steps[i] ?? 0)));
    const requests = Math.max(0, after.requests - before.requests);
    const failed = Math.max(0, after.failed - before.failed);
    return rates({ requests, failed, steps }, (last.at - first.at) / 1000, last.latencyBoundsMs);
  }

  return {
    add(overview) {
      // Another run of the program counts from the beginning; its start is told by two clocks, which may drift.
      const isSame = Math.abs((looks.at(-1)?.startedAt ?? 0) - overview.startedAt) < 2000;
      looks = [...(isSame ? looks.slice(-WINDOW) : []), overview];
    },
    endpoint: (pool, id) => between((overview) => sum(endpointsOf(overview, pool).filter((each) => each.id === id))),
    pool: (pool) => between((overview) => sum(endpointsOf(overview, pool))),
  };
}

const endpointsOf = ({ pools }: OverviewWire, name: string): readonly EndpointNow[] =>
  pools.find((each) => each.name === name)?.endpoints ?? [];

function sum(endpoints: readonly EndpointNow[]): Counts {
  const steps: number[] = [];
  for (const each of endpoints) addSteps(steps, each.latencySteps);
  return {
    requests: endpoints.reduce((total, each) => total + ended(each), 0),
    failed: endpoints.reduce((total, each) => total + each.failures, 0),
    steps,
  };
}

function addSteps(steps: number[], { first, counts }: Steps): void {
  while (steps.length < first + counts.length) steps.push(0);
  for (const [i, count] of counts.entries()) steps[first + i]! += count;
}

export const ended = ({ requests }: EndpointNow): number =>
  Object.values(requests).reduce((all, each) => all + each, 0);

function rates({ requests, failed, steps }: Counts, seconds: number, bounds: readonly number[]): Rates {
  return {
    requests,
    perSecond: seconds > 0 ? requests / seconds : 0,
    failedShare: requests > 0 ? Math.min(1, failed / requests) : failed > 0 ? 1 : 0,
    p50Ms: quantile(steps, bounds, 0.5),
    p99Ms: quantile(steps, bounds, 0.99),
  };
}

/** The middle of the step that holds it. */
function quantile(steps: readonly number[], bounds: readonly number[], q: number): number | null {
  const total = steps.reduce((all, each) => all + each, 0);
  if (total === 0) return null;
  let seen = 0;
  const step = steps.findIndex((count) => {
    seen += count;
    return seen >= q * total;
  });
  return (bounds[step]! + bounds[step + 1]!) / 2;
}

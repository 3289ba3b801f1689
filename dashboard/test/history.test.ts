import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffOf } from '../src/config/diff.ts';
import { History } from '../src/data/history.ts';
import { quantile } from '../src/data/latency.ts';
import type { EndpointWire, OverviewWire } from '../src/data/store.ts';
import { ALL, endpointKey } from '../src/data/totals.ts';
import { othersThan } from '../src/data/verdict.ts';

const BOUNDS = [0, 1, 2, 4, 8];
const KEY = endpointKey('main', 'a');

/** One endpoint that ended `requests`, `failed` of them with 5xx, each within 1 to 2 ms. */
function overviewAt(second: number, requests: number, failed = 0, startedAt = 0): OverviewWire {
  const counts = { none: 0, '1xx': 0, '2xx': requests - failed, '3xx': 0, '4xx': 0, '5xx': failed };
  const latencySteps = { first: 1, counts: [requests] };
  const endpoint = { id: 'a', requests: counts, failures: failed, latencySteps, inFlight: 0, weight: {} };
  const pools = [{ name: 'main', endpoints: [endpoint] }];
  return { at: second * 1000, startedAt, latencyBoundsMs: BOUNDS, listeners: [], pools } as unknown as OverviewWire;
}

describe('History', () => {
  test('rates and failures are those of the last 10 s', () => {
    const history = new History();
    for (let second = 1; second <= 30; second++) {
      history.add(overviewAt(second, second * 20, second > 20 ? (second - 20) * 5 : 0));
    }
    const now = history.now(KEY);
    expect([now.perSecond, now.failedPerSecond, now.failedShare]).toEqual([20, 5, 0.25]);
    expect(now.p50).toBe(1.5);
    expect(history.track(KEY)?.rate.slice(-3)).toEqual([20, 20, 20]);
  });

  test('a restart begins anew, a gap is not drawn across, and five minutes are kept', () => {
    const history = new History();
    history.add(overviewAt(1, 1000));
    history.add(overviewAt(2, 3, 0, 60_000));
    expect(history.now(KEY).perSecond).toBe(0);
    history.add(overviewAt(20, 10, 0, 60_000));
    expect(history.track(KEY)?.rate).toEqual([null, null]);
    for (let second = 21; second < 400; second++) history.add(overviewAt(second, second, 0, 60_000));
    expect([history.times.length, history.track(KEY)?.rate.length]).toEqual([300, 300]);
  });
});

test('what clients got counts whoever answered; of tcp, that nobody was there', () => {
  const requests = (good: number, bad: number) => ({ none: 0, '1xx': 0, '2xx': good, '3xx': 0, '4xx': 0, '5xx': bad });
  const overviewOf = (second: number, at: number) => {
    const endpoint = (id: string, of: object, failures: number) => {
      return { id, requests: of, failures, inFlight: 1, weight: {}, latencySteps: { first: 1, counts: [] } };
    };
    const web = {
      ...{ name: 'web', protocol: 'http', answers: { '503': 4 * at, '302': 2 * at }, bytes: {} },
      traffic: [{ pool: 'main', requests: requests(10 * at, 4 * at) }],
      routes: [{ pools: [{ pool: 'main' }] }],
    };
    const db = {
      ...{ name: 'db', protocol: 'tcp', answers: {}, bytes: {}, traffic: [] },
      routes: [{ pools: [{ pool: 'db' }] }],
    };
    const pools = [
      // A failed connect of http is in what the client got.
      { name: 'main', endpoints: [endpoint('a', requests(10 * at, 4 * at), 7 * at)] },
      { name: 'db', endpoints: [endpoint('d', requests(0, 0), 2 * at)] },
    ];
    return { at: second * 1000, startedAt: 0, latencyBoundsMs: BOUNDS, listeners: [web, db], pools };
  };
  const history = new History();
  history.add(overviewOf(1, 0) as unknown as OverviewWire);
  history.add(overviewOf(2, 1) as unknown as OverviewWire);
  const { perSecond, failedShare } = history.now(ALL);
  expect([perSecond, failedShare]).toEqual([20, 0.5]);
  expect(history.track(ALL)?.inFlight).toEqual([2, 2]);
});

test('a quantile lies within the step that holds it', () => {
  expect(quantile({ first: 2, counts: [10, 0, 10] }, [...BOUNDS, 16], 0.25)).toBe(3);
  expect(quantile({ first: 2, counts: [10, 0, 10] }, [...BOUNDS, 16], 1)).toBe(16);
  expect(quantile({ first: 0, counts: [] }, BOUNDS, 0.5)).toBeNull();
});

test('a difference gives both texts back', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 12 })
    .map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffOf(before, after, 100).filter((line) => line !== null);
      if (before === after) return lines.length === 0;
      const without = (kind: string) => lines.filter((line) => line.kind !== kind).map((line) => line.text);
      return without('added').join('\n') === before && without('removed').join('\n') === after;
    }),
    { seed: 1 },
  );
});

test.each([
  { why: 'one that may be picked', other: { eligible: true }, want: [1, 0] },
  { why: 'an open breaker is ignored where nobody is left', other: { breaker: 'open' }, want: [0, 1] },
  { why: 'so is an ejection', other: { ejected: true }, want: [0, 1] },
  { why: 'checks are not', other: { ejected: true, health: 'down' }, want: [0, 0] },
  { why: 'nor is what a person says', other: { breaker: 'open', mode: 'draining' }, want: [0, 0] },
  { why: 'nor weight 0', other: { ejected: true, weight: { effective: 0 } }, want: [0, 0] },
])('who is left when one goes: $why', ({ other, want }) => {
  const some = { id: 'b', mode: 'ready', health: 'up', eligible: false, weight: { effective: 1 } };
  const endpoints = [
    { ...some, id: 'a', eligible: true },
    { ...some, ...other },
  ] as unknown as EndpointWire[];
  const { eligible, lastResort } = othersThan('a', endpoints);
  expect([eligible, lastResort]).toEqual(want);
});

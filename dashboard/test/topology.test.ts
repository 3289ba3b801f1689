import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fold, limitFor, rankOfTraffic } from '../src/data/fold.ts';
import { History } from '../src/data/history.ts';
import type { OverviewWire } from '../src/data/store.ts';
import { topologyOf } from '../src/data/topology.ts';
import { layOut } from '../src/view/flow-layout.ts';

const requests = (good: number, bad = 0) => ({ none: 0, '1xx': 0, '2xx': good, '3xx': 0, '4xx': 0, '5xx': bad });

interface RouteCounts {
  readonly match: readonly string[];
  /** Good answers and failures, by pool; absent: not counted by itself. */
  readonly counts?: Readonly<Record<string, readonly [good: number, bad: number]>>;
  readonly pools?: readonly string[];
}

const endpointOf = (id: string, count: number, other: object = {}) => ({
  ...{ id, mode: 'ready', health: 'up', eligible: true, weight: { effective: 1 }, inFlight: 3, failures: 0 },
  requests: requests(count),
  latencySteps: { first: 0, counts: [] },
  ...other,
});

function listenerOf(name: string, protocol: string, routes: readonly RouteCounts[], answers: object = {}) {
  const told = routes.map(({ match, counts, pools = Object.keys(counts ?? {}) }) => ({
    match,
    name: match.join(''),
    pools: pools.map((pool) => ({ pool, share: 1 / pools.length })),
    ...(counts && {
      traffic: Object.entries(counts).map(([pool, [good, bad]]) => ({ pool, requests: requests(good, bad) })),
    }),
  }));
  const bytes = { received: 0, sent: 0 };
  return { name, protocol, addresses: ['here'], connections: { open: 7 }, bytes, answers, routes: told, traffic: [] };
}

/** One second apart: before anything, and with the counts. */
function looksAt(make: (times: 0 | 1) => { readonly listeners: object[]; readonly pools: object[] }) {
  const history = new History();
  const looks = ([0, 1] as const).map((times) => {
    return { at: 1000 * (times + 1), startedAt: 0, latencyBoundsMs: [0, 1], ...make(times) } as unknown as OverviewWire;
  });
  for (const each of looks) history.add(each);
  return { overview: looks[1]!, history };
}

const draw = ({ overview, history }: ReturnType<typeof looksAt>, unfolded: readonly string[] = [], most = 20) =>
  topologyOf(overview, history, new Set(unfolded), most);

describe('routes', () => {
  const world = looksAt((times) => ({
    listeners: [
      listenerOf(
        'web',
        'http',
        [
          { match: ['example.com', '/v1/*'], counts: { main: [30 * times, 10 * times] } },
          { match: ['/v2/*'], counts: { main: [5 * times, 0], other: [1 * times, 0] } },
          { match: ['/v2/*'], pools: ['main'] },
        ],
        { '503': 4 * times },
      ),
    ],
    pools: [{ name: 'main', policy: 'p2c', endpoints: [endpointOf('a', 45 * times)], inFlight: 1 }],
  }));
  const { nodes, links } = draw(world);

  test('each is drawn by itself, with what went through it', () => {
    const routes = nodes.filter(({ column }) => column === 'route');
    expect(routes.map(({ name, detail, flow }) => [name, detail, flow])).toEqual([
      ['/v1/*', 'example.com', 40],
      ['/v2/*', '50 % : 50 %', 6],
      ['/v2/*', 'not counted by itself', undefined],
      ['answered here', '503', 4],
    ]);
    expect(links.find(({ to }) => to === 'route web 0')).toMatchObject({ flow: 40, failedShare: 0.25 });
    expect(links.find(({ from, to }) => from === 'route web 1' && to === 'pool other')?.flow).toBe(1);
    expect(links.find(({ to }) => to === 'answers web all')).toMatchObject({ flow: 4, failedShare: 1 });
  });

  test('of many, those with the most traffic; the others are one, and every one is drawn when asked for', () => {
    const many = looksAt((times) => ({
      listeners: [
        listenerOf(
          'web',
          'http',
          Array.from({ length: 60 }, (_, i) => ({
            match: [`/${i}`],
            counts: { main: [times * (i < 50 ? 1 : 100), 0] as const },
          })),
        ),
      ],
      pools: [{ name: 'main', policy: 'p2c', endpoints: [], inFlight: 0 }],
    }));
    const folded = draw(many, [], 6).nodes.filter(({ column }) => column === 'route');
    expect(folded.map(({ name }) => name)).toEqual(['/50', '/51', '/52', '/53', '/54', '55 more routes']);
    expect(folded.at(-1)?.flow).toBe(50 + 500);
    const all = draw(many, ['web'], 6).nodes.filter(({ column }) => column === 'route');
    expect([all.length, all.at(-1)?.name]).toEqual([61, 'Fewer routes']);
  });
});

test('tcp is told by the connections that are open', () => {
  const { nodes, links } = draw(
    looksAt(() => ({
      listeners: [listenerOf('db', 'tcp', [{ match: [], pools: ['db'] }])],
      pools: [{ name: 'db', policy: 'p2c', endpoints: [endpointOf('d', 0)], inFlight: 3 }],
    })),
  );
  expect(nodes.map(({ unit, flow }) => [unit, flow])).toEqual([
    ['connections', 7],
    ['connections', 7],
    ['connections', 3],
    ['connections', 3],
  ]);
  expect(links.every(({ flow }) => flow > 0)).toBe(true);
});

test('of many endpoints, those in trouble are drawn whatever they get', () => {
  const endpoints = Array.from({ length: 200 }, (_, i) =>
    endpointOf(`e${i}`, 10, i === 150 ? { mode: 'draining', eligible: false } : {}),
  );
  const { nodes } = draw(
    looksAt(() => ({ listeners: [], pools: [{ name: 'p', policy: 'p2c', endpoints, inFlight: 0 }] })),
  );
  const drawn = nodes.filter(({ column }) => column === 'endpoint').map(({ name }) => name);
  expect(drawn).toHaveLength(24);
  expect(drawn.slice(-2)).toEqual(['e150', '177 others']);
});

test('lists share the room: short ones are whole, nothing is lost', () => {
  const sizes = fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 60 }), (lengths, room) => {
      const limit = limitFor(lengths, room, 4);
      const drawn = lengths.reduce((sum, length) => sum + Math.min(length, limit), 0);
      expect(limit).toBeGreaterThanOrEqual(4);
      expect(drawn <= room || limit === 4).toBe(true);
      const items = Array.from({ length: lengths[0]! }, (_, i) => i);
      const { shown, rest } = fold(items, limit, (item) => rankOfTraffic(item % 7));
      expect([...shown, ...rest].toSorted((a, b) => a - b)).toEqual(items);
      expect(shown.length + (rest.length > 0 ? 1 : 0)).toBe(Math.min(limit, items.length));
    }),
    { seed: 5 },
  );
});

test('no node lies upon another, and all are within the height', () => {
  const sizes = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 30 })), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(sizes, fc.constantFrom(300, 1600), fc.constantFrom(0, 900), (pools, width, wanted) => {
      const { nodes, links } = draw(
        looksAt((times) => ({
          listeners: pools.map(([, routes], i) => {
            const counts = { [`p${i}`]: [times, 0] as const };
            return listenerOf(
              `l${i}`,
              'http',
              Array.from({ length: routes }, (_, r) => ({ match: [`/${r}`], counts })),
            );
          }),
          pools: pools.map(([endpoints], i) => {
            const members = Array.from({ length: endpoints }, (_, e) => endpointOf(`e${e}`, times));
            return { name: `p${i}`, policy: 'p2c', endpoints: members, inFlight: 0 };
          }),
        })),
      );
      const { places, height } = layOut(nodes, links, ['listener', 'route', 'pool', 'endpoint'], {
        width,
        height: wanted,
      });
      for (const own of Map.groupBy(places.values(), ({ node }) => node.column).values()) {
        const sorted = own.toSorted((a, b) => a.y - b.y);
        for (const [i, { y, height: own }] of sorted.entries()) {
          expect(y + own).toBeLessThanOrEqual((sorted[i + 1]?.y ?? height) + 0.01);
        }
      }
    }),
    { seed: 6, numRuns: 40 },
  );
});

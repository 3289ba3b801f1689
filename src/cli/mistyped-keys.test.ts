import { expect, test } from 'vitest';
import { effectiveInput } from '../config/effective.ts';
import { configFromValue, parseConfig } from '../config/load.ts';
import { editDistance } from '../core/kernel/proposal.ts';

/** With every default filled in it has most of the keys that there are. */
const text = `
stateFile: state.json
accessLog: { format: json, path: stdout }
admin: { bind: "127.0.0.1:9900", token: x, readToken: y }
listeners:
  web:
    bind: "127.0.0.1:8080"
    limits: { perSource: 10 }
    routes:
      - { match: { host: a.b, path: /x, method: [GET] }, pool: app, timeouts: { response: 1s } }
      - { match: { path: /y }, redirect: { to: "https://a.b/" } }
      - { match: { path: /z }, respond: { status: 200, body: ok } }
      - { pools: [{ pool: app, weight: 1 }] }
pools:
  app:
    policy: { type: ring-hash, key: client-ip, virtualNodes: 10 }
    endpoints: [{ id: a, address: 3001, weight: 2, zone: z, maxConnections: 5, location: { latitude: 1, longitude: 2 } }]
    health: { type: http, path: /health, interval: 2s }
    circuitBreaker: {}
    outliers: { failureRate: 0.5 }
    panic: { below: 0.5 }
    slowStart: 30s
    hedge: { percentile: 95 }
    queue: { size: 5 }
    adaptiveLimit: {}
    cost: content-length
    host: a.b
`;

type Tree = Readonly<Record<string, unknown>>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;
const options = { file: 'x.yaml', env: {} };

const parsed = parseConfig(text, options);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const whole = JSON.parse(JSON.stringify(effectiveInput(parsed.config))) as Tree;

/** Every key of ours, by its place; names that people give are none. */
function keysBelow(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (!isTree(value)) return [];
  return Object.entries(value).flatMap(([key, below]) => {
    const place = [...path, key];
    const isOurs = !Array.isArray(value) && !(path.length === 1 && ['listeners', 'pools'].includes(path[0]!));
    return [...(isOurs ? [place] : []), ...keysBelow(below, place)];
  });
}

function renamed(value: Tree, [key, ...rest]: readonly string[], name: string): unknown {
  const change = ([each, below]: [string, unknown]): [string, unknown] =>
    each !== key ? [each, below] : rest.length === 0 ? [name, below] : [each, renamed(below as Tree, rest, name)];
  const entries = Object.entries(value).map(change);
  return Array.isArray(value) ? entries.map(([, below]) => below) : Object.fromEntries(entries);
}

/** A letter left out, doubled, changed with its neighbour; another spelling. */
const slips = (key: string): string[] => [
  key.slice(0, 1) + key.slice(2),
  key + key.at(-1),
  key.slice(0, -2) + key.at(-1) + key.at(-2),
  key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
];

const places = keysBelow(whole);

test('there are many', () => expect(places.length).toBeGreaterThan(100));

test.each(places.map((place) => ({ place: place.join('.'), path: place })))('$place', ({ path }) => {
  const key = path.at(-1)!;
  for (const slip of slips(key).filter((each) => each !== key && each.length > 1)) {
    const result = configFromValue(renamed(whole, path, slip), options);
    const found = result.ok ? undefined : result.problems.find(({ message }) => message.includes(`key "${slip}"`));
    const proposed = /^did you mean "(.+)"\?$/.exec(found?.fix ?? '')?.[1] ?? 'nothing';
    // Another key may be as near.
    if (proposed !== key) expect([slip, key, editDistance(slip, proposed)]).toEqual([slip, key, 1]);
  }
});

import { describe, expect, test } from 'vitest';
import { EndpointFile } from '../config/pool.ts';
import type { EndpointOptions } from '../control/pool-options.ts';
import { captureState, carryChanges, formatState, restoreState, SavedState } from './saved-state.ts';
import type { PoolState } from './server.ts';

type Changed = Partial<Pick<EndpointOptions, 'mode' | 'weight'>>;

const endpoints = (...inputs: unknown[]): EndpointOptions[] => inputs.map((each) => EndpointFile.parse(each));
const ids = (list: readonly EndpointOptions[]) => list.map((each) => each.id);

/** A pool that lists `listed`, some of them changed since. */
function poolOf(listed: readonly EndpointOptions[], changed: Record<string, Changed> = {}): PoolState {
  const states = listed.map(({ id, mode, weight, backup }) => ({
    ...{ id, address: '', health: 'unknown', eligible: true, inFlight: 0, backup, mode, weight },
    ...changed[id],
  }));
  return { name: 'main', policy: 'p2c', listed, endpoints: states as PoolState['endpoints'] };
}

const configOf = (list: readonly EndpointOptions[]) => ({ pools: { main: { endpoints: list } } }) as never;

/** Written, read and restored over what the configuration says now. */
function restart(saved: SavedState, configured: readonly EndpointOptions[]) {
  const read = SavedState.parse(JSON.parse(formatState(saved)));
  const set: string[] = [];
  let listed = configured;
  const pool = {
    name: 'main',
    options: { endpoints: configured },
    membership: {
      setMode: (id: string, mode: string) => set.push(`${id} ${mode}`) > 0,
      setWeight: (id: string, weight: number) => set.push(`${id} ${weight}`) > 0,
    },
    replaceEndpoints: (list: readonly EndpointOptions[]) => (listed = list),
  };
  const restored = restoreState(read, new Map([['main', pool]]));
  return { set, listed, ...restored };
}

const file = endpoints({ id: 'a', address: 'h:1' }, { id: 'b', address: 'h:2', weight: 3 }, 'unix:/run/c.sock', 3001);

describe('a restart', () => {
  test('nothing changed: nothing saved', () => {
    expect(captureState([poolOf(file)], configOf(file)).pools).toEqual([]);
  });

  test('modes and weights come back', () => {
    const changed = { a: { mode: 'draining', weight: 0 }, b: { weight: 9 }, '3001': { mode: 'maintenance' } } as const;
    const saved = captureState([poolOf(file, changed)], configOf(file));
    expect(restart(saved, file)).toMatchObject({
      ...{ set: ['a draining', 'a 0', 'b 9', '3001 maintenance'], settings: 4, dropped: [] },
      listed: file,
    });
  });

  test('endpoints that were added come back as they were last, removed ones stay away', () => {
    const added = endpoints({ id: 'n', address: '[::1]:9', weight: 2, zone: 'z', maxConnections: 5, backup: true });
    const listed = [...file.filter(({ id }) => id !== 'b' && id !== 'unix:/run/c.sock'), ...added];
    const saved = captureState([poolOf(listed, { n: { mode: 'draining', weight: 7 } })], configOf(file));
    const { listed: now, settings } = restart(saved, file);
    expect(ids(now)).toEqual(['a', '3001', 'n']);
    expect(now.at(-1)).toEqual({ ...added[0]!, mode: 'draining', weight: 7 });
    expect(settings).toBe(3);
  });

  test.each<[string, readonly EndpointOptions[], string[], string[]]>([
    ['another weight', endpoints({ id: 'a', address: 'h:1', weight: 4 }, ...[3001]), ['a draining'], ['a weight 6']],
    ['another mode', endpoints({ id: 'a', address: 'h:1', mode: 'maintenance' }), ['a 6'], ['a mode draining']],
    ['the endpoint is gone', endpoints(3001), [], ['a mode draining', 'a weight 6']],
  ])('the configuration wins where it says something else now: %s', (_why, now, set, dropped) => {
    const saved = captureState([poolOf(file, { a: { mode: 'draining', weight: 6 } })], configOf(file));
    const result = restart(saved, now);
    expect(result.set).toEqual(set);
    expect(result.dropped).toEqual(dropped.map((each) => `pool main: ${each}`));
  });

  test('an endpoint that was removed and is another one now is back; one that was added and is configured now is not twice', () => {
    const added = endpoints({ id: 'n', address: 'h:9' });
    const saved = captureState([poolOf([...file.slice(1), ...added])], configOf(file));
    const now = endpoints({ id: 'a', address: 'other:1' }, { id: 'n', address: 'h:10' });
    const { listed, dropped } = restart(saved, now);
    expect(listed).toBe(now);
    expect(dropped).toEqual(['pool main: a removed', 'pool main: n added']);
  });

  test('an endpoint that was replaced by another one of its id is the other one', () => {
    const replaced = endpoints({ id: 'a', address: 'other:1' });
    const saved = captureState([poolOf([...file.slice(1), ...replaced])], configOf(file));
    expect(restart(saved, file)).toMatchObject({ listed: [...file.slice(1), ...replaced], dropped: [] });
    const changed = endpoints({ id: 'a', address: 'third:1' });
    expect(restart(saved, changed).listed).toBe(changed);
  });

  test('endpoints that the pool refuses are left out', () => {
    const saved = captureState([poolOf([...file, ...endpoints({ id: 'n', address: 'h:9' })])], configOf(file));
    const pool = {
      ...{ name: 'main', options: { endpoints: file }, membership: {} as never },
      replaceEndpoints() {
        throw new Error('pool main: no');
      },
    };
    expect(restoreState(saved, new Map([['main', pool]]))).toEqual({ settings: 0, dropped: ['pool main: no'] });
  });

  test('a pool that is gone', () => {
    const saved = captureState([poolOf(file, { a: { weight: 6 } })], configOf(file));
    expect(restoreState(saved, new Map())).toEqual({ settings: 0, dropped: ['pool main'] });
  });

  test('names that are no names of properties', () => {
    const odd = endpoints({ id: '__proto__', address: 'h:1' }, { id: 'constructor', address: 'h:2' });
    const changed = Object.fromEntries([['constructor', { weight: 2 }]]);
    const saved = captureState([poolOf(odd.slice(1), changed)], configOf(odd));
    const { set, listed } = restart(saved, odd);
    expect([set, ids(listed)]).toEqual([['constructor 2'], ['constructor']]);
  });
});

describe('what is no state is refused', () => {
  const good = JSON.parse(formatState(captureState([poolOf(file, { a: { weight: 6 } })], configOf(file))));
  test('the good one is read', () => expect(SavedState.safeParse(good).success).toBe(true));

  test.each<[string, unknown]>([
    ['null', null],
    ['a list', []],
    ['another program’s', { version: 1, pools: [] }],
    ['a later version', { ...good, version: 2 }],
    ['more than it should have', { ...good, x: 1 }],
    [
      'a mode that is none',
      {
        ...good,
        pools: [['main', { endpoints: [['a', { mode: { value: 'off', file: 'ready' } }]], added: [], removed: [] }]],
      },
    ],
    [
      'a weight that is none',
      {
        ...good,
        pools: [['main', { endpoints: [['a', { weight: { value: -1, file: 1 } }]], added: [], removed: [] }]],
      },
    ],
    [
      'an endpoint without address',
      { ...good, pools: [['main', { endpoints: [], added: [{ id: 'x' }], removed: [] }]] },
    ],
  ])('%s', (_why, value) => expect(SavedState.safeParse(value).success).toBe(false));
});

describe('a reload', () => {
  const extra = endpoints({ id: 'n', address: 'h:9' });
  const more = endpoints({ id: 'd', address: 'h:4' });
  const other = endpoints({ id: 'a', address: 'h:1', weight: 2 });

  test.each<[string, readonly EndpointOptions[], readonly EndpointOptions[], string[]]>([
    ['nothing was changed by people', file, [...file, ...more], ['a', 'b', 'unix:/run/c.sock', '3001', 'd']],
    ['one was added', [...file, ...extra], [...file, ...more], ['a', 'b', 'unix:/run/c.sock', '3001', 'd', 'n']],
    ['one was removed', file.slice(1), [...file, ...more], ['b', 'unix:/run/c.sock', '3001', 'd']],
    ['one was removed that says something else now', file.slice(1), other, ['a']],
    [
      'one was added that is in the file now',
      [...file, ...extra],
      [...file, ...extra],
      ['a', 'b', 'unix:/run/c.sock', '3001', 'n'],
    ],
  ])('%s', (_why, listed, after, want) => {
    expect(ids(carryChanges(file, after, listed))).toEqual(want);
  });

  test('one was replaced by another one of its id', () => {
    const replaced = endpoints({ id: 'a', address: 'other:1' });
    const listed = [...file.slice(1), ...replaced];
    expect(carryChanges(file, [...file, ...more], listed)).toEqual([...file.slice(1), ...more, ...replaced]);
    expect(carryChanges(file, other, listed)).toEqual(other);
  });
});

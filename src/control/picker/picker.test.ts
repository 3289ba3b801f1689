import { describe, expect, test } from 'vitest';
import { pickRequest } from '../../core/testing/policy-deps.ts';
import type { MemberSnapshot } from '../membership/snapshot.ts';
import { member, setUpPicker } from '../testing/picker.ts';
import { type Picker, Tried } from './picker.ts';

const request = pickRequest();
const outcome = { ok: true, latencyMs: 1 };

function setUp(...endpoints: MemberSnapshot[]) {
  return setUpPicker(endpoints);
}

/** The ids of `count` picks that stay under way; '-' where none was picked. */
function take(picker: Picker, count: number, tried: Tried | null = null): string[] {
  return Array.from({ length: count }, () => {
    const slot = picker.pick(request, tried);
    return slot < 0 ? '-' : picker.endpoint(slot).id;
  });
}

describe('who is picked', () => {
  test.each<{ why: string; endpoints: MemberSnapshot[]; want: string[] }>([
    { why: 'unknown and up', endpoints: [member(0), member(1, { health: 'up' })], want: ['e0', 'e1'] },
    { why: 'not down', endpoints: [member(0, { health: 'down' }), member(1)], want: ['e1'] },
    { why: 'not draining', endpoints: [member(0, { mode: 'draining' }), member(1)], want: ['e1'] },
    {
      why: 'mode beats health',
      endpoints: [member(0, { mode: 'maintenance', health: 'up' }), member(1)],
      want: ['e1'],
    },
    { why: 'not unresolved', endpoints: [member(0, { addresses: [] }), member(1)], want: ['e1'] },
    { why: 'not of weight 0', endpoints: [member(0, { weight: 0 }), member(1)], want: ['e1'] },
    { why: 'no backup beside a primary', endpoints: [member(0, { backup: true }), member(1)], want: ['e1'] },
    {
      why: 'backups when no primary is eligible',
      endpoints: [member(0, { health: 'down' }), member(1, { backup: true }), member(2, { backup: true })],
      want: ['e1', 'e2'],
    },
    { why: 'a pool of backups only', endpoints: [member(0, { backup: true })], want: ['e0'] },
    { why: 'nobody', endpoints: [member(0, { health: 'down' })], want: ['-'] },
  ])('$why', ({ endpoints, want }) => {
    const { picker } = setUp(...endpoints);
    expect([...new Set(take(picker, 6))].sort()).toEqual(want);
  });

  test('an endpoint leaves and comes back by a change', () => {
    const { picker, change } = setUp(member(0), member(1));
    change(0, { health: 'down' });
    expect(take(picker, 3)).toEqual(['e1', 'e1', 'e1']);
    change(0, { health: 'up' });
    expect(new Set(take(picker, 4))).toEqual(new Set(['e0', 'e1']));
  });

  test('a backup serves once every primary was tried, and when each is at its limit', () => {
    const { picker } = setUp(member(0, { maxConnections: 1 }), member(1, { backup: true }));
    const tried = new Tried();
    tried.add(0);
    expect(take(picker, 1, tried)).toEqual(['e1']);
    expect(take(picker, 3)).toEqual(['e0', 'e1', 'e1']);
  });
});

describe('limits', () => {
  test('maxConnections is never passed and a done makes room', () => {
    const { picker } = setUp(member(0, { maxConnections: 2 }), member(1, { maxConnections: 1 }));
    expect(take(picker, 5).sort()).toEqual(['-', '-', 'e0', 'e0', 'e1']);
    expect(picker.noneReason(null)).toBe('all-at-limit');
    picker.done(0, outcome);
    expect(take(picker, 2)).toEqual(['e0', '-']);
    expect([picker.inFlight.of(0), picker.inFlight.of(1)]).toEqual([2, 1]);
  });

  test('a new limit holds from the next pick on', () => {
    const { picker, apply } = setUp(member(0));
    take(picker, 3);
    apply(member(0, { maxConnections: 3 }));
    expect(take(picker, 1)).toEqual(['-']);
    apply(member(0, { maxConnections: 4 }));
    expect(take(picker, 2)).toEqual(['e0', '-']);
    expect(picker.endpoint(0).maxConnections).toBe(4);
  });

  test('the policy avoids nothing where there is no limit and nothing was tried', () => {
    const { picker, primaries, apply } = setUp(member(0));
    picker.pick(request, null);
    expect(primaries.lastAvoid).toBeNull();
    picker.pick(request, new Tried());
    expect(primaries.lastAvoid).toBeNull();
    apply(member(0, { maxConnections: 9 }));
    picker.pick(request, null);
    expect(primaries.lastAvoid).not.toBeNull();
  });

  test('what one request tried does not stick to the next', () => {
    const { picker } = setUp(member(0, { maxConnections: 9 }));
    const tried = new Tried();
    tried.add(0);
    expect(take(picker, 1, tried)).toEqual(['-']);
    expect(take(picker, 1)).toEqual(['e0']);
  });
});

describe('noneReason', () => {
  test.each<{ why: string; endpoints: MemberSnapshot[]; tried: number[]; want: string }>([
    { why: 'an empty pool', endpoints: [], tried: [], want: 'no-endpoints' },
    { why: 'all down', endpoints: [member(0, { health: 'down' })], tried: [], want: 'none-eligible' },
    {
      why: 'one tried, that one down by now',
      endpoints: [member(0, { health: 'down' })],
      tried: [0],
      want: 'none-eligible',
    },
    { why: 'at the limit', endpoints: [member(0, { maxConnections: 0 })], tried: [], want: 'all-at-limit' },
    {
      why: 'one tried, one at its limit',
      endpoints: [member(0), member(1, { maxConnections: 0 })],
      tried: [0],
      want: 'all-at-limit',
    },
    { why: 'all tried', endpoints: [member(0), member(1, { backup: true })], tried: [0, 1], want: 'all-tried' },
    {
      why: 'an ineligible one tried besides',
      endpoints: [member(0), member(1, { health: 'down' })],
      tried: [0, 1],
      want: 'all-tried',
    },
  ])('$why: $want', ({ endpoints, tried, want }) => {
    const { picker } = setUp(...endpoints);
    const list = new Tried();
    for (const slot of tried) list.add(slot);
    expect(picker.pick(request, list)).toBe(-1);
    expect(picker.noneReason(list)).toBe(want);
  });
});

describe('slots', () => {
  test('one that left keeps its slot until its last pick ended', () => {
    const { picker, apply, primaries } = setUp(member(0));
    const slot = picker.pick(request, null);
    apply(member(1));
    expect(picker.endpoint(slot).id).toBe('e0');
    expect(picker.isMember(slot)).toBe(false);
    expect(take(picker, 2)).toEqual(['e1', 'e1']);
    picker.done(slot, outcome);
    expect(primaries.ended).toEqual([slot]);
    expect(() => picker.endpoint(slot)).toThrow('no pick of slot 0');
    apply(member(1), member(2, { slot }));
    expect(picker.endpoint(slot).id).toBe('e2');
  });

  test('a listener hears of a slot when its endpoint leaves, and before another takes it', () => {
    const { picker, apply } = setUp(member(0), member(1));
    const left: number[] = [];
    picker.onLeft((slot) => left.push(slot));
    apply(member(1));
    expect(left).toEqual([0]);
    apply(member(1), member(2, { slot: 0 }));
    expect(left).toEqual([0, 0]);
  });

  test('the same id with another key does not inherit a verdict', () => {
    const { picker, apply } = setUp(member(0, { health: 'down' }));
    apply(member(7, { id: 'e0', slot: 0 }));
    expect(take(picker, 1)).toEqual(['e0']);
  });

  test('a slot whose last pick has not ended goes to nobody else', () => {
    const { picker, apply } = setUp(member(0));
    picker.pick(request, null);
    expect(() => apply(member(1, { slot: 0 }))).toThrow("slot 0 of 'e0' was given to another endpoint");
  });

  test('a pick that ends twice is a broken promise', () => {
    const { picker } = setUp(member(0));
    picker.done(picker.pick(request, null), outcome);
    expect(() => picker.done(0, outcome)).toThrow('pool api: no pick of slot 0 is under way');
    expect(() => picker.done(-1, outcome)).toThrow('no pick of slot -1');
    expect(picker.inFlight.of(0)).toBe(0);
  });
});

describe('apply', () => {
  test('ignores what is older than what it has, and endpoints it does not know', () => {
    const { picker } = setUp(member(0));
    picker.apply({ kind: 'snapshot', version: 1, endpoints: [] });
    picker.apply({ kind: 'change', version: 9, key: 5, mode: 'ready', health: 'down', addresses: [] });
    expect(take(picker, 1)).toEqual(['e0']);
  });

  test('brings the members to the policy only when they or their weights changed', () => {
    const { apply, change, primaries, backups } = setUp(member(0), member(1, { backup: true }));
    expect([primaries.updates, backups.updates]).toEqual([1, 1]);
    change(0, { health: 'down' });
    apply(member(0, { mode: 'draining', maxConnections: 5 }), member(1, { backup: true }));
    expect([primaries.updates, backups.updates]).toEqual([1, 1]);
    apply(member(0, { weight: 2 }), member(1, { backup: true }));
    expect([primaries.updates, backups.updates]).toEqual([2, 1]);
  });

  test('new addresses reach the endpoint that proxies hold', () => {
    const { picker, change } = setUp(member(0));
    const endpoint = picker.endpoint(picker.pick(request, null));
    change(0, { addresses: [{ kind: 'tcp', host: '::1', port: 1 }] });
    expect(endpoint.addresses).toEqual([{ kind: 'tcp', host: '::1', port: 1 }]);
  });

  test('takes what structuredClone makes of it', () => {
    const { picker } = setUp();
    picker.apply(structuredClone({ kind: 'snapshot', version: 2, endpoints: [member(0)] } as const));
    expect(take(picker, 1)).toEqual(['e0']);
  });
});

describe('Tried', () => {
  test('counts a slot once and starts anew when cleared', () => {
    const tried = new Tried();
    for (const slot of [3, 5, 3]) tried.add(slot);
    expect([tried.size, tried.at(0), tried.at(1), tried.at(2)]).toEqual([2, 3, 5, -1]);
    tried.clear();
    expect([tried.size, tried.has(3), tried.at(0)]).toEqual([0, false, -1]);
  });
});

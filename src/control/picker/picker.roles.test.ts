import { describe, expect, test } from 'vitest';
import { member, setUpPicker as setUp } from '../testing/picker.ts';
import { Tried } from './picker.ts';

const primary = { role: 'primary' } as const;
const replica = { role: 'replica' } as const;
const pair = [member(0, primary), member(1, replica), member(2)];

describe('a pick for a role', () => {
  test('reaches those who have it, a pick without one everyone', () => {
    const { take } = setUp(pair);
    expect(new Set(take(20, null, 'primary'))).toEqual(new Set(['e0']));
    expect(new Set(take(20, null, 'replica'))).toEqual(new Set(['e1']));
    expect(new Set(take(20))).toEqual(new Set(['e0', 'e1', 'e2']));
  });

  test('follows a failover at once', () => {
    const { take, change, apply } = setUp(pair);
    change(0, replica);
    expect(take(2, null, 'primary')).toEqual(['-', '-']);
    change(1, primary);
    expect(take(2, null, 'primary')).toEqual(['e1', 'e1']);
    change(1, {});
    expect(take(1, null, 'primary')).toEqual(['-']);
    apply(member(0, primary), member(1, replica));
    expect(take(1, null, 'primary')).toEqual(['e0']);
  });

  test.each([
    { why: 'nobody has it', state: [replica, replica], tried: [], want: 'none-of-role' },
    { why: 'who has it is down', state: [{ ...primary, health: 'down' }, replica], tried: [], want: 'none-of-role' },
    {
      why: 'nobody is eligible',
      state: [{ mode: 'draining' }, { mode: 'draining' }],
      tried: [],
      want: 'none-eligible',
    },
    { why: 'who has it was tried', state: [primary, replica], tried: [0], want: 'all-tried' },
    { why: 'who has it is full', state: [{ ...primary, maxConnections: 1 }, replica], tried: [], want: 'all-at-limit' },
  ] as const)('says why not: $why', ({ state, tried: slots, want }) => {
    const { picker, take } = setUp(state.map((each, key) => member(key, each)));
    const tried = new Tried();
    for (const slot of slots) tried.add(slot);
    if (want === 'all-at-limit') take(1, tried, 'primary');
    expect(take(1, tried, 'primary')).toEqual(['-']);
    expect(picker.noneReason(tried, 'primary')).toBe(want);
  });

  test('a backup of the role serves when no other of it can', () => {
    const { take, change } = setUp([member(0, primary), member(1, { ...primary, backup: true }), member(2, replica)]);
    expect(take(1, null, 'primary')).toEqual(['e0']);
    change(0, { ...primary, health: 'down' });
    expect(take(1, null, 'primary')).toEqual(['e1']);
  });
});

describe('guards of the only one that has the role', () => {
  const guards = { circuitBreaker: { failures: 2, openForMs: 1000, halfOpen: 1 } };
  const isReplica = (id: string) => id !== 'e0';

  test('hold back nobody where they would leave nobody, and the policy hears nothing of it', () => {
    const { picker, run, take, events, primaries } = setUp(pair, { guards });
    while (!events.includes('e0 breaker open')) run(1, isReplica);
    expect(run(20)).not.toContain('e0');
    const before = primaries.ended.length;
    expect(take(1, null, 'primary')).toEqual(['e0']);
    picker.done(0, { ok: true, latencyMs: 1 }, 1, picker.ticket);
    expect(primaries.ended).toHaveLength(before);
  });

  test('hold it back where another one has it too', () => {
    const { run, take, events } = setUp([...pair, member(3, primary)], { guards });
    while (!events.includes('e0 breaker open')) run(1, isReplica);
    expect(new Set(take(10, null, 'primary'))).toEqual(new Set(['e3']));
  });

  test('but a check that says down does', () => {
    const { take, change } = setUp(pair, { guards });
    change(0, { ...primary, health: 'down' });
    expect(take(1, null, 'primary')).toEqual(['-']);
  });
});

describe('onChange', () => {
  test('tells each slot once picks go by the new roles, and no newcomers', () => {
    const { picker, take, change, apply } = setUp(pair);
    const heard: string[] = [];
    const stop = picker.roles.onChange((slot) =>
      heard.push(`${slot} ${picker.roles.of(slot)} ${take(1, null, 'primary')}`),
    );
    change(0, { ...primary, health: 'up' });
    change(0, replica);
    apply(member(0, replica), member(1, primary), member(2), member(3, primary));
    expect(heard).toEqual(['0 replica -', expect.stringMatching(/^1 primary e[13]$/)]);
    stop();
    change(0, primary);
    expect(heard).toHaveLength(2);
  });
});

import { describe, expect, test } from 'vitest';
import { fakeClock } from '../../core/testing/fake-clock.ts';
import { pickRequest } from '../../core/testing/policy-deps.ts';
import { seededRng } from '../../core/testing/rng.ts';
import { Picker } from '../picker/picker.ts';
import type { EndpointOptions } from '../pool-options.ts';
import { endpoint, failed, health, named, passed, setUpMembership as setUp } from '../testing/membership.ts';
import { strictPolicy } from '../testing/strict-policy.ts';
import type { MembershipSnapshot, MembershipUpdate } from './snapshot.ts';

const last = (updates: readonly MembershipUpdate[]): MembershipUpdate => updates.at(-1)!;

describe('mode and weight', () => {
  test('a mode set by a person is a change, an event, and listed', () => {
    const { membership, updates, events } = setUp([endpoint('a')]);
    expect(membership.setMode('a', 'draining', 'deploy')).toBe(true);
    expect(last(updates)).toMatchObject({ kind: 'change', key: 0, mode: 'draining', health: 'unknown' });
    expect(events.at(-1)).toEqual({
      pool: 'api',
      endpoint: 'a',
      what: 'mode',
      from: 'ready',
      to: 'draining',
      reason: 'deploy',
    });
    expect(membership.endpoints()[0]).toMatchObject({ mode: 'draining', eligible: false });
  });

  test('a weight set by a person is a snapshot and an event', () => {
    const { membership, updates, events } = setUp([endpoint('a')]);
    expect(membership.setWeight('a', 5)).toBe(true);
    expect(last(updates)).toMatchObject({ kind: 'snapshot', endpoints: [{ weight: 5 }] });
    expect(events.at(-1)).toMatchObject({ what: 'weight', from: '1', to: '5', reason: 'set by a person' });
  });

  test('what does not change is not told, and an unknown endpoint is said to be one', () => {
    const { membership, updates, events } = setUp([endpoint('a')]);
    const before = [updates.length, events.length];
    expect([membership.setMode('a', 'ready'), membership.setWeight('a', 1)]).toEqual([true, true]);
    expect([membership.setMode('z', 'ready'), membership.setWeight('z', 1)]).toEqual([false, false]);
    expect([updates.length, events.length]).toEqual(before);
  });
});

describe('new endpoints', () => {
  const keys = (update: MembershipUpdate) =>
    (update as MembershipSnapshot).endpoints.map((each) => `${each.id}=${each.key}`);

  test('who stays keeps key, health and what was set at run time', () => {
    const { membership, updates, replace, time } = setUp([endpoint('a'), endpoint('b')], { health });
    time.advance(10);
    membership.setMode('a', 'draining');
    membership.setWeight('a', 7);
    replace(endpoint('c'), endpoint('a', { maxConnections: 9 }));
    expect(keys(last(updates))).toEqual(['c=2', 'a=0']);
    const kept = { mode: 'draining', weight: 7, maxConnections: 9, health: 'up' };
    expect(last(updates)).toMatchObject({ endpoints: [{ health: 'unknown' }, kept] });
  });

  test('what the configuration changes wins over what was set at run time', () => {
    const { membership, updates, replace, events } = setUp([endpoint('a')]);
    membership.setWeight('a', 7);
    const before = updates.length;
    replace(endpoint('a', { weight: 2, mode: 'maintenance' }));
    expect(updates).toHaveLength(before + 1);
    expect(last(updates)).toMatchObject({ kind: 'snapshot', endpoints: [{ weight: 2, mode: 'maintenance' }] });
    expect(events.slice(-2)).toMatchObject([{ what: 'mode' }, { what: 'weight', from: '7', to: '2' }]);
  });

  test.each<{ why: string; given: Partial<EndpointOptions> }>([
    { why: 'address', given: named('10.0.0.9') },
    { why: 'role', given: { backup: true } },
  ])('the same id with another $why is another endpoint', ({ given }) => {
    const { updates, replace, time } = setUp([endpoint('a')], { health });
    time.advance(10);
    replace(endpoint('a', given));
    expect(keys(last(updates))).toEqual(['a=1']);
    expect(last(updates)).toMatchObject({ endpoints: [{ health: 'unknown' }] });
  });

  test('who left is neither checked nor resolved any more', () => {
    const { names, replace, time, asked, events } = setUp([endpoint('a', named('a.test')), endpoint('b')], { health });
    time.advance(10);
    replace();
    time.advance(10_000);
    expect([names.size, asked.length, time.pending]).toEqual([0, 1, 0]);
    expect(events.slice(-2)).toMatchObject([
      { endpoint: 'a', to: 'absent' },
      { endpoint: 'b', to: 'absent' },
    ]);
  });

  test('a repeated id is refused, and what was there stays', () => {
    const { replace, membership } = setUp([endpoint('a')]);
    expect(() => replace(endpoint('b'), endpoint('b'))).toThrow("pool api: two endpoints have the id 'b'");
    expect(membership.endpoints().map((each) => each.id)).toEqual(['a']);
  });
});

test('a picker follows its membership', () => {
  const { membership, time, world } = setUp([endpoint('a'), endpoint('b')], { health });
  const picker = new Picker({ pool: 'api', createPolicy: strictPolicy, clock: fakeClock(), rng: seededRng(1) });
  membership.subscribe((update) => picker.apply(structuredClone(update)));
  const ids = () => {
    const slots = Array.from({ length: 4 }, () => picker.pick(pickRequest(), null));
    return [...new Set(slots.map((slot) => (slot < 0 ? picker.noneReason(null) : picker.endpoint(slot).id)))].sort();
  };
  expect(ids()).toEqual(['a', 'b']);
  membership.setMode('a', 'draining');
  expect(ids()).toEqual(['b']);
  world.result = failed;
  time.advance(5000);
  expect(ids()).toEqual(['none-eligible']);
  world.result = passed;
  time.advance(5000);
  expect(ids()).toEqual(['b']);
});

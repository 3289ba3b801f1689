import { describe, expect, test } from 'vitest';
import { createPickRequest } from '../../core/kernel/policy.ts';
import { createPolicy } from '../../core/policies/registry.ts';
import { member, setUpPicker } from '../testing/picker.ts';
import { type StrictPolicy, strictPolicy } from '../testing/strict-policy.ts';
import { Tried } from './picker.ts';

const fine = { ok: true, latencyMs: 1 };
const failure = { ok: false, latencyMs: 1 };
const three = [member(0), member(1), member(2)];
const allBut = (bad: string) => (id: string) => id !== bad;
const setOf = (ids: readonly string[]) => [...new Set(ids)].sort();

describe('circuit breakers', () => {
  const guards = { circuitBreaker: { failures: 3, openForMs: 1000 } };

  test('take a failing endpoint out, try it again by one request, and let it back', () => {
    const { clock, events, take, run, picker } = setUpPicker(three, { guards });
    run(9, allBut('e1'));
    expect(events).toEqual(['e1 breaker open']);
    expect(setOf(run(6))).toEqual(['e0', 'e2']);
    clock.advance(1000);
    expect(take(6).filter((id) => id === 'e1')).toHaveLength(1);
    expect(picker.stateOf(1)).toEqual({ eligible: true, breaker: 'half-open' });
    picker.done(1, fine);
    expect(events).toEqual(['e1 breaker open', 'e1 breaker half-open', 'e1 breaker closed']);
    expect(setOf(run(6))).toEqual(['e0', 'e1', 'e2']);
  });

  test('open again when the probe fails', () => {
    const { clock, events, run } = setUpPicker(three, { guards });
    run(9, allBut('e1'));
    clock.advance(1000);
    expect(run(9, allBut('e1')).filter((id) => id === 'e1')).toHaveLength(1);
    expect(events.at(-1)).toBe('e1 breaker open');
    clock.advance(999);
    expect(setOf(run(6))).toEqual(['e0', 'e2']);
  });

  test('that would leave nobody are ignored, and a success closes', () => {
    const { events, run, picker } = setUpPicker([member(0), member(1)], { guards });
    run(6, () => false);
    expect(setOf(events)).toEqual(['e0 breaker open', 'e1 breaker open']);
    expect(run(4, () => false)).not.toContain('-');
    expect(picker.stateOf(0).eligible).toBe(true);
    run(2, allBut('e1'));
    expect(events.slice(2)).toEqual(['e0 breaker closed']);
    expect(run(3)).toEqual(['e0', 'e0', 'e0']);
  });

  test('a half-open one whose probe is under way serves where nobody else is left', () => {
    const { clock, take, run } = setUpPicker([member(0), member(1)], { guards });
    run(6, allBut('e1'));
    clock.advance(1000);
    expect(setOf(take(2))).toEqual(['e0', 'e1']);
    const tried = new Tried();
    tried.add(0);
    expect(take(1)).toEqual(['e0']);
    expect(take(1, tried)).toEqual(['e1']);
  });

  test('a client that went away is no verdict', () => {
    const { picker, clock, run, take, events } = setUpPicker(three, { guards });
    run(9, allBut('e1'));
    clock.advance(1000);
    take(3);
    picker.done(1, { ok: true, latencyMs: -1, neutral: true }, 1, picker.ticket);
    expect(picker.stateOf(1).breaker).toBe('half-open');
    expect(events.at(-1)).toBe('e1 breaker half-open');
  });

  test('a connection that lives on proves itself at once, and its end says nothing', () => {
    const { picker, clock, run, take } = setUpPicker(three, { guards });
    run(9, allBut('e1'));
    clock.advance(1000);
    while (take(1)[0] !== 'e1');
    const { ticket } = picker;
    picker.judge(1, true, ticket);
    expect(picker.stateOf(1).breaker).toBe('closed');
    picker.done(1, { ok: true, latencyMs: -1, neutral: true }, 1, ticket);
    expect(picker.stateOf(1).breaker).toBe('closed');
  });

  test('what a pick of before says is old news', () => {
    const { picker, clock, run, take } = setUpPicker([member(0), member(1)], { guards });
    while (take(1)[0] !== 'e1');
    const { ticket } = picker;
    run(8, allBut('e1'));
    clock.advance(1000);
    run(1);
    expect(picker.stateOf(1).breaker).toBe('half-open');
    picker.done(1, failure, 1, ticket);
    expect(picker.stateOf(1).breaker).toBe('half-open');
  });

  test('the policy avoids nothing once no breaker is half-open, also when its endpoint left', () => {
    const { apply, clock, run, take, primaries } = setUpPicker([member(0), member(1)], { guards });
    run(6, allBut('e1'));
    clock.advance(1000);
    expect(setOf(take(2))).toEqual(['e0', 'e1']);
    expect(primaries.lastAvoid).not.toBeNull();
    apply(member(0));
    expect([run(1)[0], primaries.lastAvoid]).toEqual(['e0', null]);
  });

  test('a slot that another endpoint takes starts closed', () => {
    const { apply, run, picker } = setUpPicker([member(0), member(1)], { guards });
    run(6, allBut('e1'));
    apply(member(0), member(7, { slot: 1 }));
    expect(picker.stateOf(1)).toEqual({ eligible: true, breaker: 'closed' });
    expect(setOf(run(4))).toEqual(['e0', 'e7']);
  });
});

describe('outlier ejection', () => {
  const guards = { outliers: { consecutiveFailures: 3, baseEjectionMs: 1000 } };

  test('takes a failing endpoint out for a while', () => {
    const { clock, events, run, picker } = setUpPicker(three, { guards });
    run(9, allBut('e1'));
    expect(setOf(run(6))).toEqual(['e0', 'e2']);
    expect(picker.stateOf(1)).toEqual({ eligible: false, ejected: true, ejectedForMs: 1000 });
    clock.advance(1000);
    expect(setOf(run(6))).toEqual(['e0', 'e1', 'e2']);
    expect(events).toEqual(['e1 ejection ejected', 'e1 ejection returned']);
  });

  test('never takes the last one, whatever mode and checks left', () => {
    const { run, change } = setUpPicker(three, { guards });
    change(0, { health: 'down' });
    run(12, () => false);
    expect(run(4, () => false)).not.toContain('-');
    change(0, { health: 'up' });
    expect(setOf(run(8))).toContain('e0');
  });

  test('and breakers together leave somebody', () => {
    const both = { outliers: { consecutiveFailures: 3, maxEjected: 1 }, circuitBreaker: { failures: 3 } };
    const { run } = setUpPicker(three, { guards: both });
    expect(run(100, () => false)).not.toContain('-');
  });
});

describe('panic', () => {
  const guards = { panic: { below: 0.5 } };

  test('overrides what checks say while too few are up, and nothing else', () => {
    const { run, change, events, picker } = setUpPicker([...three, member(3)], { guards });
    change(3, { mode: 'maintenance' });
    change(0, { health: 'down' });
    expect(setOf(run(6))).toEqual(['e1', 'e2']);
    change(1, { health: 'down' });
    expect(events).toEqual(['panic on']);
    expect(setOf(run(9))).toEqual(['e0', 'e1', 'e2']);
    expect(picker.stateOf(0).eligible).toBe(true);
    change(1, { health: 'up' });
    expect(events).toEqual(['panic on', 'panic off']);
    expect(setOf(run(6))).toEqual(['e1', 'e2']);
  });

  test('is off without the option', () => {
    const { run, change } = setUpPicker(three);
    for (const key of [0, 1, 2]) change(key, { health: 'down' });
    expect(run(1)).toEqual(['-']);
  });

  test('does not bring back what a breaker holds', () => {
    const both = { ...guards, circuitBreaker: { failures: 2 } };
    const { run, change } = setUpPicker(three, { guards: both });
    run(9, allBut('e1'));
    change(0, { health: 'down' });
    change(2, { health: 'down' });
    expect(setOf(run(6))).toEqual(['e0', 'e2']);
  });
});

describe('slow start', () => {
  const guards = { slowStart: { windowMs: 10_000, floor: 0.1 } };

  test('a newcomer begins with a part of its weight and reaches the whole', () => {
    const { apply, clock, run, picker, primaries, events } = setUpPicker(three, { guards });
    const before = primaries.updates;
    apply(...three, member(3, { weight: 2 }));
    expect(picker.stateOf(3).effectiveWeight).toBeCloseTo(0.2);
    expect(picker.stateOf(0).effectiveWeight).toBe(1);
    clock.advance(5000);
    run(1);
    expect(picker.stateOf(3).effectiveWeight).toBeCloseTo(1);
    for (let i = 0; i < 6; i++) {
      clock.advance(1000);
      run(1);
    }
    expect(picker.stateOf(3).effectiveWeight).toBe(2);
    expect(events).toEqual(['e3 slow-start on', 'e3 slow-start off']);
    expect(primaries.updates - before).toBeGreaterThan(3);
  });

  test('so does one that recovers, and one that returns', () => {
    const { change, picker, events } = setUpPicker(three, { guards });
    for (const back of [{ health: 'down' }, { mode: 'draining' }] as const) {
      change(1, back);
      change(1, { health: 'up' });
      expect(picker.stateOf(1).effectiveWeight).toBeCloseTo(0.1);
    }
    expect(events).toEqual(['e1 slow-start on', 'e1 slow-start off', 'e1 slow-start on']);
  });

  test('a pool that starts does not warm up', () => {
    const { picker, primaries } = setUpPicker(three, { guards });
    expect([0, 1, 2].map((slot) => picker.stateOf(slot).effectiveWeight)).toEqual([1, 1, 1]);
    expect(primaries.updates).toBe(1);
  });

  test('a weight that is set meanwhile counts in its part', () => {
    const { apply, picker } = setUpPicker(three, { guards });
    apply(...three, member(3));
    apply(...three, member(3, { weight: 2 }));
    expect(picker.stateOf(3).effectiveWeight).toBeCloseTo(0.2);
  });
});

describe('costs', () => {
  const heavy = { ...createPickRequest(), cost: 5 };

  test('count in flight for policies, while limits count requests', () => {
    const { picker } = setUpPicker([member(0, { maxConnections: 2 })], {
      createPolicy: (deps) => createPolicy('random', deps),
    });
    expect([picker.pick(heavy, null), picker.pick(createPickRequest(), null)]).toEqual([0, 0]);
    expect([picker.inFlight.of(0), picker.requestsOf(0)]).toEqual([6, 2]);
    expect(picker.pick(createPickRequest(), null)).toBe(-1);
    picker.done(0, fine);
    expect([picker.inFlight.of(0), picker.requestsOf(0)]).toEqual([5, 1]);
    expect(() => picker.done(0, fine, 6)).toThrow('no pick of slot 0');
  });
});

describe('another policy', () => {
  test('hears nothing of the picks of the one before', () => {
    const { picker, take } = setUpPicker([member(0, { weight: 2 }), member(1, { health: 'down' })]);
    take(2);
    const made: StrictPolicy[] = [];
    picker.replacePolicy((deps) => {
      const policy = strictPolicy({ ...deps, inFlight: { of: () => 0, total: () => 0 } });
      made.push(policy);
      return policy;
    });
    expect(take(1)).toEqual(['e0']);
    for (let i = 0; i < 3; i++) picker.done(0, fine);
    expect(made[0]!.ended).toEqual([0]);
  });
});

test('a subset uses as many as it may, and the same ones each time', () => {
  const members = Array.from({ length: 12 }, (_, key) => member(key));
  const used = (balancer: number) => setOf(setUpPicker(members, { subset: { size: 4, balancer } }).run(40));
  expect(used(0)).toHaveLength(4);
  expect(used(0)).toEqual(used(0));
  expect(new Set([...used(0), ...used(1), ...used(2)]).size).toBe(12);
});

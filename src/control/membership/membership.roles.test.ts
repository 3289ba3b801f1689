import { describe, expect, test } from 'vitest';
import type { ProbeResult } from '../health/probe.ts';
import { endpoint, failed, health, passed, setUpMembership as setUp } from '../testing/membership.ts';
import type { MemberChange } from './snapshot.ts';

const saying = (role: 'primary' | 'replica'): ProbeResult => ({ kind: 'passed', reason: `it is ${role}`, role });
const roleEvent = (from: string, to: string, reason: string) => ({
  ...{ pool: 'api', endpoint: 'a', what: 'role', from, to, reason },
});
const rolesOf = (world: ReturnType<typeof setUp>) =>
  world.updates.map((each) => (each.kind === 'snapshot' ? each.endpoints[0]?.role : each.role));

describe('role', () => {
  test('is the configured one as long as no check knows', () => {
    const world = setUp([endpoint('a', { role: 'replica' })], { health });
    world.time.advance(5000);
    expect(world.membership.endpoints()).toMatchObject([{ role: 'replica', health: 'up' }]);
    expect(world.events.filter((each) => each.what === 'role')).toEqual([]);
  });

  test('is what a check reports, at once, with its reason', () => {
    const world = setUp([endpoint('a', { role: 'replica' })], { health, result: saying('primary') });
    world.time.advance(0);
    expect(rolesOf(world)).toEqual(['replica', 'primary', 'primary']);
    expect(world.events).toContainEqual(roleEvent('replica', 'primary', 'it is primary'));
    world.world.result = saying('replica');
    world.time.advance(1000);
    expect(world.events.at(-1)).toEqual(roleEvent('primary', 'replica', 'it is replica'));
    expect((world.updates.at(-1) as MemberChange).role).toBe('replica');
  });

  test('outlives failed checks, and those that cannot tell', () => {
    const world = setUp([endpoint('a')], { health, result: saying('primary') });
    world.time.advance(0);
    for (const result of [failed, passed]) {
      world.world.result = result;
      world.time.advance(5000);
      expect(world.membership.endpoints()).toMatchObject([{ role: 'primary' }]);
    }
  });

  test('is told before its endpoint is up again', () => {
    const world = setUp([endpoint('a')], { health, result: saying('primary') });
    world.time.advance(0);
    world.world.result = failed;
    world.time.advance(5000);
    world.world.result = saying('replica');
    world.time.advance(5000);
    const states = world.updates.flatMap((each) => (each.kind === 'change' ? [`${each.role} ${each.health}`] : []));
    expect(states).toEqual([...['primary unknown', 'primary up', 'primary down'], ...['replica down', 'replica up']]);
  });

  test('another one in the configuration counts only where no check has told', () => {
    const world = setUp([endpoint('a', { role: 'replica' })]);
    world.replace(endpoint('a', { role: 'primary' }));
    expect(rolesOf(world)).toEqual(['replica', 'primary']);
    expect(world.events.at(-1)).toEqual(roleEvent('replica', 'primary', 'configuration'));
    world.replace(endpoint('a'));
    expect(world.events.at(-1)).toEqual(roleEvent('primary', 'none', 'configuration'));

    const checked = setUp([endpoint('a', { role: 'replica' })], { health, result: saying('replica') });
    checked.time.advance(0);
    checked.replace(endpoint('a', { role: 'primary' }));
    expect(checked.membership.endpoints()).toMatchObject([{ role: 'replica' }]);
    expect(checked.events.filter((each) => each.what === 'role')).toEqual([]);
  });
});

test('a failing endpoint is down after little more than one interval', () => {
  const world = setUp([endpoint('a')], { health });
  world.time.advance(10_000);
  const failsFrom = world.time.now();
  world.world.result = failed;
  while (world.membership.endpoints()[0]?.health !== 'down') world.time.advance(1);
  // The next check comes within one interval, the two that confirm it after a quarter each.
  expect(world.time.now() - failsFrom).toBeLessThanOrEqual(1500);
});

test('slower checks of who is down, where that is configured', () => {
  const world = setUp([endpoint('a')], { health: { ...health, downInterval: 4000 }, result: failed });
  world.time.advance(10_000);
  const before = world.asked.length;
  world.time.advance(8000);
  expect(world.asked.length - before).toBe(2);
});

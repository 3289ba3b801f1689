import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../kernel/endpoint.ts';
import type { Policy } from '../kernel/policy.ts';
import { endpoints, pickRequest } from '../testing/index.ts';
import { PolicyGroups } from './policy-groups.ts';

/** A policy that writes down what it is told, and picks its first member. */
class Recorder implements Policy {
  slots: number[] = [];
  readonly down = new Set<number>();
  readonly outcomes: number[] = [];
  update(members: readonly Endpoint[]) {
    this.slots = members.map(({ slot }) => slot);
  }
  setEligible(slot: number, eligible: boolean) {
    if (eligible) this.down.delete(slot);
    else this.down.add(slot);
  }
  pick() {
    return this.slots[0] ?? -1;
  }
  done(slot: number) {
    this.outcomes.push(slot);
  }
}

function groupsOf() {
  const made: Recorder[] = [];
  const create = () => {
    made.push(new Recorder());
    return made.at(-1)!;
  };
  return { made, groups: new PolicyGroups(create, ({ zone }) => zone ?? '') };
}

const ok = { ok: true, latencyMs: 1 };
const inZones = (...zones: readonly string[]) => endpoints(zones.map((zone) => ({ zone })));

describe('PolicyGroups', () => {
  test('each group has a policy with its members, and one has all', () => {
    const { made, groups } = groupsOf();
    groups.update(inZones('a', 'b', 'a'));
    expect(made.map(({ slots }) => slots)).toEqual([[0, 1, 2], [0, 2], [1]]);
    expect(groups.groups.map(({ name, weight }) => [name, weight])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect([groups.named('b')?.name, groups.named('c'), groups.of(2)?.name, groups.of(9)]).toEqual([
      'b',
      undefined,
      'a',
      undefined,
    ]);
  });

  test('a group keeps its policy while it has members', () => {
    const { made, groups } = groupsOf();
    groups.update(inZones('a', 'b'));
    const { policy } = groups.named('a')!;
    groups.update(inZones('a', 'a'));
    expect(groups.named('a')!.policy).toBe(policy);
    expect(made[2]!.slots).toEqual([]);
    groups.update(inZones('b', 'b'));
    expect(groups.named('b')!.policy).not.toBe(made[2]);
  });

  test('eligible weight follows the verdicts, exactly 0 when there is none', () => {
    const { groups } = groupsOf();
    groups.update(endpoints([0.1, 0.2, 0].map((weight) => ({ zone: 'a', weight }))));
    const group = groups.named('a')!;
    expect([group.eligibleWeight, groups.eligibleCount]).toEqual([0.1 + 0.2, 2]);
    for (const slot of [0, 0, 2, 7]) groups.setEligible(slot, false);
    expect([group.eligibleWeight, groups.eligibleCount]).toEqual([0.1 + 0.2 - 0.1, 1]);
    groups.setEligible(1, false);
    expect([group.eligibleWeight, groups.eligibleCount]).toEqual([0, 0]);
    groups.setEligible(1, true);
    expect(group.eligibleWeight).toBe(0.2);
    groups.update(endpoints([5, 2, 0].map((weight) => ({ zone: 'a', weight }))));
    expect(groups.named('a')).toMatchObject({ weight: 7, eligibleWeight: 2 });
  });

  test('a weight of 0 is no verdict', () => {
    const { made, groups } = groupsOf();
    groups.update(endpoints([{ weight: 0 }, { weight: 1 }]));
    expect([made[0]!.down, made[1]!.down]).toEqual([new Set(), new Set()]);
  });

  test('an endpoint that changes its group brings its verdict along', () => {
    const { made, groups } = groupsOf();
    groups.update(inZones('a', 'b'));
    groups.setEligible(0, false);
    expect([made[0]!.down, made[1]!.down]).toEqual([new Set([0]), new Set([0])]);
    groups.update(inZones('b', 'b'));
    expect(made[2]!.down).toEqual(new Set([0]));
    expect(groups.named('b')!.eligibleWeight).toBe(1);
  });

  test('a policy gets as many outcomes as it made picks', () => {
    const { made, groups } = groupsOf();
    groups.update(inZones('a', 'b'));
    groups.pickTogether(pickRequest(), null);
    groups.pickTogether(pickRequest(), null);
    for (let i = 0; i < 3; i++) groups.done(0, ok);
    groups.done(1, ok);
    expect(made.map(({ outcomes }) => outcomes)).toEqual([[0, 0], [0], [1]]);
  });

  test('an outcome finds the policy of an endpoint that left', () => {
    const { made, groups } = groupsOf();
    groups.update(inZones('a', 'b'));
    groups.update(endpoints([{ slot: 1, zone: 'b' }]));
    groups.done(0, ok);
    expect(made[1]!.outcomes).toEqual([0]);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy, PolicyDeps } from '../../core/kernel/policy.ts';
import { createPolicy, policies } from '../../core/policies/registry.ts';
import { fakeClock } from '../../core/testing/fake-clock.ts';
import { pickRequest } from '../../core/testing/policy-deps.ts';
import { seededRng } from '../../core/testing/rng.ts';
import type { MemberSnapshot } from '../membership/snapshot.ts';
import { strictPolicy } from '../testing/strict-policy.ts';
import { Picker, Tried } from './picker.ts';

const ENDPOINTS = 5;
const addresses = [{ kind: 'tcp', host: '127.0.0.1', port: 1 }] as const;

const states = {
  mode: fc.constantFrom('ready', 'ready', 'draining', 'maintenance'),
  health: fc.constantFrom('up', 'unknown', 'down'),
  addresses: fc.constantFrom(addresses, addresses, []),
} as const;
const endpoint = fc.record({
  key: fc.nat(ENDPOINTS - 1),
  weight: fc.constantFrom(1, 1, 3, 0),
  maxConnections: fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
  ...states,
});
const step = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('snapshot'),
      endpoints: fc.uniqueArray(endpoint, { selector: (e) => e.key }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('change'), key: fc.nat(ENDPOINTS - 1), ...states }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pick'), retry: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('done'), which: fc.nat() }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A picker beside a naive model of it; every step compares the two. */
class Comparison {
  readonly picker: Picker;
  readonly members = new Map<number, MemberSnapshot>();
  readonly underWay: { slot: number; id: string }[] = [];
  readonly tried = new Tried();
  version = 0;
  most = 0;

  constructor(create: (deps: PolicyDeps) => Policy) {
    this.picker = new Picker({ pool: 'p', createPolicy: create, clock: fakeClock(), rng: seededRng(1) });
  }

  run(given: Step): void {
    if (given.do === 'snapshot') this.snapshot(given.endpoints);
    else if (given.do === 'change') this.change(given);
    else if (given.do === 'pick') this.pick(given.retry);
    else this.done(given.which);
    const left = new Set(this.underWay.map((each) => each.id)).size;
    this.most = Math.max(this.most, this.members.size + left);
    for (const { slot, id } of this.underWay) expect(this.picker.endpoint(slot).id).toBe(id);
    for (let slot = 0; slot < 2 * ENDPOINTS; slot++) {
      expect(this.picker.inFlight.of(slot)).toBe(this.underWay.filter((each) => each.slot === slot).length);
    }
  }

  snapshot(endpoints: Extract<Step, { do: 'snapshot' }>['endpoints']): void {
    const next = endpoints.map((each) => ({ ...each, id: `e${each.key}`, backup: each.key % 2 === 1 }));
    this.members.clear();
    for (const each of next) this.members.set(each.key, each);
    this.picker.apply({ kind: 'snapshot', version: ++this.version, endpoints: next });
  }

  change({ key, mode, health, addresses }: Extract<Step, { do: 'change' }>): void {
    const member = this.members.get(key);
    if (member !== undefined) this.members.set(key, { ...member, mode, health, addresses });
    this.picker.apply({ kind: 'change', version: ++this.version, key, mode, health, addresses });
  }

  pick(retry: boolean): void {
    if (!retry) this.tried.clear();
    const eligible = [...this.members.values()].filter(
      (each) => each.mode === 'ready' && each.health !== 'down' && each.weight > 0 && each.addresses.length > 0,
    );
    const free = eligible.filter((each) => !this.isTried(each) && !this.isFull(each));
    const primaries = free.filter((each) => !each.backup);
    const slot = this.picker.pick(pickRequest(), this.tried);
    if (slot < 0) {
      expect(free).toEqual([]);
      expect(this.picker.noneReason(this.tried)).toBe(this.reason(eligible));
      return;
    }
    const { id } = this.picker.endpoint(slot);
    expect((primaries.length > 0 ? primaries : free).map((each) => each.id)).toContain(id);
    this.underWay.push({ slot, id });
    this.tried.add(slot);
  }

  /** By slot, as the picker sees it: an endpoint that came back has another, and a slot another endpoint. */
  slotOf({ id }: MemberSnapshot): number {
    const slots = Array.from({ length: 2 * ENDPOINTS }, (_, slot) => slot);
    return slots.find((slot) => this.picker.isMember(slot) && this.picker.endpoint(slot).id === id) ?? -1;
  }

  isTried(member: MemberSnapshot): boolean {
    return this.tried.has(this.slotOf(member));
  }

  isFull(member: MemberSnapshot): boolean {
    return this.underWay.filter(({ slot }) => slot === this.slotOf(member)).length >= member.maxConnections;
  }

  reason(eligible: readonly MemberSnapshot[]): string {
    if (this.members.size === 0) return 'no-endpoints';
    if (eligible.length === 0) return 'none-eligible';
    return eligible.every((each) => this.isTried(each)) ? 'all-tried' : 'all-at-limit';
  }

  done(which: number): void {
    if (this.underWay.length === 0) return;
    const [ended] = this.underWay.splice(which % this.underWay.length, 1);
    this.picker.done(ended!.slot, { ok: true, latencyMs: 1 });
  }
}

const subjects = [
  { type: 'a strict policy', create: strictPolicy },
  ...policies.types.map((type) => ({ type, create: (deps: PolicyDeps) => createPolicy(type, deps) })),
];

describe('Picker', () => {
  test.each(subjects)('keeps every promise over any sequence of events with $type', ({ create }) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const comparison = new Comparison(create);
        for (const each of steps) comparison.run(each);
        for (const { slot } of comparison.underWay) expect(slot).toBeLessThan(Math.max(1, comparison.most));
      }),
      { numRuns: 150 },
    );
  });
});
